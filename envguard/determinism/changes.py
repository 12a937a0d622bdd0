"""What has changed since the last look at a run: was anything reseeded, flipped, overwritten, loaded since?

Trainers do: one reseeds in its constructor and again before training, another writes its own cuBLAS workspace over the user's.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..errors import BrokenSealError
from ..values import dataclass
from .lateness import NOT_SET
from .libraries import looks
from .moved import moved
from .seal import libraries, variables

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .seal import Seal

GENERATOR, SWITCH, VARIABLE, LIBRARY, CANARY = "generator", "switch", "variable", "library", "canary"
_WHY = {
    GENERATOR: "whatever is drawn from now on is not what the seed of the run gives",
    SWITCH: "kernels and precision follow it, and so do the bits",
    VARIABLE: "libraries that have read it go on with the old value, those that come later and child processes with the new one",
    LIBRARY: "what computes from now on was not there before",
    CANARY: "what computes here is not what computed before: other threads, another code path, a library that came, a device that fails",
}
_NOT_THERE = "not there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is not as it was: its *kind* (``generator``, ``switch``, ``variable``, ``library``, ``canary``), its *name*, and
    what is to be said of it; *before* and *now* in text.

    *certain* is False where it may be harmless: a library that was loaded since, a generator of which nobody can tell.
    """  # noqa: D205 - the fields belong together

    kind: str
    name: str
    before: str
    now: str
    told: str
    certain: bool = True

    def __str__(self) -> str:
        return f"{self.told}\n  why: {_WHY[self.kind]}"


def compare(seal: Seal) -> tuple[Change, ...]:
    """Return what is not as it was at the last look."""
    return (*_generators(seal), *_switches(seal), *_variables(seal), *_loaded(seal))


def _generators(seal: Seal) -> Iterable[Change]:
    for name, now in looks().items():
        if name not in seal.generators:
            continue  # a device that came up since: seeded when it was, and nothing to compare with
        elsewhere, how = moved(name, seal.generators[name], now)
        if elsewhere is not False:
            certain = elsewhere is True
            told = (
                f"the generator of {name} was put elsewhere: {how}"
                if certain
                else f"of the generator of {name} nobody can tell: {how}"
            )
            yield Change(kind=GENERATOR, name=name, before="", now=how, told=told, certain=certain)


def _switches(seal: Seal) -> Iterable[Change]:
    for knob in seal.switches.knobs():
        before = seal.values.get(knob.name)
        if before is None and knob.name in seal.switches.state:
            before = seal.switches.state[knob.name].found
        now = str(knob.value())
        if before is not None and now != before:
            yield Change(
                kind=SWITCH, name=knob.name, before=before, now=now, told=f"{knob.name} is {now}, and was {before}"
            )


def _variables(seal: Seal) -> Iterable[Change]:
    now = variables()
    for name in sorted(seal.variables.keys() | now.keys()):
        old, new = seal.variables.get(name), now.get(name)
        if old != new:
            before, after = _word(old), _word(new)
            yield Change(
                kind=VARIABLE, name=name, before=before, now=after, told=f"{name} is {after}, and was {before}"
            )


def _loaded(seal: Seal) -> Iterable[Change]:
    if seal.libraries is None:
        return
    for path in sorted(libraries() - seal.libraries):
        name = os.path.basename(path)
        told = f"{name} was loaded: {path}"
        yield Change(kind=LIBRARY, name=name, before=_NOT_THERE, now=path, told=told, certain=False)


def broken(changes: Iterable[Change]) -> BrokenSealError:
    """Return the error that says what of *changes* is certain."""
    certain = tuple(change for change in changes if change.certain)
    text = "\n".join(map(str, certain))
    hint = "hint: find who does it, or call run.seal() after it where it is wanted; run.verify(strict=False) only tells"
    return BrokenSealError(f"{text}\n{hint}", certain)


def _word(value: str | None) -> str:
    return NOT_SET if value is None else f"'{value}'"
