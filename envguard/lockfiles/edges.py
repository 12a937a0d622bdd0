"""What a dependency in a lock leads to.

Some tools lock a package with everything that it could ever require: for other versions of Python, for extras that nobody
asks for. What can never apply has no entry in such a lock; ``cleared`` leaves those dependencies out, and what is left must
lead to an entry.
"""

from __future__ import annotations

from .. import pep440
from ..values import replace
from .markers import MarkerError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .model import Edge, LockedPackage

_ANYWHERE = "python_version >= '0'"


def candidates_of(edge: Edge, by_name: Mapping[str, list[LockedPackage]]) -> list[LockedPackage]:
    """Return the packages that *edge* can mean: those of its name, version and source."""
    return [
        package
        for package in by_name.get(edge.name, ())
        if edge.version in (None, package.version) and edge.source in (None, package.source)
    ]


def cleared(
    packages: Sequence[LockedPackage],
    python: str | None,
    *,
    never: frozenset[str] = frozenset(),
    wanted: Iterable[tuple[str, str]] = (),
) -> Iterator[LockedPackage]:
    """Yield *packages* without the dependencies that cannot apply, and with what tells their forks apart.

    *python* is the marker of the versions of Python that the lock is for; *never* are names that the tool writes into no lock;
    *wanted* are the extras, each with its package, that the project itself asks for.
    """
    by_name = named(packages)
    asked = set(wanted) | {
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
            return edge.name not in never and possible(both(here, edge.marker))

        dependencies = resolved(filter(keep, package.dependencies), by_name)
        extras = {
            extra: resolved(
                (e for e in edges if e.name in by_name or ((package.name, extra) in asked and keep(e))), by_name
            )
            for extra, edges in package.extras.items()
        }
        markers = package.markers or _fork(package) if len(by_name[package.name]) > 1 else ()
        same = (dependencies, extras, markers) == (package.dependencies, package.extras, package.markers)
        yield package if same else replace(package, dependencies=dependencies, extras=extras, markers=markers)


def named(packages: Iterable[LockedPackage]) -> dict[str, list[LockedPackage]]:
    """Return *packages* by name."""
    found: dict[str, list[LockedPackage]] = {}
    for package in packages:
        found.setdefault(package.name, []).append(package)
    return found


def left_over(locked: Mapping[str, list[LockedPackage]], asked: Iterable[str]) -> list[str]:
    """Return the names in *locked* that nothing *asked* for leads to, those alone that nothing else left over leads to."""
    leads = {
        name: {
            edge.name
            for package in entries
            for edges in (package.dependencies, *package.extras.values())
            for edge in edges
        }
        for name, entries in locked.items()
    }
    queue = list(asked)
    reached: set[str] = set()
    while queue:
        name = queue.pop()
        if name not in reached:
            reached.add(name)
            queue += leads.get(name, ())
    rest = locked.keys() - reached
    below = {target for name in rest for target in leads[name] if target != name}
    return sorted(rest - below)


def resolved(edges: Iterable[Edge], by_name: Mapping[str, list[LockedPackage]]) -> tuple[Edge, ...]:
    """Return *edges*, with a version where the name is ambiguous and the range that is asked for tells it."""
    return tuple(_resolved(edge, by_name) for edge in edges)


def _resolved(edge: Edge, by_name: Mapping[str, list[LockedPackage]]) -> Edge:
    if len(by_name.get(edge.name, ())) < 2:
        return edge
    candidates = candidates_of(edge, by_name)
    if len(candidates) < 2 or not edge.specifier:
        return edge
    fitting = [package for package in candidates if fits(package, edge)]
    return replace(edge, version=fitting[0].version) if len(fitting) == 1 else edge


def fits(package: LockedPackage, edge: Edge) -> bool:
    """Return whether *package* has a version that *edge* asks for; what cannot be compared may be."""
    if not edge.specifier or package.version is None:
        return True
    try:
        return pep440.contains(edge.specifier, package.version)
    except ValueError:
        return True


def _fork(package: LockedPackage) -> tuple[str, ...]:
    """Return the markers that tell one of several entries of a name from the others; always at least one."""
    if package.when:
        markers = [when.marker for when in package.when]
        return tuple(dict.fromkeys(marker or _ANYWHERE for marker in markers))
    own = package.metadata["marker"] if package.metadata is not None else None
    return (own or _ANYWHERE,)


def _anywhere(package: LockedPackage) -> str | None:
    """Return the marker that holds wherever *package* is installed, None where that is everywhere."""
    markers = [when.marker for when in package.when]
    return " or ".join(f"({marker})" for marker in markers) if markers and None not in markers else None


def both(one: str | None, other: str | None) -> str | None:
    """Return the marker that holds where both do; None holds everywhere."""
    return f"({one}) and ({other})" if one and other else one or other


def possible(marker: str | None) -> bool:
    """Return whether *marker* holds in any environment, with whatever extras; where that cannot be told, it may."""
    from .uv.equivalence import grid
    from .uv.ranges import EVERYTHING

    if marker is None:
        return True
    try:
        return bool(grid(frozenset((marker,)), EVERYTHING).truth(marker))
    except MarkerError:
        return True
