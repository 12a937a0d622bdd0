"""The files that a lock lists: are their names those of the entry, are their hashes there, and worth anything?

And where a tool lists hashes for everything, whatever has none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..names import normalize
from .coverage import covered
from .edges import both, possible
from .model import SourceKind
from .parts import file_route, inconsistency

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .model import Artifact, Inconsistency, Lock, LockedPackage

    Keys = tuple[str | int, ...]

_DASHES = 4
_SHA256 = re.compile("sha256:[0-9a-f]{64}")
_STRONG = ("sha256:", "sha384:", "sha512:", "blake2b:")
_HASH_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128, "blake2b": 128}
_ARCHIVES = (".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".tar.zst", ".tar", ".tbz", ".txz", ".tlz", ".tar.lz")


def artifact_inconsistencies(package: LockedPackage) -> Iterator[Inconsistency]:
    """Yield the files of *package* that are of another package, and those without a hash that holds."""
    known: set[str] = set()
    wheels = 0
    for number, artifact in enumerate(package.artifacts):
        # Nearly every file has a strong hash, and begins like another that is known to be one of this package.
        begin = "-".join(artifact.filename.split("-", 2)[:2]) if artifact.filename.count("-") >= _DASHES else ""
        sound = artifact.hash is not None and _SHA256.fullmatch(artifact.hash) is not None
        before, wheels = wheels, wheels + artifact.wheel
        if sound and artifact.wheel and begin in known:
            continue
        keys = file_route(package, number, before)
        misnamed = tuple(_name(package, artifact, keys))
        if artifact.wheel and begin and not misnamed:
            known.add(begin)
        yield from misnamed
        yield from _hash(package, artifact, keys)


def unpinned(lock: Lock, package: LockedPackage) -> Iterator[Inconsistency]:
    """Yield what a lock that lists hashes leaves open about *package*: its version, its commit, or its hashes."""
    if package.source.kind is SourceKind.GIT and package.source.commit is None:
        message = f"{package.name} is locked without a commit, so another one can be installed tomorrow"
        yield inconsistency(package, "hash", message, expected="a commit", found=package.source.requested or "none")
    if package.source.kind is not SourceKind.REGISTRY:
        return
    if package.version is not None:
        if not package.artifacts:
            yield _hash_finding(package, package.route, f"{package.name} {package.version} has no hash", "none")
        return
    markers = [when.marker for when in package.when]
    # A tool may leave open what it has no use for; where that can be nowhere, nothing is open.
    if any(possible(both(covered(lock), marker)) for marker in markers):
        anywhere = None in markers
        yield inconsistency(
            package,
            "hash" if anywhere else "unlocked",
            f"{package.name} is locked without a version, so any can be installed"
            + ("" if anywhere else " where its marker holds"),
            expected="a version and its hashes",
            found="any version",
        )


def _name(package: LockedPackage, artifact: Artifact, keys: Keys) -> Iterator[Inconsistency]:
    if not artifact.filename or package.source.kind is SourceKind.URL:
        return
    other = other_release(package.name, package.version, artifact.filename)
    if other is None:
        return
    entry = f"{package.name} {package.version or ''}".rstrip()
    yield inconsistency(
        package,
        "artifact",
        f"{entry} lists {artifact.filename}, a file of {' '.join(other)}",
        keys=keys,
        expected=f"a file of {entry}",
        found=artifact.filename,
    )


def other_release(name: str, version: str | None, filename: str) -> tuple[str, str] | None:
    """Return name and version in *filename* where they are not *name* and *version*; None where they are, or nobody can tell."""
    named = _wheel_name(filename) if filename.endswith(".whl") else _sdist_name(filename, name)
    if named is None or (named[0] == name and (version is None or _same_version(named[1], version))):
        return None
    return named


def _wheel_name(filename: str) -> tuple[str, str] | None:
    parts = filename.removesuffix(".whl").split("-")
    return (normalize(parts[0]), parts[1].replace("_", "-")) if len(parts) >= 5 else None


def _sdist_name(filename: str, own: str) -> tuple[str, str] | None:
    """Return name and version of a source archive of *own*; None where the old, ambiguous spelling does not tell them."""
    stem = next((filename.removesuffix(end) for end in _ARCHIVES if filename.lower().endswith(end)), None)
    if stem is None:
        return None
    for cut, character in enumerate(stem):
        if character == "-" and normalize(stem[:cut]) == own:
            return own, stem[cut + 1 :]
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


def _hash(package: LockedPackage, artifact: Artifact, keys: Keys) -> Iterator[Inconsistency]:
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


def _hash_finding(package: LockedPackage, keys: Keys, message: str, found: str) -> Inconsistency:
    return inconsistency(package, "hash", message, keys=keys, expected="sha256 or stronger", found=found)
