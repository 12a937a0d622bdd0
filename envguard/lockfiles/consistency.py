"""A lock against itself: what no tool writes, and what no tool's own check looks for."""

from __future__ import annotations

from .artifacts import artifact_inconsistencies, unpinned
from .asked import contradictions
from .edges import candidates_of, named
from .formats import by_name as format_named
from .formats import part
from .parts import all_edges, inconsistency, placed_edges
from .reach import broken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .model import Edge, Inconsistency, Lock, LockedPackage

    ByName = Mapping[str, list[LockedPackage]]

_SHOWN = 5


def inconsistencies(lock: Lock) -> tuple[Inconsistency, ...]:
    """Return every place where *lock* contradicts itself."""
    form, by_name = format_named(lock.format), named(lock.packages)
    declared = tuple(part(form, "declared").declared(lock)) if form.declares else ()
    found: list[Inconsistency] = []
    for package in lock.packages:
        found += _duplicates(package, by_name)
        # Where every platform lists what it installs, dependencies are held against each such list.
        if not form.cells:
            found += _edges(package, by_name)
        found += unpinned(lock, package) if form.lists_hashes else ()
    found += artifact_inconsistencies(lock)
    if form.checks:
        found += part(form, "checks").inconsistencies(lock)
    # Where an edge leads nowhere, everything behind it is left over: one finding says it.
    whole = not any(item.kind in ("edge", "duplicate") for item in found)
    found += (item for item in broken(lock, by_name, declared) if whole or item.kind != "orphan")
    return (*found, *contradictions(lock, by_name, declared))


def _duplicates(package: LockedPackage, by_name: ByName) -> Iterator[Inconsistency]:
    for other in by_name[package.name]:
        if other is package:
            return
        # The same entry for another group, platform or environment says something new; a file may repeat what another has.
        if (other.version, other.source, other.conda, other.markers, other.path) == (
            package.version,
            package.source,
            package.conda,
            package.markers,
            package.path,
        ) and (other.when == package.when or not set(other.when).isdisjoint(package.when)):
            yield inconsistency(
                package,
                "duplicate",
                f"{package.name} {package.version or ''}".rstrip() + " is in the lock twice, from the same source",
                expected="one entry",
                found=f"entries {other.index} and {package.index}"
                if package.line is None
                else f"lines {other.line} and {package.line}",
            )
            return


def _edges(package: LockedPackage, by_name: ByName) -> Iterator[Inconsistency]:
    # Nearly every name has one entry, and needs no more than its name; where it is told takes longer to say.
    if any(
        edge.version is not None or edge.source is not None or len(by_name.get(edge.name, ())) != 1
        for edge in all_edges(package)
    ):
        for keys, edge in placed_edges(package):
            yield from _edge(package, keys, edge, by_name)


def _edge(package: LockedPackage, keys: tuple[str | int, ...], edge: Edge, by_name: ByName) -> Iterator[Inconsistency]:
    candidates = candidates_of(edge, by_name)
    forks = len(candidates) > 1 and all(candidate.markers or candidate.when for candidate in candidates)
    if len(candidates) == 1 or forks:
        return
    what = f"{edge.name} {edge.version}" if edge.version else edge.name
    yield inconsistency(
        package,
        "edge",
        f"{package.name} depends on {what}, which leads to "
        + (f"{len(candidates)} entries of the lock" if candidates else "no entry of the lock"),
        keys=keys,
        expected="one entry",
        found=_shown(by_name.get(edge.name, ())),
    )


def _shown(packages: Sequence[LockedPackage]) -> str:
    more = f" and {len(packages) - _SHOWN} more" if len(packages) > _SHOWN else ""
    return ", ".join(f"{other.name} {other.version}" for other in packages[:_SHOWN]) + more or "none of that name"
