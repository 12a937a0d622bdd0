"""What an environment holds, as values."""

from __future__ import annotations

import enum

from ..model import Unknown
from ..values import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


# Where conda keeps its records, in each of its environments.
CONDA_FOLDER = "conda-meta"


class Layer(enum.StrEnum):
    """Which part of ``sys.path`` a folder of packages belongs to, in the order in which they shadow one another."""

    PYTHONPATH = "PYTHONPATH"
    ENVIRONMENT = "environment"
    USER = "user"
    INHERITED = "inherited"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFolder:
    """A folder that packages are installed into, by its real path."""

    path: str
    layer: Layer


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A Python environment, told from files alone unless it is the *running* one.

    *prefix* is its folder; *chosen_by* the words that say why it was taken; *version* the interpreter's full version
    (``3.11.7``); *build* the interpreter's own build line where it can be told without running it; *markers* the
    environment of PEP 508 markers (name to value) that holds in it, with what pixi wrote into one that it made
    (``pixi_environment``, ``pixi_platform``).
    """

    prefix: str
    base_prefix: str
    executable: str | None
    chosen_by: str
    running: bool
    implementation: str
    version: str
    build: str | Unknown
    markers: Mapping[str, str]
    folders: tuple[SiteFolder, ...]


class OriginKind(enum.StrEnum):
    """What ``direct_url.json`` says a package was installed from (PEP 610)."""

    ARCHIVE = "archive"
    GIT = "git"
    DIRECTORY = "directory"
    EDITABLE = "editable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A direct origin of an installed package. *url* carries no credentials; *path* is set for ``file:`` URLs."""

    kind: OriginKind
    url: str
    path: str | None = None
    commit: str | None = None
    subdirectory: str | None = None
    hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """One installed distribution: what its metadata folder (or legacy file) at *path* says.

    *version* is the one of the folder's name, *metadata_version* the one inside METADATA; tools trust one or the other.
    *installer* is read only where there is a ``direct_url.json``, whose meaning depends on it.
    *digest* is ``blake3:hex`` over what the installer recorded of the payload, or why there is none. *problems* are
    sentences about what is broken. *requires* are the raw ``Requires-Dist`` lines.
    """

    name: str
    version: str | None
    path: str
    layer: Layer
    metadata_version: str | None = None
    installer: str | None = None
    origin: Origin | None = None
    digest: str | Unknown
    problems: tuple[str, ...] = ()
    requires: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonPart:
    """A Python package that came with a package of conda: its metadata folder (or legacy file) at *path*.

    *there* is whether that is still so, *overwritten* whether somebody else has written it since.
    """

    name: str
    path: str
    there: bool = True
    overwritten: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaPackage:
    """One package that conda, or a tool like it, installed: what its record at *path* says.

    *version* and the rest are None where the record does not tell; *channel* and *url* carry no credentials. *parts* are the
    Python packages that came with it, *problems* sentences about what is broken.
    """

    name: str
    path: str
    version: str | None = None
    build: str | None = None
    subdir: str | None = None
    channel: str | None = None
    url: str | None = None
    sha256: str | None = None
    md5: str | None = None
    parts: tuple[PythonPart, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def release(self) -> str:
        """Version and build as conda writes them in one word: ``2.1.0=py312_0``."""
        return "=".join(filter(None, (self.version, self.build)))

    @property
    def digest(self) -> str | Unknown:
        """The strongest digest of its archive that the record has, or why there is none."""
        if self.sha256 is not None:
            return f"sha256:{self.sha256}"
        return f"md5:{self.md5}" if self.md5 is not None else Unknown(reason="its record has no hash of its archive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """Everything installed in an environment, sorted by name and then in the order in which one shadows the other.

    *strays* are entries that look like an installation and are none: ``(path, what is wrong)``. *conda* are the packages that
    conda installed there, sorted by name, None where it is no environment of conda; those of them that are Python packages are
    among the *distributions*, too.
    """

    environment: Environment
    distributions: tuple[Distribution, ...]
    strays: tuple[tuple[str, str], ...] = ()
    conda: tuple[CondaPackage, ...] | None = None
