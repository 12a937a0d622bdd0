"""What a lock needs to hold together: everything is reached from the project, can be installed, and is what was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..names import normalize
from .diff.ways import edges_of
from .edges import candidates_of
from .files import Coverage
from .model import Inconsistency, SourceKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .model import Edge, Lock, LockedPackage

    ByName = Mapping[str, list[LockedPackage]]

_LOCAL = (SourceKind.EDITABLE, SourceKind.VIRTUAL, SourceKind.DIRECTORY)
# The formats that list every file of a package by its name.
_LISTS_FILES = frozenset(("uv", "poetry", "pdm", "pylock"))
# A pdm.lock does not tell which requirements the project overrides.
_TELLS_OVERRIDES = frozenset(("uv", "poetry"))


def broken(lock: Lock, by_name: ByName) -> Iterator[Inconsistency]:
    """Yield what is left over, what cannot be installed anywhere, and what contradicts a requirement."""
    reached = _reached(lock, by_name) if lock.format == "uv" else None
    coverage = Coverage(lock)
    for package in lock.packages:
        if reached is not None and package.index not in reached:
            yield _orphan(package)
        elif (
            lock.format in _LISTS_FILES and package.source.kind is SourceKind.REGISTRY and not coverage.usable(package)
        ):
            yield _unusable(package)
        if lock.format in _TELLS_OVERRIDES:
            yield from _contradictions(lock, package, by_name)


def _reached(lock: Lock, by_name: ByName) -> set[int] | None:
    """Return the indexes of the entries that any requirement of the project leads to, whatever its marker.

    None where the lock has no project to begin at.
    """
    members = set(lock.members)
    todo = [
        package
        for package in lock.packages
        if package.source.kind in _LOCAL and (package.name in members or package.source.location == ".")
    ]
    todo += [package for name in _manifest_names(lock.manifest) for package in by_name.get(name, ())]
    if not todo:
        return None
    found: set[int] = set()
    while todo:
        package = todo.pop()
        if package.index in found:
            continue
        found.add(package.index)
        for _, edge in edges_of(package):
            todo += candidates_of(edge, by_name)
    return found


def _manifest_names(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield what ``[manifest]`` of a uv.lock requires: that of a script, or of a root without ``[project]``."""
    groups = manifest.get("dependency-groups", {})
    lists = [manifest.get("requirements", []), *(groups.values() if isinstance(groups, dict) else ())]
    for items in lists:
        for item in items if isinstance(items, list) else ():
            if isinstance(item, dict) and isinstance(item.get("name"), str):
                yield normalize(item["name"])


def _orphan(package: LockedPackage) -> Inconsistency:
    return Inconsistency(
        kind="orphan",
        subject=package.name,
        message=f"{package.name} {package.version or ''}".rstrip() + " is in the lock, and nothing in it requires it",
        keys=package.route,
        line=package.line,
        path=package.path,
        expected="a dependency that leads to it",
        found="none",
    )


def _unusable(package: LockedPackage) -> Inconsistency:
    names = [artifact.filename for artifact in package.artifacts]
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return Inconsistency(
        kind="files",
        subject=package.name,
        message=f"{package.name} {package.version or ''}".rstrip()
        + " has no file that can be installed anywhere that the lock covers",
        keys=package.route,
        line=package.line,
        path=package.path,
        expected="a source archive, or a wheel for one of the locked environments",
        found=", ".join(names[:2]) + more if names else "no file at all",
    )


def _contradictions(lock: Lock, package: LockedPackage, by_name: ByName) -> Iterator[Inconsistency]:
    overridden = _overridden(lock)
    for keys, edge in _required(package):
        if edge.specifier is None or edge.name in overridden:
            continue
        candidates = candidates_of(edge, by_name)
        # What is not taken from an index was chosen by its source, whatever its version says.
        if any(other.version is None or other.source.kind is not SourceKind.REGISTRY for other in candidates):
            continue
        if candidates and not any(_satisfies(other.version or "", edge.specifier) for other in candidates):
            versions = " or ".join(sorted({other.version or "" for other in candidates}))
            yield Inconsistency(
                kind="requirement",
                subject=edge.name,
                message=f"{package.name} requires {edge.name}{edge.specifier}, and the lock has {edge.name} {versions}",
                keys=keys,
                line=package.line,
                path=package.path,
                expected=f"{edge.name}{edge.specifier}",
                found=versions,
            )


def _overridden(lock: Lock) -> frozenset[str]:
    items = lock.manifest.get("overrides", [])
    return frozenset(
        normalize(item["name"])
        for item in (items if isinstance(items, list) else ())
        if isinstance(item, dict) and isinstance(item.get("name"), str)
    )


def _required(package: LockedPackage) -> Iterator[tuple[tuple[str | int, ...], Edge]]:
    """Yield what *package* requires with the ranges that the lock tells: on its edges, or as a member declared them."""
    from .model import Edge

    for number, edge in enumerate(package.dependencies):
        yield (*package.route, "dependencies", number), edge
    for key in ("requires-dist", "requires-dev"):
        declared = (package.metadata or {}).get(key, [])
        lists = declared.items() if isinstance(declared, dict) else [(None, declared)]
        for group, items in lists:
            for number, item in enumerate(items if isinstance(items, list) else ()):
                if not isinstance(item, dict) or not isinstance(item.get("name"), str):
                    continue
                specifier = item.get("specifier")
                place = (*package.route, "metadata", key, *(() if group is None else (group,)), number)
                if isinstance(specifier, str):
                    yield place, Edge(name=normalize(item["name"]), specifier=specifier)


def _satisfies(version: str, specifier: str) -> bool:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion

    try:
        return SpecifierSet(specifier).contains(version, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        # Neither can be compared; what reads them says what is wrong with them.
        return True
