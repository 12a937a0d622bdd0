"""The differences between two locks, as values."""

from __future__ import annotations

import enum

from ...values import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..model import Lock, LockedPackage


class Kind(enum.StrEnum):
    """What became of a package, as far as its version tells."""

    ADDED = "added"
    REMOVED = "removed"
    UPGRADED = "upgraded"
    DOWNGRADED = "downgraded"
    REBUILT = "rebuilt"
    CHANGED = "changed"
    SAME = "same version"


class Aspect(enum.StrEnum):
    """What else changed about a package."""

    REPUBLISHED = "republished"
    REHASHED = "rehashed"
    RELABELLED = "relabelled"
    HASHES_LOST = "hashes lost"
    SOURCE = "source"
    GROUPS = "groups"
    MARKERS = "markers"
    EXTRAS = "extras"
    PRERELEASE = "pre-release"


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One thing that changed about a package: what was *old* and what is *new*, in words.

    *direction* is ``narrowed`` or ``widened`` where one is a part of the other.
    """

    aspect: Aspect
    old: str | None = None
    new: str | None = None
    direction: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageChange:
    """One package that differs. *old* and *new* are its entries; one of them is None where it came or went."""

    name: str
    kind: Kind
    old: LockedPackage | None
    new: LockedPackage | None
    details: tuple[Detail, ...] = ()

    def detail(self, aspect: Aspect) -> Detail | None:
        """Return the detail about *aspect*, None where nothing of it changed."""
        return next((detail for detail in self.details if detail.aspect is aspect), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockDiff:
    """How the lock *new* differs from the lock *old*; one of them may be None, where there is no lock on that side.

    *packages* are sorted by name. *environments* are differences in what the locks cover: ``requires-python`` and the like,
    each as what was and what is. *reasons* say why a package is in the (newer) lock: the way to it from a direct
    requirement; a package that is missing in it has no such way, and None stands for all where the lock tells no ways.
    *reasons_before* say it of the older lock, where packages were removed.
    """

    old: Lock | None
    new: Lock | None
    packages: tuple[PackageChange, ...] = ()
    environments: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)
    reasons: Mapping[str, tuple[str, ...]] | None = None
    reasons_before: Mapping[str, tuple[str, ...]] | None = None

    def __bool__(self) -> bool:
        return bool(self.packages or self.environments)
