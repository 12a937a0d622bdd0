"""What a lock needs to hold together: everything is reached from the project, can be installed, and is what was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .coverage import covered
from .edges import both, candidates_of, possible
from .files import Coverage
from .formats import by_name as format_named
from .formats import part
from .model import Declared, Inconsistency, SourceKind
from .parts import edges_of, inconsistency, placed_edges, roots

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .model import Lock, LockedPackage

    ByName = Mapping[str, list[LockedPackage]]


def broken(lock: Lock, by_name: ByName) -> Iterator[Inconsistency]:
    """Yield what is left over, what cannot be installed anywhere, and what contradicts a requirement."""
    form = format_named(lock.format)
    declared = tuple(part(form, "declared").declared(lock)) if form.declares else ()
    reached = _reached(lock, by_name, declared) if form.whole else None
    coverage = Coverage(lock) if form.lists_files else None
    for package in lock.packages:
        if reached is not None and id(package) not in reached:
            yield _orphan(package)
        elif coverage is not None and package.source.kind is SourceKind.REGISTRY and not coverage.usable(package):
            yield _unusable(package)
    if lock.overrides is not None:
        yield from _contradictions(lock, by_name, declared)


def _reached(lock: Lock, by_name: ByName, declared: tuple[Declared, ...]) -> set[int] | None:
    """Return the identities of the entries that any requirement of the project leads to, whatever its marker.

    None where the lock has no project to begin at.
    """
    todo = roots(lock)
    todo += [package for item in declared if item.root for package in by_name.get(item.edge.name, ())]
    if not todo:
        return None
    found: set[int] = set()
    while todo:
        package = todo.pop()
        if id(package) in found:
            continue
        found.add(id(package))
        for _, edge in edges_of(package):
            todo += candidates_of(edge, by_name)
    return found


def _orphan(package: LockedPackage) -> Inconsistency:
    return inconsistency(
        package,
        "orphan",
        f"{package.name} {package.version or ''}".rstrip() + " is in the lock, and nothing in it requires it",
        expected="a dependency that leads to it",
        found="none",
    )


def _unusable(package: LockedPackage) -> Inconsistency:
    names = [artifact.filename for artifact in package.artifacts]
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return inconsistency(
        package,
        "files",
        f"{package.name} {package.version or ''}".rstrip()
        + " has no file that can be installed anywhere that the lock covers",
        expected="a source archive, or a wheel for one of the locked environments",
        found=", ".join(names[:2]) + more if names else "no file at all",
    )


def _contradictions(lock: Lock, by_name: ByName, declared: tuple[Declared, ...]) -> Iterator[Inconsistency]:
    for package in lock.packages:
        for keys, edge in placed_edges(package):
            asked = Declared(edge=edge, by=f"{package.name} requires", keys=keys)
            yield from _contradiction(lock, by_name, asked, package)
    for item in declared:
        yield from _contradiction(lock, by_name, item, None)


def _contradiction(
    lock: Lock, by_name: ByName, asked: Declared, package: LockedPackage | None
) -> Iterator[Inconsistency]:
    edge = asked.edge
    if not edge.specifier or edge.name in (lock.overrides or ()):
        return
    candidates = candidates_of(edge, by_name)
    # What is not taken from an index was chosen by its source, whatever its version says.
    if any(other.version is None or other.source.kind is not SourceKind.REGISTRY for other in candidates):
        return
    if not candidates or any(_satisfies(other.version or "", edge.specifier) for other in candidates):
        return
    if not possible(both(covered(lock), edge.marker)):
        return
    versions = " or ".join(sorted({other.version or "" for other in candidates}))
    yield Inconsistency(
        kind="requirement",
        subject=edge.name,
        message=f"{asked.by} {edge.name}{edge.specifier}, and the lock has {edge.name} {versions}",
        keys=asked.keys,
        line=package.line if package is not None else None,
        path=package.path if package is not None else None,
        expected=f"{edge.name}{edge.specifier}",
        found=versions,
    )


def _satisfies(version: str, specifier: str) -> bool:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion

    try:
        return SpecifierSet(specifier).contains(version, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        # Neither can be compared; what reads them says what is wrong with them.
        return True
