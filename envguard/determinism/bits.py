"""The numeric canaries of a run, run again when ``run.verify(canaries=True)`` asks: does this process still compute the same bits?

What they are compared with is the last look that ``seal`` or ``verify`` was asked for; else what the start of the run gave; else, of what
was not run then (the GPU, where CUDA came up later), what was recorded. What there is none of becomes the first look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..canaries import SCHEME
from ..canaries.live import live
from ..canaries.model import NONE, families, gave, group_of, title
from ..model import UNKNOWN, fact_text
from .changes import CANARY, Change

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Bits = dict[str, str]


def look() -> Bits:
    """Return what the canaries of the libraries that are loaded say now, those on the GPU where CUDA is up, by key."""
    return dict(live().digests)


def of_start(answer: Mapping[str, Any]) -> tuple[Bits, Bits]:
    """Return what the canaries said when the run began, as *answer*, that of its check, knows it; and what is recorded of the others."""
    told = answer["observed"].get("canaries")
    if not told or told["scheme"] != SCHEME:
        return {}, {}
    began = {key: fact_text(value) for key, value in gave(told).items()}
    idle: Bits = {}
    for name, group in told["groups"].items():
        if group["not-run"] is not None:
            idle |= {
                key: value
                for key, value in told["recorded"].items()
                if group_of(key) == name and value != NONE and not value.startswith(UNKNOWN)
            }
    return began, idle


def compare(before: Bits, answer: Mapping[str, Any], now: Bits) -> Iterator[Change]:
    """Yield what of *now* is not as the last look, *before*, had it, or else the start of the run, or the record."""
    began, recorded = of_start(answer)
    groups: dict[str, dict[str, list[str]]] = {}
    for key, value in sorted(now.items()):
        name = group_of(key)
        found = groups.setdefault(name, {})
        then = next((known[key] for known in (before, began, recorded) if key in known), None)
        if value == NONE and then in (None, NONE):
            continue
        if value.startswith(UNKNOWN) or (then or "").startswith(UNKNOWN):
            reason = (value if value.startswith(UNKNOWN) else str(then)).removeprefix(UNKNOWN)
            found.setdefault(reason, []).append(key)
        elif then is None:
            found.setdefault(_FIRST, []).append(key)
        elif then != value:
            found.setdefault(_OTHER, []).append(key)
    for name, found in groups.items():
        for what, keys in found.items():
            yield _change(name, what, [key.removeprefix(name).lstrip(".") for key in keys])


_FIRST, _OTHER = "first", "other"


def _change(name: str, what: str, names: list[str]) -> Change:
    of = f"{title(name)}{f' in {families(names)}' if all(names) else ''}"
    if what == _OTHER:
        told = f"{title(name)} computes other bits than before: {families(names)}"
        return Change(kind=CANARY, name=name, before="", now=families(names), told=told)
    if what == _FIRST:
        told = (
            f"the canaries of {title(name)} were run for the first time: {len(names)} that nothing can be compared with"
        )
    else:
        told = f"of the canaries of {of} nobody can tell: {what}"
    return Change(kind=CANARY, name=name, before="", now="", told=told, certain=False)
