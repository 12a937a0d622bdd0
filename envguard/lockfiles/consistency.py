"""A lock against itself: what no tool writes, and what no tool's own check looks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..names import normalize
from .edges import candidates_of
from .model import Inconsistency, SourceKind
from .reach import broken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .model import Artifact, Edge, Lock, LockedPackage

_STRONG = ("sha256:", "sha384:", "sha512:", "blake2b:")
_HASH_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128, "blake2b": 128}
_ARCHIVES = (".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".tar.zst", ".tar", ".tbz", ".txz", ".tlz", ".tar.lz")


def inconsistencies(lock: Lock) -> tuple[Inconsistency, ...]:
    """Return every place where *lock* contradicts itself."""
    by_name: dict[str, list[LockedPackage]] = {}
    for package in lock.packages:
        by_name.setdefault(package.name, []).append(package)
    found: list[Inconsistency] = []
    for package in lock.packages:
        found += _duplicates(package, by_name)
        for keys, edge in _edges(package):
            found += _edge(package, keys, edge, by_name)
        for artifact, keys in _artifacts(package):
            found += _artifact(package, artifact, keys)
            found += _hash(package, artifact, keys)
    # Where an edge leads nowhere, everything behind it is left over: one finding says it.
    whole = not any(item.kind in ("edge", "duplicate") for item in found)
    return (*found, *(item for item in broken(lock, by_name) if whole or item.kind != "orphan"))


def _duplicates(package: LockedPackage, by_name: dict[str, list[LockedPackage]]) -> Iterator[Inconsistency]:
    for other in by_name[package.name]:
        if other.index < package.index and (other.version, other.source) == (package.version, package.source):
            yield Inconsistency(
                kind="duplicate",
                subject=package.name,
                message=f"{package.name} {package.version or ''}".rstrip()
                + " is in the lock twice, from the same source",
                keys=("package", package.index),
                expected="one entry",
                found=f"entries {other.index} and {package.index}",
            )


def _edges(package: LockedPackage) -> Iterator[tuple[tuple[str | int, ...], Edge]]:
    place = ("package", package.index)
    for number, edge in enumerate(package.dependencies):
        yield (*place, "dependencies", number), edge
    for key, tables in (("optional-dependencies", package.extras), ("dev-dependencies", package.groups)):
        for name, edges in tables.items():
            for number, edge in enumerate(edges):
                yield (*place, key, name, number), edge


def _edge(
    package: LockedPackage, keys: tuple[str | int, ...], edge: Edge, by_name: dict[str, list[LockedPackage]]
) -> Iterator[Inconsistency]:
    candidates = candidates_of(edge, by_name)
    forks = len(candidates) > 1 and all(candidate.markers for candidate in candidates)
    if len(candidates) == 1 or forks:
        return
    what = f"{edge.name} {edge.version}" if edge.version else edge.name
    yield Inconsistency(
        kind="edge",
        subject=package.name,
        message=f"{package.name} depends on {what}, which leads to "
        + (f"{len(candidates)} entries of the lock" if candidates else "no entry of the lock"),
        keys=keys,
        expected="one entry",
        found=", ".join(f"{other.name} {other.version}" for other in by_name.get(edge.name, ())) or "none of that name",
    )


def _artifacts(package: LockedPackage) -> Iterator[tuple[Artifact, tuple[str | int, ...]]]:
    place = ("package", package.index)
    wheels = 0
    for artifact in package.artifacts:
        if artifact.wheel:
            yield artifact, (*place, "wheels", wheels)
            wheels += 1
        else:
            yield artifact, (*place, "sdist")


def _artifact(package: LockedPackage, artifact: Artifact, keys: tuple[str | int, ...]) -> Iterator[Inconsistency]:
    if not artifact.filename or package.version is None or package.source.kind is SourceKind.URL:
        return
    named = _wheel_name(artifact.filename) if artifact.wheel else _sdist_name(artifact.filename, package)
    if named is None:
        return
    name, version = named
    if name == package.name and _same_version(version, package.version):
        return
    yield Inconsistency(
        kind="artifact",
        subject=package.name,
        message=f"{package.name} {package.version} lists {artifact.filename}, a file of {name} {version}",
        keys=keys,
        expected=f"a file of {package.name} {package.version}",
        found=artifact.filename,
    )


def _wheel_name(filename: str) -> tuple[str, str] | None:
    parts = filename.removesuffix(".whl").split("-")
    return (normalize(parts[0]), parts[1].replace("_", "-")) if len(parts) >= 5 else None


def _sdist_name(filename: str, package: LockedPackage) -> tuple[str, str] | None:
    """Return name and version of a source archive; None where the old, ambiguous spelling does not tell them."""
    stem = next((filename.removesuffix(end) for end in _ARCHIVES if filename.lower().endswith(end)), None)
    if stem is None:
        return None
    for cut, character in enumerate(stem):
        if character == "-" and normalize(stem[:cut]) == package.name:
            return package.name, stem[cut + 1 :]
    name, _, version = stem.rpartition("-")
    return (normalize(name), version) if name else None


def _same_version(one: str, other: str) -> bool:
    if one == other:
        return True
    from packaging.version import InvalidVersion, Version

    try:
        return Version(one.replace("-", "+", 1) if "+" in other else one) == Version(other) or Version(one) == Version(
            other
        )
    except InvalidVersion:
        # Archives of before PEP 440 cannot be compared, and uv does not compare them either.
        return True


def _hash(package: LockedPackage, artifact: Artifact, keys: tuple[str | int, ...]) -> Iterator[Inconsistency]:
    if artifact.hash is None:
        remote = artifact.location is not None and "://" in artifact.location
        must = package.source.kind in (SourceKind.URL, SourceKind.PATH)
        if must or (remote and _others_have_hashes(package)):
            yield _hash_finding(package, keys, f"{artifact.filename or package.name} has no hash", "none")
        return
    algorithm, _, digest = artifact.hash.partition(":")
    if not artifact.hash.startswith(_STRONG):
        message = f"{artifact.filename or package.name} has a hash that can be forged: {algorithm}"
        yield _hash_finding(package, keys, message, algorithm)
    elif len(digest) != _HASH_LENGTHS[algorithm] or not set(digest) <= set("0123456789abcdef"):
        message = f"{artifact.filename or package.name} has a hash that is none: {artifact.hash[:80]}"
        yield _hash_finding(package, keys, message, artifact.hash[:80])


def _others_have_hashes(package: LockedPackage) -> bool:
    # An index that offers no hashes is locked without them; a hash that was removed stands among others that were not.
    return any(other.hash is not None for other in package.artifacts)


def _hash_finding(package: LockedPackage, keys: tuple[str | int, ...], message: str, found: str) -> Inconsistency:
    return Inconsistency(
        kind="hash",
        subject=package.name,
        message=message,
        keys=keys,
        expected="sha256 or stronger",
        found=found,
    )
