"""One model for every lock format: what a lock says, before anything is selected from it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..model import Selection

if TYPE_CHECKING:
    from collections.abc import Mapping


__all__ = [
    "Artifact",
    "ConflictItem",
    "Edge",
    "Freshness",
    "FreshnessVerdict",
    "Inconsistency",
    "Lock",
    "LockedPackage",
    "Reason",
    "RefusalKind",
    "Refused",
    "Selected",
    "Selection",
    "Source",
    "SourceKind",
]


class SourceKind(enum.StrEnum):
    """Where a locked package comes from."""

    REGISTRY = "registry"
    GIT = "git"
    URL = "url"
    PATH = "path"
    DIRECTORY = "directory"
    EDITABLE = "editable"
    VIRTUAL = "virtual"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The origin of a package. *location* is a URL without credentials or a path as the lock writes it.

    *commit* is the full commit of a git source, *subdirectory* the folder inside a repository or archive, *requested* the
    tag, branch or revision that was asked for.
    """

    kind: SourceKind
    location: str
    commit: str | None = None
    subdirectory: str | None = None
    requested: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file of a package. *hash* is ``algorithm:hex``; *location* a URL or a path; *size* in bytes."""

    filename: str
    wheel: bool
    location: str | None = None
    hash: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A dependency of one locked package on another; *version* and *source* only where the name alone is ambiguous."""

    name: str
    version: str | None = None
    source: Source | None = None
    extras: tuple[str, ...] = ()
    marker: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedPackage:
    """One entry of a lock. *index* is its position in the file, *markers* the forks it belongs to (none: all).

    *metadata* is what a mutable source declared when it was locked, as the format wrote it, or None.
    """

    index: int
    name: str
    version: str | None
    source: Source
    markers: tuple[str, ...] = ()
    dependencies: tuple[Edge, ...] = ()
    extras: Mapping[str, tuple[Edge, ...]] = field(default_factory=dict)
    groups: Mapping[str, tuple[Edge, ...]] = field(default_factory=dict)
    artifacts: tuple[Artifact, ...] = ()
    default_groups: tuple[str, ...] | None = None
    group_requires_python: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictItem:
    """One side of a declared conflict: a package, or an extra or a group of it."""

    package: str
    extra: str | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A lockfile as read. *path* is absolute; *digest* is ``blake3:hex`` of its text, line ends made LF.

    *manifest* and *options* are the resolver's recorded inputs, as the format wrote them.
    """

    path: str
    format: str
    version: int
    revision: int
    digest: str
    requires_python: str | None
    markers: tuple[str, ...]
    supported: tuple[str, ...]
    required: tuple[str, ...]
    conflicts: tuple[tuple[ConflictItem, ...], ...]
    members: tuple[str, ...]
    packages: tuple[LockedPackage, ...]
    manifest: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """What should be installed: the packages, sorted by name, and the groups that were in force."""

    packages: tuple[LockedPackage, ...]
    groups: tuple[str, ...]


class RefusalKind(enum.StrEnum):
    """Why a lock gives no answer for an environment and a selection."""

    REQUIRES_PYTHON = "requires-python"
    ENVIRONMENT = "environment"
    CONFLICT = "conflict"
    UNKNOWN_NAME = "unknown-name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """No selection is possible; *keys* is the place in the lock that says so."""

    kind: RefusalKind
    message: str
    keys: tuple[str | int, ...] = ()
    expected: str | None = None
    found: str | None = None

    @property
    def everywhere(self) -> bool:
        """Whether the choice itself is wrong, so that no environment could have it."""
        return self.kind in (RefusalKind.CONFLICT, RefusalKind.UNKNOWN_NAME)


class Freshness(enum.StrEnum):
    """Whether a lock still belongs to its manifest."""

    FRESH = "fresh"
    STALE = "stale"
    UNKNOWN = "cannot tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One thing in which lock and manifest differ, or that keeps us from telling (*unknown*).

    *subject* names it (a requirement, ``requires-python``, an index); *path* and *keys* point into the manifest or lock.
    """

    subject: str
    message: str
    path: str
    keys: tuple[str | int, ...] = ()
    expected: str | None = None
    found: str | None = None
    unknown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshnessVerdict:
    """Fresh, stale with reasons, or cannot tell with the reason; the third never passes as the first."""

    reasons: tuple[Reason, ...] = ()

    @property
    def state(self) -> Freshness:
        """Stale if any reason is a difference, else unknown if there is any reason, else fresh."""
        if any(not reason.unknown for reason in self.reasons):
            return Freshness.STALE
        return Freshness.UNKNOWN if self.reasons else Freshness.FRESH


@dataclass(frozen=True, slots=True, kw_only=True)
class Inconsistency:
    """A place where a lock contradicts itself. *kind*: ``edge``, ``artifact``, ``hash``, ``duplicate``."""

    kind: str
    subject: str
    message: str
    keys: tuple[str | int, ...]
    expected: str | None = None
    found: str | None = None
