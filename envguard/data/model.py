"""The values of data trees. Nothing here reads anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..values import dataclass
from ..walked import Counters, Problem

if TYPE_CHECKING:
    from .manifest import Manifest

__all__ = ["Change", "Counters", "Differences", "Entry", "Problem", "Progress", "Rename", "Tree"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of a manifest: its *path* relative to the root of the tree and its BLAKE3 *digest*, 64 hexadecimal digits.

    A name that is not UTF-8 is kept as ``os.fsdecode`` gives it (``surrogateescape``), so that ``open`` finds the file.
    """

    path: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One file that both manifests have, with another content: its digest *before* and *after*."""

    path: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    """One content, *digest*, that is gone from the path *before* and came up at the path *after*."""

    before: str
    after: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """How a later manifest differs from an earlier one, each list sorted by the bytes of the (earlier) path.

    A file that is renamed is in *renamed* alone, neither *added* nor *removed*. True where anything differs.
    """

    added: tuple[Entry, ...] = ()
    removed: tuple[Entry, ...] = ()
    changed: tuple[Change, ...] = ()
    renamed: tuple[Rename, ...] = ()

    def __len__(self) -> int:
        return len(self.added) + len(self.removed) + len(self.changed) + len(self.renamed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A folder of data as it was found by ``hash_tree``.

    Attributes:
        path: the folder, as it was named.
        root: the root of the tree, 64 hexadecimal digits: the BLAKE3 of its manifest. None where there are *problems*.
        files: how many files it has, links to files included.
        bytes: the sum of their sizes.
        cached: how many of them the stat cache answered, unread.
        sampled: how many were read again although the stat cache knew them.
        ignore: the patterns by which files and folders were left out.
        problems: what keeps it from having a root, sorted by path; of very many, the first ten thousand that were met.
        problem_count: how many there are.
        manifest: its manifest, where it was asked for and there is a root.
    """

    path: str
    root: str | None
    files: int
    bytes: int
    cached: int = 0
    sampled: int = 0
    ignore: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    problem_count: int = 0
    manifest: Manifest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the hashing of a file or tree is, as a callback is told about ten times a second.

    Attributes:
        files: files done, those that the stat cache answered included.
        bytes: bytes of the files done; inside a single file, bytes read so far.
        cached: files that the stat cache answered.
        files_total: how many files there are; None while not all of them have been found.
        bytes_total: how many bytes there are; None where nobody knows before the end.
        seconds: time since the start.
        rate: bytes a second, over the last few seconds.
        left: seconds until the end, at the pace of the last few seconds; None where it cannot be told.
    """

    files: int
    bytes: int
    cached: int = 0
    files_total: int | None = None
    bytes_total: int | None = None
    seconds: float = 0.0
    rate: float = 0.0
    left: float | None = None
