"""The dependencies that a ``poetry.lock`` writes down, as edges that lead somewhere.

A package is locked with everything that it could ever require: for other versions of Python, for extras that nobody asks
for. What can never apply has no entry in the lock; such a dependency is left out here, and what is left must lead to one.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ...names import normalize
from ..edges import candidates_of
from ..markers import MarkerError
from .requirements import requirements

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ..model import Edge, LockedPackage
    from .tables import LockTable

_NAME = re.compile(r"\s*(?P<name>[A-Za-z0-9._-]+)\s*(?:\[(?P<extras>[^\]]*)\])?")
# Poetry 1 never wrote these into a lock.
_UNSAFE = frozenset(("setuptools", "distribute", "pip", "wheel"))


def edges_of(table: LockTable) -> tuple[tuple[Edge, ...], dict[str, tuple[Edge, ...]]]:
    """Return the dependencies of a package, and those of each of its extras."""
    found = list(requirements(table.table("dependencies")))
    listed = table.table("extras")
    written = {normalize(extra): extra for extra in listed.value}
    extras = {}
    for extra in written:
        names: set[str] = set()
        queue, seen = [extra], {extra}
        while queue:
            current = queue.pop()
            for text in listed.texts(written[current]) if current in written else ():
                match = _NAME.match(text)
                if match is None:
                    raise listed.error(written[current], f"'{text}' is no requirement")
                if normalize(match["name"]) != normalize(table.required("name")):
                    names.add(normalize(match["name"]))
                    continue
                # An extra may take in others of its own package.
                more = {normalize(part.strip()) for part in (match["extras"] or "").split(",")} - seen
                seen |= more
                queue += more
        extras[extra] = tuple(item.edge() for item in found if item.optional and item.name in names)
    return tuple(item.edge() for item in found if not item.optional), extras


def cleared(packages: Sequence[LockedPackage], python: str | None, *, old: bool) -> Iterator[LockedPackage]:
    """Yield *packages* without the dependencies that cannot apply, and with what tells their forks apart.

    *python* is the marker of the versions of Python that the lock is for; *old* is whether the lock has no markers.
    """
    by_name = named(packages)
    asked = {
        (edge.name, extra)
        for package in packages
        for edges in (package.dependencies, *package.extras.values())
        for edge in edges
        for extra in edge.extras
    }
    for package in packages:
        here = both(python, _anywhere(package))

        def keep(edge: Edge, here: str | None = here) -> bool:
            if edge.name in by_name:
                return True
            return not (old and edge.name in _UNSAFE) and possible(both(here, edge.marker))

        yield replace(
            package,
            dependencies=resolved(filter(keep, package.dependencies), by_name),
            extras={
                extra: resolved(
                    (e for e in edges if e.name in by_name or ((package.name, extra) in asked and keep(e))), by_name
                )
                for extra, edges in package.extras.items()
            },
            markers=_fork(package) if len(by_name[package.name]) > 1 else (),
        )


def named(packages: Iterable[LockedPackage]) -> dict[str, list[LockedPackage]]:
    """Return *packages* by name."""
    found: dict[str, list[LockedPackage]] = {}
    for package in packages:
        found.setdefault(package.name, []).append(package)
    return found


def resolved(edges: Iterable[Edge], by_name: Mapping[str, list[LockedPackage]]) -> tuple[Edge, ...]:
    """Return *edges*, with a version where the name is ambiguous and the range that is asked for tells it."""
    return tuple(_resolved(edge, by_name) for edge in edges)


def _resolved(edge: Edge, by_name: Mapping[str, list[LockedPackage]]) -> Edge:
    candidates = candidates_of(edge, by_name)
    if len(candidates) < 2 or not edge.specifier:
        return edge
    fitting = [package for package in candidates if fits(package, edge)]
    return replace(edge, version=fitting[0].version) if len(fitting) == 1 else edge


def fits(package: LockedPackage, edge: Edge) -> bool:
    """Return whether *package* has a version that *edge* asks for; what cannot be compared may be."""
    from packaging.specifiers import SpecifierSet
    from packaging.version import InvalidVersion, Version

    if not edge.specifier or package.version is None:
        return True
    try:
        return SpecifierSet(edge.specifier).contains(Version(package.version), prereleases=True)
    except InvalidVersion:
        return True


def _fork(package: LockedPackage) -> tuple[str, ...]:
    """Return the markers that tell one of several entries of a name from the others; always at least one."""
    if package.when:
        markers = [when.marker for when in package.when]
        return tuple(dict.fromkeys(marker or "python_version >= '0'" for marker in markers))
    own = package.metadata["marker"] if package.metadata is not None else None
    return (own or "python_version >= '0'",)


def _anywhere(package: LockedPackage) -> str | None:
    """Return the marker that holds wherever *package* is installed, None where that is everywhere."""
    markers = [when.marker for when in package.when]
    return " or ".join(f"({marker})" for marker in markers) if markers and None not in markers else None


def both(one: str | None, other: str | None) -> str | None:
    """Return the marker that holds where both do; None holds everywhere."""
    return f"({one}) and ({other})" if one and other else one or other


def possible(marker: str | None) -> bool:
    """Return whether *marker* holds in any environment, with whatever extras; where that cannot be told, it may."""
    from ..uv.equivalence import grid
    from ..uv.ranges import EVERYTHING

    if marker is None:
        return True
    try:
        return bool(grid(frozenset((marker,)), EVERYTHING).truth(marker))
    except MarkerError:
        return True
