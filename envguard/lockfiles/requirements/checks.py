"""What a requirements file leaves open: versions, commits, hashes, and which package is meant at all."""

from __future__ import annotations

import os

from ...patterns import late
from ..artifacts import unpinned
from ..edges import possible
from ..model import Inconsistency, SourceKind
from ..parts import inconsistency

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Lock, LockedPackage

_HASHED = (SourceKind.REGISTRY, SourceKind.URL, SourceKind.PATH)
_NAME = late(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")


def inconsistencies(lock: Lock) -> Iterator[Inconsistency]:
    """Yield what *lock* leaves open; a file that has any hash must have one for everything, as pip wants it."""
    hashed = any(package.artifacts for package in lock.packages)
    for package in lock.packages:
        if package.source.kind is SourceKind.VIRTUAL:
            yield from _nameless(package)
        elif package.source.kind is SourceKind.GIT:
            yield from unpinned(lock, package)
        elif package.specifier is not None:
            yield from _open(package, package.specifier)
        elif hashed and package.source.kind in _HASHED and not package.artifacts:
            entry = f"{package.name} {package.version or ''}".rstrip()
            yield inconsistency(package, "hash", f"{entry} has no hash", expected="sha256 or stronger", found="none")
    if not hashed:
        yield _hashless(lock)


def _nameless(package: LockedPackage) -> Iterator[Inconsistency]:
    # In the place of a name stands what the line has.
    if not _NAME.fullmatch(package.name):
        message = f"'{package.name}' does not tell which package it is: only a build could"
        yield inconsistency(package, "nameless", message, expected="a name", found=package.name)


def _open(package: LockedPackage, specifier: str) -> Iterator[Inconsistency]:
    markers = [when.marker for when in package.when if when.marker is not None]
    if markers and not any(map(possible, markers)):
        return
    which = f"any that is {specifier}" if specifier else "any"
    yield inconsistency(
        package,
        "unlocked" if markers else "unpinned",
        f"{package.name} is not pinned to one version, so {which} can be installed"
        + (" where its marker holds" if markers else ""),
        expected="a version and its hashes",
        found=specifier or "any version",
    )


def _hashless(lock: Lock) -> Inconsistency:
    name = os.path.basename(lock.path)
    return Inconsistency(
        kind="hashless",
        subject=name,
        message=f"{name} has no hashes, so the versions in it can be other bytes tomorrow",
        keys=(),
        expected="sha256 or stronger",
        found="none",
    )
