"""Finding the files of a tree, by handles of folders: no path is too long, and nothing recurses."""

from __future__ import annotations

import errno
import os
import stat

from ..values import dataclass
from ..walked import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .ignore import Ignore

_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NONBLOCK", 0)
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
# Linux takes paths of less than 4,096 bytes at once, others of less than 1,024.
_AT_ONCE = 1000
_LINK_TO_NOTHING = frozenset((errno.ENOENT, errno.ENOTDIR))


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """One folder on the way through a tree: its *path* (empty, or with a ``/`` at its end), how it was found, its files.

    *files* are names, each with whether it is a link. *identity* is device and inode, *parent* the folder that it lies in.
    """

    path: bytes
    link: bool
    identity: tuple[int, int]
    parent: Folder | None
    files: list[tuple[bytes, bool]]

    def inside(self, identity: tuple[int, int]) -> bool:
        """Return whether the folder with this *identity* is this one or one that it lies in."""
        folder: Folder | None = self
        while folder is not None:
            if folder.identity == identity:
                return True
            folder = folder.parent
        return False


def opened(root: int, path: bytes, *, link: bool = True) -> int:
    """Return a new handle of the folder at *path* (a ``/`` at its end, or empty) under the open folder *root*.

    The last part is followed only where it is a *link*. A path that is too long for the system is opened in pieces, and
    one that leads over more links than the system follows at once, part by part.
    """
    if not path:
        return os.open(b".", _FOLDER, dir_fd=root)
    handle, start, one_by_one = root, 0, False
    try:
        while start < len(path):
            end = len(path)
            if one_by_one or end - start > _AT_ONCE:
                end = path.rfind(b"/", start, start + _AT_ONCE) + 1
                if one_by_one or end <= start:
                    end = path.find(b"/", start) + 1
            flags = _FOLDER if link or end < len(path) else _FOLDER | _NOFOLLOW
            try:
                # Without the slash at its end, which would follow a link all the same.
                following = os.open(path[start : end - 1], flags, dir_fd=handle)
            except OSError as error:
                if error.errno in (errno.ELOOP, errno.ENAMETOOLONG) and path.find(b"/", start) + 1 < end:
                    one_by_one = True
                    continue
                raise
            if handle != root:
                os.close(handle)
            handle, start = following, end
    except BaseException:
        if handle != root:
            os.close(handle)
        raise
    return handle


def identity_of(handle: int) -> tuple[int, int]:
    """Return the device and the inode of an open folder."""
    st = os.fstat(handle)
    return st.st_dev, st.st_ino


class Listing:
    """The folders of a tree with the names of their files, and the problems on the way.

    *found* is called with the number of files in each batch of a folder's entries.
    """

    __slots__ = ("_found", "_ignore", "_root", "_waiting", "folders", "problems")

    def __init__(self, root: int, ignore: Ignore, found: Callable[[int], None]) -> None:
        self._root = root
        self._ignore = ignore
        self._found = found
        self._waiting: list[tuple[Folder | None, bytes, bool]] = [(None, b"", True)]
        self.folders: list[Folder] = []
        self.problems: list[Problem] = []

    def run(self) -> None:
        """Find everything."""
        while self._waiting:
            parent, path, link = self._waiting.pop()
            try:
                handle = opened(self._root, path, link=link)
            except OSError as error:
                self._refused(path, error)
                continue
            try:
                self._list(parent, path, handle, link=link)
            except OSError as error:
                self._refused(path, error)
            finally:
                os.close(handle)

    def _refused(self, path: bytes, error: OSError) -> None:
        # It was there when its parent was listed.
        gone = path and error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ESTALE)
        self._problem(path.rstrip(b"/"), "unstable" if gone else "unreadable", error.errno or 0)

    def _problem(self, path: bytes, kind: str, number: int) -> None:
        self.problems.append(Problem(path=path, kind=kind, errno=number))

    def _list(self, parent: Folder | None, path: bytes, handle: int, *, link: bool) -> None:
        identity = identity_of(handle)
        if parent is not None and parent.inside(identity):
            self._problem(path.rstrip(b"/"), "loop", errno.ELOOP)
            return
        folder = Folder(path=path, link=link, identity=identity, parent=parent, files=[])
        told = 0
        with os.scandir(handle) as entries:
            for entry in entries:
                self._sort_in(folder, handle, entry)
                if len(folder.files) - told >= 1000:
                    self._found(len(folder.files) - told)
                    told = len(folder.files)
        self._found(len(folder.files) - told)
        if folder.files:
            self.folders.append(folder)

    def _sort_in(self, folder: Folder, handle: int, entry: os.DirEntry[str]) -> None:
        name = os.fsencode(entry.name)
        if self._ignore.matches(folder.path, name, folder=False):
            return
        path = folder.path + name
        link = entry.is_symlink()
        if link:
            try:
                mode = os.stat(name, dir_fd=handle).st_mode
            except OSError as error:
                number = error.errno or 0
                dangling = number in _LINK_TO_NOTHING
                self._problem(
                    path, "dangling" if dangling else "loop" if number == errno.ELOOP else "unreadable", number
                )
                return
            is_folder, is_file = stat.S_ISDIR(mode), stat.S_ISREG(mode)
        else:
            is_folder, is_file = entry.is_dir(follow_symlinks=False), entry.is_file(follow_symlinks=False)
        if is_file:
            folder.files.append((name, link))
        elif not is_folder:
            self._problem(path, "special", 0)
        elif not self._ignore.matches(folder.path, name, folder=True):
            self._waiting.append((folder, path + b"/", link))
