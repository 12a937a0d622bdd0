"""One model for every lock format: what a lock says, before anything is selected from it."""

from __future__ import annotations

import enum

from ..model import Selection
from ..values import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


__all__ = [
    "Artifact",
    "Commands",
    "CondaBuild",
    "ConflictItem",
    "Declared",
    "Edge",
    "Freshness",
    "FreshnessVerdict",
    "Inconsistency",
    "Lock",
    "LockedPackage",
    "Parts",
    "Reason",
    "RefusalKind",
    "Refused",
    "Selected",
    "Selection",
    "Source",
    "SourceKind",
    "When",
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
    CONDA = "conda"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The origin of a package.

    *location* is a URL without credentials or a path as the lock writes it, empty where a lock leaves the index to the
    tool's settings. *commit* is the full commit of a git source, *subdirectory* the folder inside a repository or archive, *requested* the
    tag, branch or revision that was asked for. *editable* is whether a git source is installed as a checkout in the environment
    (``pip install -e git+...``).
    """

    kind: SourceKind
    location: str
    commit: str | None = None
    subdirectory: str | None = None
    requested: str | None = None
    editable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file of a package. *hash* is ``algorithm:hex``; *location* a URL or a path; *size* in bytes.

    *filename* is empty where a lock has hashes alone, *wheel* then false.
    """

    filename: str
    wheel: bool
    location: str | None = None
    hash: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A dependency of one locked package on another; *version* and *source* only where the name alone is ambiguous.

    *specifier* is the range that is asked for (PEP 440), None where the lock does not tell; *match* the whole match spec of a
    conda package, whose ranges are other ones.
    """

    name: str
    version: str | None = None
    source: Source | None = None
    extras: tuple[str, ...] = ()
    marker: str | None = None
    specifier: str | None = None
    match: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Under which keys an entry of a lock keeps its parts, each a list in the order in which the model has them.

    *files* is one list of all files; *wheels* and *sdist* are for formats that keep them apart. None where a part has no
    place of its own, or another order than in the model: then the entry itself is its place.
    """

    dependencies: str | None = None
    extras: str | None = None
    groups: str | None = None
    files: str | None = None
    wheels: str | None = None
    sdist: str | None = None


_NO_PARTS = Parts()


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """One condition under which a package is installed, in a format that selects by a filter; all of its parts must hold.

    *group* is the extra or group that must be chosen (None: always), *marker* an environment marker in which the chosen
    extras hold, *requires_python* a range of versions, *platform* a conda platform such as ``linux-64``.
    """

    group: str | None = None
    marker: str | None = None
    requires_python: str | None = None
    platform: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaBuild:
    """What tells the builds of one version of a conda package apart: *build* (``py312h58c1407_0``) and *subdir*.

    *number* is that of the build, *md5* is kept beside the hash of the file, for environments that know no better one. *python* are
    the names under which an index of Python packages has what is in it, None where the lock does not tell.
    """

    build: str | None
    subdir: str | None
    number: int | None = None
    md5: str | None = None
    python: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedPackage:
    """One entry of a lock. *index* is its position in the file, *markers* the forks it belongs to (none: all).

    *metadata* is what a mutable source declared when it was locked, as the format wrote it, or None. *when* are the
    conditions of a format that selects by a filter: one of them must hold, none of them means always. *keys* is the route
    to the entry, *line* its line where the format has no routes, *path* its file where that is not the lock itself; *parts*
    are the keys of what stands inside of it. *conda* is there for conda packages alone, whose names are not normalised.
    *specifier* is the range that stands there in the place of a version.
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
    when: tuple[When, ...] = ()
    keys: tuple[str | int, ...] = ()
    line: int | None = None
    path: str | None = None
    parts: Parts = _NO_PARTS
    conda: CondaBuild | None = None
    specifier: str | None = None

    @property
    def route(self) -> tuple[str | int, ...]:
        """The route to the entry in its document; empty where it is known by its line alone."""
        return self.keys if self.keys or self.line is not None else ("package", self.index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """Something that a lock says was asked for, beside its dependencies, at the place *keys*.

    *by* says who asks, as the beginning of a sentence; *package* is the entry of whoever asks, None where it is the lock as a
    whole. *root* is whether what it leads to belongs into the lock for that alone. *line* and *path* are its place where it is
    neither in an entry nor has a route.
    """

    edge: Edge
    by: str
    keys: tuple[str | int, ...]
    package: LockedPackage | None = None
    root: bool = False
    line: int | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """The commands of the tool that wrote a lock: what makes it anew, what brings an environment to it, what decides freshness.

    *check* is None where no tool has such a command.
    """

    lock: str
    install: str
    check: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictItem:
    """One side of a declared conflict: a package, or an extra or a group of it."""

    package: str
    extra: str | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A lockfile as read. *path* is absolute; *digest* is ``blake3:hex`` of its text, line ends made LF.

    *manifest* and *options* are the resolver's recorded inputs, as the format wrote them. *extras*, *groups* and
    *default_groups* are the names that can be chosen in a format that selects by a filter; *files* are further files that
    belong to the lock, absolute; *supported_keys* is the route to *supported*, *requires_keys* that to *requires_python*. *overrides* are the names whose requirements
    the project replaces by its own or takes out, None where nobody can tell: then no version can contradict what asks for it;
    *restated* are those whose own requirements it replaces. *unlisted* are
    entries that nothing can install, in a format that lists for each environment what it installs. *whole* is
    false where a file does not tell what leads to each package, though its format can.
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
    commands: Commands
    manifest: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    default_groups: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    supported_keys: tuple[str | int, ...] = ("supported-markers",)
    requires_keys: tuple[str | int, ...] = ("requires-python",)
    overrides: tuple[str, ...] | None = None
    restated: tuple[str, ...] = ()
    unlisted: tuple[LockedPackage, ...] = ()
    whole: bool = True


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
    """No selection is possible; *keys* is the place in the lock that says so, *hint* what mends it, where that is special."""

    kind: RefusalKind
    message: str
    keys: tuple[str | int, ...] = ()
    expected: str | None = None
    found: str | None = None
    hint: str | None = None

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

    *subject* names it (a requirement, ``requires-python``, an index); *path* with *keys* or *line* points into the manifest or lock.
    """

    subject: str
    message: str
    path: str
    keys: tuple[str | int, ...] = ()
    expected: str | None = None
    found: str | None = None
    unknown: bool = False
    line: int | None = None


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
    """A place where a lock contradicts itself.

    *kind*: ``edge``, ``duplicate``, ``artifact``, ``hash``, ``unpinned``, ``unlocked`` (unpinned for some environments
    alone, and only there it matters), ``files``, ``requirement``, ``orphan``; ``unhashed`` where an index that gives hashes
    for others gives some packages none, ``hashless`` where it gives none at all; ``nameless`` where only a build could tell
    which package is meant.
    """

    kind: str
    subject: str
    message: str
    keys: tuple[str | int, ...]
    expected: str | None = None
    found: str | None = None
    line: int | None = None
    path: str | None = None
