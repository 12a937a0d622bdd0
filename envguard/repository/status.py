"""What differs in a work tree from its commit, as git says it where nothing of the repository's configuration speaks.

Files that git was told to look away from (``--assume-unchanged``, ``--skip-worktree``) are looked at all the same, in the copy of
the index. A file that a filter would change on its way into the repository is compared where that is Git LFS, whose
filter is a matter of a digest; of any other filter's nobody can tell without running it, and that is not done.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from ..errors import RepositoryError
from ..values import dataclass, field
from .blobs import lfs_pointer, object_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .sealed import Sealed

_STATUS = (
    "status",
    "--porcelain=v2",
    "-z",
    "--untracked-files=all",
    "--ignored=matching",
    "--ignore-submodules=dirty",
    "--no-renames",
)
MODULE, _LINK = "160000", "120000"
_ENTRY = re.compile(
    rb"(?P<tag>\S) (?P<mode>\d{6}) (?P<blob>[0-9a-f]+) \d\t(?P<path>[^\0]*)\0"
    rb"  ctime: (?P<ctime>\d+:\d+)\n  mtime: (?P<mtime>\d+:\d+)\n"
    rb"  dev: \d+\tino: \d+\n  uid: \d+\tgid: \d+\n  size: \d+\tflags: [0-9a-f]+\n"
)
_AT_ONCE = 200
# What the interpreter and envguard write themselves.
_BYTECODE = "__pycache__"
_RUNS = ".envguard/runs/"
# A receipt, or what lies beside it, in a folder that somebody has chosen: envguard's own by its name.
_RECEIPT = re.compile(
    r"(?:.*/)?[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}(?:-rank[0-9]+)?\.(?:json|refused\.json|patch)", re.DOTALL
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A path of the index: its *mode* as git writes it, its *blob*, and whether git was told to look away from it.

    *times* are those of the change and of the content of the file, in nanoseconds, when git last held it against the blob.
    """

    mode: str
    blob: str
    hidden: bool = False
    times: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What git says of a work tree, path by path, relative to its root.

    *entries* is the index, *staged* what differs in it from the commit, *unstaged* what differs in the work tree from the index,
    *moved* which submodules are at another commit than the index says, *hidden* what git was told to look away from; *ignored* are files, and folders with a slash at their end. *filters* maps files
    that seem to differ to the name of the filter that keeps anybody from telling; they are not among the *unstaged*.
    """

    entries: dict[str, Entry]
    staged: set[str] = field(default_factory=set)
    unstaged: set[str] = field(default_factory=set)
    untracked: set[str] = field(default_factory=set)
    conflicted: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    ignored: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    filters: dict[str, str] = field(default_factory=dict)

    @property
    def modules(self) -> dict[str, str]:
        """The submodules, by their paths, with the commit in the index."""
        return {path: entry.blob for path, entry in self.entries.items() if entry.mode == MODULE}

    @property
    def touched(self) -> set[str]:
        """Every file of the work tree whose content the index does not tell."""
        return self.unstaged | self.untracked | self.conflicted | self.moved

    @property
    def dirty(self) -> bool:
        """Whether anything differs."""
        return bool(self.staged or self.touched or self.filters)


def status(sealed: Sealed, *, commit: str | None) -> Status:
    """Return the state of a work tree against *commit* (None: there is none yet)."""
    found = Status(entries=_entries(sealed))
    found.hidden.update(path for path, entry in found.entries.items() if entry.hidden)
    _show_hidden(sealed, found)
    _point_at(sealed, commit)
    doubtful: set[str] = set()
    modules = found.modules
    for record in os.fsdecode(sealed.git.run(*_STATUS)).split("\0"):
        _take(found, record, modules, doubtful)
    _look_closer(sealed, found, doubtful)
    return found


def _entries(sealed: Sealed) -> dict[str, Entry]:
    output = sealed.git.run("ls-files", "-v", "--stage", "--debug", "-z")
    rows = list(_ENTRY.finditer(output))
    if sum(len(row[0]) for row in rows) != len(output):
        # Git does not promise this form. Without the times every file is compared by its content.
        return dict(_plain_entries(sealed))
    found: dict[str, Entry] = {}
    for row in rows:
        tag, mode, blob, path = (os.fsdecode(row[name]) for name in ("tag", "mode", "blob", "path"))
        times = (_nanoseconds(row["ctime"]), _nanoseconds(row["mtime"]))
        found[path] = Entry(mode=mode, blob=blob, hidden=tag.islower() or tag == "S", times=times)
    return found


def _plain_entries(sealed: Sealed) -> Iterator[tuple[str, Entry]]:
    for line in sealed.git.lines("ls-files", "-v", "--stage", "-z"):
        facts, _, path = line.partition("\t")
        tag, mode, blob, _ = facts.split(" ")
        yield path, Entry(mode=mode, blob=blob, hidden=tag.islower() or tag == "S")


def _nanoseconds(text: bytes) -> int:
    seconds, _, rest = text.partition(b":")
    return int(seconds) * 10**9 + int(rest)


def _show_hidden(sealed: Sealed, found: Status) -> None:
    """Let git look at what it was told not to look at; what a sparse checkout left out stays out."""
    there = [path for path in sorted(found.hidden) if os.path.lexists(os.path.join(sealed.where.root, path))]
    # A file that is assumed to be unchanged and is gone is a change as well; one that was skipped is not.
    gone = [path for path in sorted(found.hidden) if path not in there]
    if there:
        names = _names(there)
        sealed.git.run("update-index", "--no-skip-worktree", "-z", "--stdin", given=names)
        sealed.git.run("update-index", "--no-assume-unchanged", "-z", "--stdin", given=names)
    if gone:
        sealed.git.run("update-index", "--no-assume-unchanged", "-z", "--stdin", given=_names(gone))


def _point_at(sealed: Sealed, commit: str | None) -> None:
    if commit is not None:
        with open(sealed.inside("HEAD"), "w", encoding="ascii") as file:
            file.write(f"{commit}\n")


def _take(found: Status, record: str, modules: Mapping[str, str], doubtful: set[str]) -> None:
    """Note what *record* says; a file whose content alone seems to have changed is *doubtful*."""
    kind, _, rest = record.partition(" ")
    if kind == "1":
        *facts, path = rest.split(" ", 7)
        if facts[0][0] != ".":
            found.staged.add(path)
        if path in modules:
            found.moved.update([path] if facts[0][1] != "." else [])
        elif facts[0][1] != ".":
            (doubtful if facts[0][1] == "M" and facts[3] == facts[4] else found.unstaged).add(path)
    elif kind == "u":
        found.conflicted.add(rest.split(" ", 9)[-1])
    elif kind == "?":
        if not is_ours(rest):
            found.untracked.add(rest)
    elif kind == "!":
        found.ignored.add(rest)
    elif record:
        raise RepositoryError(f"git status says what is not understood: {record[:80]}")


def is_ours(path: str) -> bool:
    """Return whether *path* is what the interpreter or envguard write themselves: bytecode in its folder, receipts."""
    parts = path.split("/")
    bytecode = _BYTECODE in parts[:-1] and path.endswith(".pyc")
    return bytecode or path.startswith(_RUNS) or f"/{_RUNS}" in path or _RECEIPT.fullmatch(path) is not None


def filters_of(sealed: Sealed, paths: set[str]) -> dict[str, str]:
    """Return for each of *paths* that a filter applies to the name of the filter."""
    if not paths:
        return {}
    words = list(sealed.git.lines("check-attr", "-z", "--stdin", "filter", given=_names(sorted(paths))))
    return {
        path: value
        for path, _, value in zip(*[iter(words)] * 3, strict=True)
        if value not in ("unspecified", "unset", "set")
    }


def _look_closer(sealed: Sealed, found: Status, doubtful: set[str]) -> None:
    """Compare the content of the files that are *doubtful*, and of those that git need not have compared.

    Git says that a file changed where its size did, although the change may be one of line endings that it converts; and it
    compares times by the second, so that an edit within it can be hidden by putting the time back.
    """
    settled = found.unstaged | found.conflicted
    for path, entry in found.entries.items():
        if path not in settled and path not in doubtful and entry.mode != MODULE and _touched(sealed, path, entry):
            doubtful.add(path)
    for path in [path for path in doubtful if _link(sealed, path) or not _readable(sealed, path)]:
        doubtful.discard(path)
        if not _same_link(sealed, path, found.entries[path]):
            found.unstaged.add(path)
    filters = filters_of(sealed, doubtful)
    plain = sorted(path for path in doubtful if filters.get(path) != "lfs")
    same = {path for path, blob in ids_of(sealed, plain) if blob == found.entries[path].blob}
    for path in doubtful - same:
        name = filters.get(path)
        if name == "lfs":
            pointer = lfs_pointer(os.path.join(sealed.where.root, path))
            if pointer is None or object_id(pointer, sealed.where.object_format) != found.entries[path].blob:
                found.unstaged.add(path)
        elif name is not None:
            found.filters[path] = name
        else:
            found.unstaged.add(path)


def ids_of(sealed: Sealed, paths: list[str]) -> Iterator[tuple[str, str]]:
    """Yield for each of the files *paths* the id of the blob that git would make of it; no filter is run."""
    for start in range(0, len(paths), _AT_ONCE):
        some = paths[start : start + _AT_ONCE]
        yield from zip(some, sealed.git.run("hash-object", "--", *some).decode().split(), strict=True)


def _touched(sealed: Sealed, path: str, entry: Entry) -> bool:
    try:
        seen = os.lstat(os.path.join(sealed.where.root, path))
    except OSError:
        return False
    return entry.times != (seen.st_ctime_ns, seen.st_mtime_ns)


def _readable(sealed: Sealed, path: str) -> bool:
    whole = os.path.join(sealed.where.root, path)
    return os.path.isfile(whole) and os.access(whole, os.R_OK)


def _link(sealed: Sealed, path: str) -> bool:
    return os.path.islink(os.path.join(sealed.where.root, path))


def _same_link(sealed: Sealed, path: str, entry: Entry) -> bool:
    if entry.mode != _LINK or not _link(sealed, path):
        return False
    target = os.fsencode(os.readlink(os.path.join(sealed.where.root, path)))
    return object_id(target, sealed.where.object_format) == entry.blob


def _names(paths: list[str]) -> bytes:
    return b"".join(os.fsencode(path) + b"\0" for path in paths)
