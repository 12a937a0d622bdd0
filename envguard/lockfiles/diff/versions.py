"""Two lists of versions compared as two locks are, where nothing else is known of the packages."""

from __future__ import annotations

from ..model import CondaBuild, LockedPackage, Source, SourceKind
from .compare import kind_of
from .model import Kind, LockDiff, PackageChange

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def compare_versions(old: Mapping[str, str], new: Mapping[str, str], *, conda: bool = False) -> LockDiff:
    """Return how the versions *new*, by the names of their packages, differ from *old*.

    Those of *conda* are versions and builds in one word, as conda writes them: ``2.1.0=py312_0``.
    """
    changes = []
    for name in sorted(old.keys() | new.keys()):
        before, after = (_package(name, side[name], conda=conda) if name in side else None for side in (old, new))
        if before is None or after is None:
            kind = Kind.ADDED if before is None else Kind.REMOVED
        else:
            kind = kind_of(before, after)
        if kind is not Kind.SAME:
            changes.append(PackageChange(name=name, kind=kind, old=before, new=after))
    return LockDiff(old=None, new=None, packages=tuple(changes))


def _package(name: str, told: str, *, conda: bool) -> LockedPackage:
    version, _, build = told.partition("=") if conda else (told, "", "")
    return LockedPackage(
        index=0,
        name=name,
        version=version,
        source=Source(kind=SourceKind.CONDA if conda else SourceKind.REGISTRY, location=""),
        conda=CondaBuild(build=build or None, subdir=None) if conda else None,
    )
