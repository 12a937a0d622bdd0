"""What an environment holds, as values."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..model import Unknown


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
    environment of PEP 508 markers (name to value) that holds in it.
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
class Inventory:
    """Everything installed in an environment, sorted by name and then in the order in which one shadows the other.

    *strays* are entries that look like an installation and are none: ``(path, what is wrong)``.
    """

    environment: Environment
    distributions: tuple[Distribution, ...]
    strays: tuple[tuple[str, str], ...] = ()
