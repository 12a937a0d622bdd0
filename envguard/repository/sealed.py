"""git in a work tree, with a folder of git's own that we made: no line of the repository's configuration is in force.

``git status`` and ``git add`` run what a repository's configuration says: a monitor of the file system, clean filters,
hooks, textconv, external diffs, helpers that fetch; and they believe what it says of what is a change (``core.checkStat``,
``core.trustctime``, ``status.showUntrackedFiles``). To forbid the known ones by name is to miss the next. So git is given
another ``GIT_DIR``: with a configuration that holds the few settings that say how content is stored, a copy of the index,
and an object store of its own in front of the repository's. Nothing is written into the repository (git may renew the time
of an object that is there already), and without a remote nothing is ever fetched.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from typing import TYPE_CHECKING, Self

from ..errors import RepositoryError
from .git import Git, on_its_own

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from .places import Places

# What says how content is stored and which files there are; each is a word.
_WORDS = (
    "core.filemode",
    "core.symlinks",
    "core.ignorecase",
    "core.precomposeunicode",
    "core.autocrlf",
    "core.eol",
    "core.sparsecheckout",
    "core.sparsecheckoutcone",
    "index.sparse",
)
_WORD = re.compile(r"[A-Za-z0-9]*")
_OURS = {
    "core.fsmonitor": "false",
    "core.untrackedcache": "false",
    "core.checkstat": "default",
    "core.trustctime": "true",
    "core.safecrlf": "false",
    "core.splitindex": "false",
    "core.hookspath": os.devnull,
    "gc.auto": "0",
}
_FALLBACKS = {"core.excludesfile": "ignore", "core.attributesfile": "attributes"}


class Sealed:
    """git at the root of the work tree of *where*, sealed off as this module says; a context, whose folder goes with it.

    *index* is another index than the work tree's own. RepositoryError where there is no place for temporary files.
    """

    def __init__(self, where: Places, *, index: str | None = None) -> None:
        self.where = where
        self.settings = settings_of(where)
        self._index = index or os.path.join(where.git_dir, "index")
        self.folder = ""
        self.git = Git(where.root)

    def __enter__(self) -> Self:
        try:
            self.folder = tempfile.mkdtemp(prefix="envguard-git-")
            try:
                self._fill()
            except BaseException:
                self.__exit__(None, None, None)
                raise
        except OSError as error:
            what = (error.strerror or str(error)).lower()
            raise RepositoryError(
                f"git's index cannot be copied to look at: {what}", path=error.filename or self._index
            ) from None
        self.git = Git(self.where.root, self._environ("index"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.git.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def apart(self, name: str) -> Git:
        """Return the same git with an empty index and a store of its own in front of the repository's, in the folder *name*."""
        store = self._store(f"{name}/objects")
        return Git(self.where.root, {**self._environ(f"{name}/index"), "GIT_OBJECT_DIRECTORY": store})

    def inside(self, name: str) -> str:
        """Return the path of *name* in the folder of our own."""
        return os.path.join(self.folder, name)

    def _environ(self, index: str) -> dict[str, str]:
        environ = {name: value for name, value in on_its_own().items() if name not in _configured(os.environ)}
        return {
            **environ,
            "GIT_DIR": self.folder,
            "GIT_WORK_TREE": self.where.root,
            "GIT_INDEX_FILE": self.inside(index),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            # For a git that does not know the first two.
            "HOME": self.folder,
            "XDG_CONFIG_HOME": self.folder,
        }

    def _fill(self) -> None:
        for name in ("refs", "info"):
            os.makedirs(self.inside(name))
        common = self.where.common_dir
        self._store("objects")
        self._write("HEAD", b"ref: refs/heads/none\n")
        self._write("config", _configuration(self._own_settings()))
        for source, name in (
            (common, "info/exclude"),
            (common, "info/attributes"),
            (self.where.git_dir, "info/sparse-checkout"),
            (common, "shallow"),
        ):
            path = os.path.join(source, name)
            if os.path.isfile(path):
                shutil.copyfile(path, self.inside(name))
        self._copy_index()

    def _store(self, name: str) -> str:
        """Make a store of objects in which those of the repository are found as well, and return its path."""
        common = self.where.common_dir
        if "\n" in common:
            raise RepositoryError("a path with a line break in it cannot be told to git", path=common)
        for folder in ("info", "pack"):
            os.makedirs(self.inside(f"{name}/{folder}"))
        self._write(f"{name}/info/alternates", os.fsencode(os.path.join(common, "objects")) + b"\n")
        return self.inside(name)

    def _copy_index(self) -> None:
        try:
            fd = os.open(self._index, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        except FileNotFoundError:
            return
        with open(fd, "rb") as file:
            seen = os.fstat(fd)
            self._write("index", file.read())
        # A file that is as young as the index may have changed since: git reads such files, and tells them by this time.
        os.utime(self.inside("index"), ns=(seen.st_mtime_ns, seen.st_mtime_ns))
        folder = os.path.dirname(self._index)
        for name in os.listdir(folder):
            if name.startswith("sharedindex."):
                shutil.copyfile(os.path.join(folder, name), self.inside(name))

    def _write(self, name: str, data: bytes) -> None:
        with open(self.inside(name), "wb") as file:
            file.write(data)

    def _own_settings(self) -> Iterator[tuple[str, str]]:
        yield "core.repositoryformatversion", "1"
        yield "core.bare", "false"
        yield "extensions.objectformat", self.where.object_format
        yield from _OURS.items()
        for name in _WORDS:
            value = self.settings.get(name)
            if value is not None and _WORD.fullmatch(value):
                yield name, value
        yield from person_files(self.settings)


def settings_of(where: Places) -> dict[str, str]:
    """Return the whole configuration that is in force in a repository, the last value of each key; keys in small letters."""
    found: dict[str, str] = {}
    for line in Git(where.root, on_its_own()).lines("config", "--list", "-z"):
        key, mark, value = line.partition("\n")
        found[key] = value if mark else "true"
    return found


def person_files(settings: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the files of patterns and attributes that a person's *settings* name, or else those that git reads, by their keys."""
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    for key, fallback in _FALLBACKS.items():
        path = os.path.expanduser(settings.get(key) or os.path.join(base, "git", fallback))
        if os.path.isabs(path):
            yield key, path


def _configured(environ: Mapping[str, str]) -> frozenset[str]:
    return frozenset(name for name in environ if name.startswith("GIT_CONFIG"))


def _configuration(settings: Iterator[tuple[str, str]]) -> bytes:
    lines = []
    for key, value in settings:
        section, _, name = key.partition(".")
        quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
        lines.append(f'[{section}]\n\t{name} = "{quoted}"\n')
    return os.fsencode("".join(lines))
