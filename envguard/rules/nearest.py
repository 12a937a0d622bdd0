"""Which of the recorded machines an observation is compared with: the one that is named, else the nearest; and why that one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..amounts import plural
from ..model import Level, Severity, Unknown
from ..values import dataclass
from .comparison import differences, gravity, one_sided

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..baseline import Machine
    from ..model import Fact, Severities

_SHOWN = 4
# What a machine is, before what is installed on it; what is left can be set where a run is started.
_KINDS = (("nvidia.", "amd.", "intel.", "apple.", "cpu.", "platform."), ("torch.", "library.", "interpreter."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """How far an observation is from a recorded machine at one level.

    *differing* facts are known to differ and stand in the way of the level, *untold* ones cannot be compared and do. *order*
    sorts the nearest first: by how many facts are errors at the level, those of the hardware before those of the software, and
    both before what anybody can set (threads, variables); then by warnings, then by notes; then likewise at the levels that
    are stricter, so that of two machines that are equal at a loose level the more alike is nearer.
    """

    differing: int
    untold: int
    order: tuple[int, ...]

    @property
    def fits(self) -> bool:
        """Whether nothing stands in the way of the level."""
        return not self.differing and not self.untold

    def __str__(self) -> str:
        differing = f"{plural(self.differing, 'fact')} {'differs' if self.differing == 1 else 'differ'}"
        if not self.untold:
            return differing
        untold = f"{self.untold if self.differing else plural(self.untold, 'fact')} cannot be compared"
        return f"{differing} and {untold}" if self.differing else untold


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The recorded machine that is compared with: its *name*, whether it *fits*, and *why* it was chosen, in words.

    *others* says in words how far each machine is where none fits and there are several, None otherwise.
    """

    name: str
    fits: bool
    why: str | None = None
    others: str | None = None


def distance(machine: Machine, observed: Mapping[str, Fact], level: Level) -> Distance:
    """Return how far *observed* is from a recorded *machine* at *level*."""
    seen = list(_standing(machine, observed))
    order: list[int] = []
    for each in (level, *_stricter(level)):
        grades = [(severities.at(each), _kind(key)) for key, severities, _ in seen]
        order += [grades.count((Severity.ERROR, kind)) for kind in range(len(_KINDS) + 1)]
        order += [sum(grade is less for grade, _ in grades) for less in (Severity.WARNING, Severity.NOTE)]
    blocking = [untold for _, severities, untold in seen if severities.at(level) is Severity.ERROR]
    return Distance(differing=blocking.count(False), untold=blocking.count(True), order=tuple(order))


def choose(
    machines: Mapping[str, Machine], observed: Mapping[str, Fact], level: Level, named: str | None = None
) -> Choice:
    """Return which of *machines*, of which there is one at least, to compare with, at *level*: *named*, else the nearest.

    Of machines that are equally near it is the one whose name comes first.
    """
    far = {name: distance(machine, observed, level) for name, machine in sorted(machines.items())}
    fitting = [name for name, there in far.items() if there.fits]
    if named is not None:
        return Choice(name=named, fits=far[named].fits, why=_named(far, named, fitting))
    name = min(far, key=lambda candidate: far[candidate].order)
    if fitting:
        why = f"the nearest of {len(fitting)} that fit" if len(fitting) > 1 else f"the one of {len(far)} that fits"
        return Choice(name=name, fits=True, why=why if len(far) > 1 else None)
    if len(far) == 1:
        return Choice(name=name, fits=False, why=f"the only one, and it does not fit: {far[name]}")
    ranked = sorted(far, key=lambda candidate: far[candidate].order)
    more = f" and {len(ranked) - _SHOWN} more" if len(ranked) > _SHOWN else ""
    return Choice(
        name=name,
        fits=False,
        why=f"the nearest of {len(far)}, none of which fits: {far[name]}",
        others="; ".join(f"{candidate}: {far[candidate]}" for candidate in ranked[:_SHOWN]) + more,
    )


def _named(far: Mapping[str, Distance], named: str, fitting: list[str]) -> str:
    if far[named].fits:
        return "as named"
    other = f"; {', '.join(fitting[:_SHOWN])} would fit" if fitting else ""
    return f"as named, and it does not fit: {far[named]}{other}"


def _standing(machine: Machine, observed: Mapping[str, Fact]) -> Iterator[tuple[str, Severities, bool]]:
    """Yield each fact that is not known to be equal, how grave that is, and whether it cannot be compared."""
    for item in differences(machine.facts, observed):
        yield item.key, item.severities, isinstance(item.old, Unknown) or isinstance(item.new, Unknown)
    alone = one_sided(machine.facts, observed)
    for key in (*alone.unknown_here, *alone.unrecorded):
        yield key, gravity(key), True


def _kind(key: str) -> int:
    return next((number for number, kind in enumerate(_KINDS) if key.startswith(kind)), len(_KINDS))


def _stricter(level: Level) -> list[Level]:
    """Return the levels above *level*, the nearest first."""
    every = list(Level)
    return every[: every.index(level)][::-1]
