"""What was found of the files of installed packages. Values only: rules may read them."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from ..values import dataclass

if TYPE_CHECKING:
    from ..installed.model import Layer


class Weight(enum.IntEnum):
    """What a file that no installer has named can do: the heaviest runs, or is found first, without being asked for."""

    DATA = 0
    CODE = 1
    ACTIVE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A file that is not what its installer wrote. *path* is absolute.

    *expected* and *found* are its digest and size then and now, *found* None where it is gone; *cause* is what became of it, as
    far as that can be told, and *when*.
    """

    path: str
    expected: str
    found: str | None = None
    cause: str | None = None
    when: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlisted:
    """A file at *path*, absolute, that no installer has named; *why* says what gives it its weight."""

    path: str
    weight: Weight
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFiles:
    """The files of one installed package, called *name*; *path* is its metadata.

    *source* says what its installer wrote down: ``RECORD`` or ``conda-meta``. *changed* are files with another content,
    *missing* those that are gone, *unlisted* those in its folders that nobody has named, *bytecode* paths of ``.pyc`` files
    that run in the place of a source that they were not made from. *untold* are sentences about what could not be verified.
    *unfinished*: the installer did not come to its end. *cached*: it linked files to its cache, and a changed one is among
    them. *digest* (``blake3:hex``) is over all differences, None without one; *accepted*: they are those that were recorded.
    """

    name: str
    path: str
    layer: Layer
    source: str = "RECORD"
    files: int = 0
    changed: tuple[Change, ...] = ()
    missing: tuple[Change, ...] = ()
    unlisted: tuple[Unlisted, ...] = ()
    bytecode: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()
    unfinished: bool = False
    cached: bool = False
    digest: str | None = None
    accepted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """Files that two packages or more have written: *names* are theirs, *paths* absolute and in order.

    *winner* is the package whose content is there, None where theirs is all the same, or nobody's.
    """

    names: tuple[str, ...]
    paths: tuple[str, ...]
    same: bool
    winner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledFiles:
    """The files of all installed packages of an environment.

    *strays* are files in the folders of packages that belong to none of them. *count* is how many packages there are, *files* and *bytes* what of
    them was compared; *cached* of those files were known unchanged by the stat cache. *outdated* counts ``.pyc`` files that the
    interpreter makes anew before it uses them. *editable* are packages whose code lies elsewhere.
    """

    packages: tuple[PackageFiles, ...] = ()
    shared: tuple[Shared, ...] = ()
    strays: tuple[Unlisted, ...] = ()
    count: int = 0
    files: int = 0
    bytes: int = 0
    cached: int = 0
    outdated: int = 0
    editable: tuple[str, ...] = ()
