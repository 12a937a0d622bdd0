"""A reader that sees a revision, or what is staged, in the place of the files of the working tree.

A hook judges what will be committed. The working tree may hold anything else: a fix that was not staged, half of an edit.
"""

from __future__ import annotations

import os

from ..entries import Entries
from ..errors import RepositoryError, UnreadableError
from ..reader import MAX_BYTES, Reader
from ..trace import ABSENT, link
from .git import Git
from .listings import LINK, Listed, committed, staged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .listings import Tree

INDEX = ""
_REPOSITORY = ".git"
_LINKS = 40
_POINTER = b"version https://git-lfs.github.com/spec/"


class SnapshotReader(Reader):
    """Reads the files of *revision* (``""``: the index) of the repository around *folder*, by the paths of its work tree.

    What lies outside of the repository is not there. Nothing that it reads can be an input of an answer that is kept.
    """

    __slots__ = ("_git", "_label", "_listing", "_revision", "root")

    def __init__(self, git: Git, revision: str, entries: Entries | None = None) -> None:
        super().__init__()
        self.entries = entries or Entries()
        self.trace.unsettle()
        self._git = git
        self.root = git.folder
        self._revision = revision
        self._label = f"revision {revision}" if revision else "the index"
        self._listing: Listed | Tree | None = None

    def is_file(self, path: str) -> bool:
        """Return whether *path* leads to a file of the snapshot."""
        return self._kind(path) == "file"

    def real_path(self, path: str) -> str:
        """Return the path behind the links on the way to *path*, as far as the snapshot knows any."""
        inside = self._resolve(path)
        return link(path) if inside is None else os.path.join(self.root, inside).rstrip("/")

    def list_dir(self, path: str) -> list[str]:
        """Return the sorted names in the folder *path*; UnreadableError where it is none."""
        inside = self._resolve(path)
        if inside is None or not self._listed().is_folder(inside):
            raise UnreadableError(f"cannot be read: no such folder in {self._label}", path=path)
        return self._listed().names(inside)

    def read_bytes(self, path: str, *, limit: int = MAX_BYTES) -> bytes:
        """Return the content of *path*; UnreadableError where it is no file of the snapshot, or larger than *limit* bytes."""
        inside = self._resolve(path)
        entry = self._listed().entry(inside) if inside else None
        if entry is None:
            raise UnreadableError(f"cannot be read: no such file in {self._label}", path=path)
        if entry.unmerged:
            raise UnreadableError("is not merged yet", path=path, hint="resolve the conflict, then: git add")
        content = self._git.blob(entry.blob, limit)
        if isinstance(content, int):
            raise UnreadableError(f"is too large: {content} bytes, at most {limit} are read", path=path)
        if content.startswith(_POINTER):
            raise UnreadableError("is a pointer of Git LFS in the repository, not the file itself", path=path)
        return content

    def identity(self, path: str) -> str | None:
        """Return what tells the content of the file *path* from any other; None where there is no such file, or several in one."""
        inside = self._resolve(path)
        entry = self._listed().entry(inside) if inside else None
        return entry.blob if entry is not None and not entry.unmerged else None

    def files(self) -> Iterator[str]:
        """Yield the absolute paths of all that is staged; only the index can tell that."""
        listed = self._listed()
        if not isinstance(listed, Listed):
            raise TypeError("a revision is not listed as a whole")
        for path in listed.paths():
            yield os.path.join(self.root, path)

    def expect(self, path: str) -> bool:
        """Have git unpack the file *path* meanwhile; return whether it does."""
        named = self.identity(path)
        return named is not None and self._git.expect(named)

    def revision(self, revision: str) -> SnapshotReader:
        """Return a reader of *revision* of the same repository, errors as of ``revision_reader``.

        The two share one git process, and the entries of what was read.
        """
        return SnapshotReader(self._git, _named(revision, self.root), self.entries)

    def close(self) -> None:
        """End the git process that was kept for reading, for every reader that shares it."""
        self._git.close()

    def _kind(self, path: str) -> str:
        inside = self._resolve(path)
        if inside is None:
            return ABSENT
        # That it is a repository is what nobody commits, and what tells where it begins.
        if self._listed().is_folder(inside) or inside == _REPOSITORY:
            return "folder"
        return "file" if self._listed().entry(inside) is not None else ABSENT

    def _listed(self) -> Listed | Tree:
        if self._listing is None:
            self._listing = staged(self._git) if self._revision == INDEX else committed(self._git, self._revision)
        return self._listing

    def _resolve(self, path: str) -> str | None:
        """Return *path* relative to the root of the work tree, links of the snapshot followed; None where it leads out."""
        if "\0" in path:
            return None
        listed = self._listed()
        # The way to the work tree itself may go over links; what is inside of it is the snapshot's.
        absolute = os.path.abspath(path)
        if not _below(absolute, self.root):
            parent, rest = absolute, []
            while not _below(os.path.realpath(parent), self.root):
                parent, name = os.path.split(parent)
                if not name:
                    return None
                rest.append(name)
            absolute = os.path.join(os.path.realpath(parent), *reversed(rest))
        todo = [part for part in os.path.relpath(absolute, self.root).split("/") if part != "."]
        done: list[str] = []
        links = 0
        while todo:
            part = todo.pop(0)
            if part == "..":
                if not done:
                    return None
                done.pop()
                continue
            done.append(part)
            entry = listed.entry("/".join(done))
            if entry is None or entry.mode != LINK:
                continue
            links += 1
            target = self._git.blob(entry.blob, 4096)
            if links > _LINKS or isinstance(target, int) or target.startswith(b"/"):
                return None
            done.pop()
            todo = [name for name in os.fsdecode(target).split("/") if name not in ("", ".")] + todo
        return "/".join(done)


def index_reader(folder: str) -> SnapshotReader:
    """Return a reader of what is staged in the repository around *folder*; RepositoryError where there is none."""
    return SnapshotReader(_repository(folder), INDEX)


def revision_reader(folder: str, revision: str) -> SnapshotReader:
    """Return a reader of *revision* of the repository around *folder*; RepositoryError where there is none such.

    A revision is whatever git takes for one: a branch, a tag, ``HEAD~2``, a commit.
    """
    return SnapshotReader(_repository(folder), _named(revision, folder))


def _repository(folder: str) -> Git:
    """Return git at the top of the work tree around *folder*."""
    git = Git(folder)
    here = os.path.realpath(folder)
    # Most hooks run at the top: to start a process that says so takes as long as all that is asked of git.
    git.folder = here if _is_top(here) else os.path.realpath(os.fsdecode(git.run("rev-parse", "--show-toplevel")[:-1]))
    # It gets ready while another one lists what is staged.
    git.serve()
    return git


def _is_top(folder: str) -> bool:
    """Return whether *folder* is certain to be the top of a work tree; False where only git can tell.

    That is so where git keeps its own folder in it, and neither a variable nor its settings name another work tree (git: "setup.c").
    """
    if any(os.environ.get(name) for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR")):
        return False
    own = os.path.join(folder, _REPOSITORY)
    if not (os.path.isfile(f"{own}/HEAD") and os.path.isdir(f"{own}/objects") and os.path.isdir(f"{own}/refs")):
        return False
    try:
        with open(f"{own}/config", "rb") as file:
            return b"worktree" not in file.read(1 << 20).lower()
    except OSError:
        return False


def _named(revision: str, folder: str) -> str:
    if not revision or revision.startswith("-") or "\0" in revision:
        raise RepositoryError(f"'{revision}' is no revision", path=folder)
    return revision


def _below(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip("/") + "/")
