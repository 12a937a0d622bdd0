"""What git lists: every path of the index, which it knows as one list, and the folders of a commit, each when it is asked for."""

from __future__ import annotations

import os

from ..errors import RepositoryError
from ..patterns import late
from ..values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .git import Git

LINK, MODULE = "120000", "160000"
_FOLDER = "40000"
# What one line can ask for, and what means a commit, not a path in it.
_PLAIN = late(r"[A-Za-z0-9][\w./~^@{}-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One path that git knows: its *mode* as git writes it, and its *blob*; *unmerged* while a merge has left it open."""

    mode: str
    blob: str
    unmerged: bool = False


class Listed:
    """The *entries* of an index, or of a revision, by their paths."""

    __slots__ = ("_entries", "_folders")

    def __init__(self, entries: dict[str, Entry]) -> None:
        self._entries = entries
        self._folders: set[str] = set()
        for name in entries:
            while (name := name.rpartition("/")[0]) and name not in self._folders:
                self._folders.add(name)

    def entry(self, path: str) -> Entry | None:
        """Return what is at *path*, None where there is nothing or a folder."""
        return self._entries.get(path)

    def is_folder(self, path: str) -> bool:
        """Return whether *path* is a folder, which the empty path is."""
        return not path or path in self._folders

    def paths(self) -> Iterator[str]:
        """Yield every path that is no folder, in git's order."""
        yield from self._entries

    def names(self, path: str) -> list[str]:
        """Return the sorted names in the folder *path*."""
        start = f"{path}/" if path else ""
        return sorted({name[len(start) :].partition("/")[0] for name in self._entries if name.startswith(start)})


class Tree:
    """The files of a commit, of which no more folders are read than somebody looks into; *root* are the names in its top."""

    __slots__ = ("_folders", "_git")

    def __init__(self, git: Git, root: dict[str, Entry]) -> None:
        self._git = git
        self._folders: dict[str, dict[str, Entry]] = {"": root}

    def entry(self, path: str) -> Entry | None:
        """Return what is at *path*, None where there is nothing or a folder."""
        found = self._at(path)
        return found if found is not None and found.mode != _FOLDER else None

    def is_folder(self, path: str) -> bool:
        """Return whether *path* is a folder, which the empty path is."""
        found = self._at(path) if path else None
        return not path or (found is not None and found.mode == _FOLDER)

    def names(self, path: str) -> list[str]:
        """Return the sorted names in the folder *path*."""
        return sorted(self._folder(path))

    def _at(self, path: str) -> Entry | None:
        above, _, name = path.rpartition("/")
        return self._folder(above).get(name)

    def _folder(self, path: str) -> dict[str, Entry]:
        if path not in self._folders:
            found = self._at(path)
            is_folder = found is not None and found.mode == _FOLDER
            self._folders[path] = _entries(self._git.tree(found.blob)) if found is not None and is_folder else {}
        return self._folders[path]


def staged(git: Git) -> Listed:
    """Return what is staged in the repository of *git*."""
    found: dict[str, Entry] = {}
    for line in git.lines("ls-files", "--stage", "-z", "--full-name"):
        facts, _, name = line.partition("\t")
        mode, blob, stage = facts.split(" ")
        found[name] = Entry(mode=mode, blob=blob, unmerged=stage != "0")
    return Listed(found)


def committed(git: Git, revision: str) -> Listed | Tree:
    """Return what is in *revision*; RepositoryError where there is none such."""
    if _PLAIN.fullmatch(revision):
        # The process that gives contents is asked: to start another takes longer than all that is read of most commits.
        root = git.tree(f"{revision}^{{tree}}")
        if root is not None:
            return Tree(git, _entries(root))
    try:
        lines = list(git.lines("ls-tree", "-r", "-z", "--full-tree", "--end-of-options", revision))
    except RepositoryError as error:
        if "Not a valid object name" not in error.message and "not a tree object" not in error.message:
            raise
        raise RepositoryError(f"there is no revision '{revision}'", path=git.folder, hint="git log") from None
    found: dict[str, Entry] = {}
    for line in lines:
        facts, _, name = line.partition("\t")
        mode, _, blob = facts.split(" ")
        found[name] = Entry(mode=mode, blob=blob)
    return Listed(found)


def _entries(rows: list[tuple[bytes, bytes, str]] | None) -> dict[str, Entry]:
    return {os.fsdecode(name): Entry(mode=mode.decode(), blob=blob) for mode, name, blob in rows or ()}
