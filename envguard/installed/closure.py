"""What an installed distribution needs, by the requirements that it and its needs declare."""

from __future__ import annotations

from ..names import normalize

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .model import Inventory


def requirement_closure(inventory: Inventory, name: str, markers: Mapping[str, str]) -> frozenset[str]:
    """Return the normal names of *name* and of everything that it needs, transitively, where *markers* hold.

    Extras that a requirement asks for are followed. A requirement that cannot be read names nothing. Where *name* is
    not installed, nothing is known of its needs and it stands alone.
    """
    requires: dict[str, tuple[str, ...]] = {}
    for item in inventory.distributions:
        requires.setdefault(item.name, item.requires)
    start = (normalize(name), "")
    seen = {start}
    todo = [start]
    while todo:
        package, extra = todo.pop()
        for needed in _needed(requires.get(package, ()), extra, markers):
            if needed not in seen:
                seen.add(needed)
                todo.append(needed)
    return frozenset(package for package, _ in seen)


def _needed(requires: tuple[str, ...], extra: str, markers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if not requires:
        return
    from packaging.requirements import Requirement

    environment = {**markers, "extra": extra}
    for line in requires:
        try:
            requirement = Requirement(line)
            if requirement.marker is not None and not requirement.marker.evaluate(environment):
                continue
        except ValueError:  # the root of all that packaging raises for what it cannot read or compare
            continue
        target = normalize(requirement.name)
        yield target, ""
        yield from ((target, normalize(wanted)) for wanted in requirement.extras)
