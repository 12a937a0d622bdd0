"""Whether two lists of requirements ask for the same, name by name.

As in uv, the requirements of one place (a project, an extra, a group) on one name count together: in every environment the
clauses of those that hold there add up, and so do their extras.
"""

from __future__ import annotations

from ...values import dataclass
from .equivalence import grid
from .specifiers import Samples

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .equivalence import Grid, Truth
    from .origins import Origin
    from .ranges import Bounds
    from .requirements import Requirement


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The requirements on one name, of one extra, that differ: those of *now* and those of *before*."""

    name: str
    extra: str | None
    now: tuple[Requirement, ...]
    before: tuple[Requirement, ...]


def differences(now: Sequence[Requirement], before: Sequence[Requirement], inside: Bounds) -> Iterator[Difference]:
    """Yield where two lists of requirements differ, by name and extra.

    Raises MarkerError where markers cannot be compared.
    """
    groups: dict[tuple[str, str], tuple[list[Requirement], list[Requirement]]] = {}
    for side, items in enumerate((now, before)):
        for item in items:
            groups.setdefault((item.name, item.extra or ""), ([], []))[side].append(item)
    for (name, extra), (new, old) in sorted(groups.items()):
        if not same(new, old, inside):
            yield Difference(name=name, extra=extra or None, now=tuple(new), before=tuple(old))


def same(now: Sequence[Requirement], before: Sequence[Requirement], inside: Bounds) -> bool:
    """Return whether two lists of requirements on one name ask for the same in every environment inside *inside*."""
    if not now or not before:
        # What can never hold is a requirement, too.
        return not now and not before
    if {_identity(item) for item in now} == {_identity(item) for item in before}:
        return True
    environments = grid(frozenset(item.marker for item in (*now, *before) if item.marker is not None), inside)
    samples = Samples(item.specifier for item in (*now, *before))
    return _asked(now, environments, samples) == _asked(before, environments, samples)


def _identity(item: Requirement) -> tuple[object, ...]:
    return item.extras, item.specifier, item.origin, item.marker


def _asked(items: Sequence[Requirement], environments: Grid, samples: Samples) -> tuple[object, object]:
    """Return what *items* ask for from each origin, in each of *environments*, and what is asked for in none."""
    holding: dict[Origin, list[tuple[Truth, Requirement]]] = {}
    for item in items:
        holding.setdefault(item.origin, []).append((environments.truth(item.marker), item))
    found: dict[tuple[int, Origin], object] = {}
    idle = set()
    for origin, pairs in holding.items():
        live = {(item.extras, item.specifier) for truth, item in pairs if truth}
        for truth, item in pairs:
            # uv keeps what can never hold, unless it says the same as something that can.
            if not truth and (item.extras, item.specifier) not in live:
                idle.add((origin, item.extras, samples.accepted(item.specifier)))
        for number in frozenset[int]().union(*(truth for truth, _ in pairs)):
            here = [item for truth, item in pairs if number in truth]
            extras = frozenset[str]().union(*(item.extras for item in here))
            clauses = frozenset[str]().union(*(item.specifier for item in here))
            found[number, origin] = extras, samples.accepted(clauses)
    return found, idle
