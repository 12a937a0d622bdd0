"""The look into a folder of packages in pure Python, over ``hashlib``: what does the work where there is no C core.

Folders are listed one after the other, and small files are hashed on the spot: over those, threads of Python only hand the
interpreter to and fro. Large ones go to as many threads as there are processors; reading and hashing let it go.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from base64 import urlsafe_b64encode
from bisect import bisect_left
from collections import deque
from typing import TYPE_CHECKING

from blake3 import blake3

from ..data.content import Content, NotRegularError, UnstableError, facts_of, processors, read_into, read_whole
from ..data.listing import identity_of, opened
from ..data.records import Records, key_in, key_of, ordered, packed
from ..data.telling import BEAT, Telling
from ..walked import Problem

if TYPE_CHECKING:
    import builtins
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Executor, Future
    from types import TracebackType
    from typing import Self

    from ..data.content import Take
    from ..data.records import Facts
    from ..walked import Counters

    Found = tuple[Facts, bytes, bool]

_HEAD = 16
# The second half of what a record holds of a head. That a SHA-256 ends like this is as likely as a collision of 128 bits.
_MARK = b"envguard: a head"
_LARGE = 256 * 1024
_PIECE = 1024 * 1024
_AHEAD = 64
_KINDS = {"": 0, "link": 1, "dangling": 2, "special": 3}
_GONE = frozenset((errno.ENOENT, errno.ENOTDIR))
_TO_NOTHING = _GONE | {errno.ELOOP}


def look(
    root: bytes,
    wanted: bytes,
    *,
    alone: bool = False,
    heads: bool = True,
    jobs: int = 0,
    records: bytes | None = None,
    cutoffs: Mapping[int, int] | None = None,
    cutoff: int = 0,
    tick: Callable[[Counters], None] | None = None,
) -> Listed:
    """Return what the folder *root* holds: arguments and result are those of ``envguard._native.listed.look``."""
    run = _Run(wanted.split(b"\0")[:-1], alone=alone, heads=heads, jobs=jobs or processors(), tick=tick)
    run.keeps = records is not None
    run.known = Records(records or b"")
    run.cutoffs, run.cutoff = cutoffs or {}, cutoff
    try:
        run.root = os.open(root, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        run.problems.append(Problem(path=b"", kind="unreadable", errno=error.errno or 0))
        return Listed(run, records)
    try:
        run.go()
    finally:
        run.end()
        os.close(run.root)
    return Listed(run, records)


class _Run(Telling):
    """One look, while it lasts. *rows* are path, what stands in the middle of the row, kind, and facts of a file."""

    def __init__(
        self, wanted: list[bytes], *, alone: bool, heads: bool, jobs: int, tick: Callable[[Counters], None] | None
    ) -> None:
        super().__init__(tick)
        self.root = -1
        self.alone = alone
        self.keeps = False
        self.known = Records(b"")
        self.cutoffs: Mapping[int, int] = {}
        self.cutoff = 0
        self.rows: list[tuple[bytes, bytes, str, Facts | None]] = []
        self.problems: list[Problem] = []
        self.records: list[bytes] = []
        self.bytes = 0
        self.followed = False
        self._sorted = wanted
        self._wanted = frozenset(wanted)
        self._heads = heads
        self._jobs = jobs
        self._content = Content(1, lambda _: None)
        self._pool: Executor | None = None
        self._waiting: deque[tuple[bytes, Future[Found]]] = deque()

    def go(self) -> None:
        if self.alone:
            self._found = len(self._sorted)
            for path in self._sorted:
                self._file(self.root, b"", path, link=True)
        else:
            self._list()
        self._listed = True
        while self._waiting:
            self._take()
        self.rows.sort()
        self.problems.sort(key=lambda problem: problem.path)
        self._tell()

    def end(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _list(self) -> None:
        todo: list[tuple[bytes, bool, tuple[tuple[int, int], ...]]] = [(b"", True, ())]
        while todo:
            folder, link, above = todo.pop()
            try:
                handle = opened(self.root, folder, link=link)
            except OSError as error:
                gone = folder and error.errno in _TO_NOTHING
                self._problem(folder.rstrip(b"/"), "unstable" if gone else "unreadable", error.errno or 0)
                continue
            try:
                identity = identity_of(handle)
                if identity in above:
                    self._problem(folder.rstrip(b"/"), "loop", errno.ELOOP)
                    continue
                with os.scandir(handle) as entries:
                    for entry in entries:
                        below = self._entry(handle, folder, os.fsencode(entry.name), entry)
                        if below is not None:
                            todo.append((*below, (*above, identity)))
            except OSError as error:
                self._problem(folder.rstrip(b"/"), "unreadable", error.errno or 0)
            finally:
                os.close(handle)

    def _entry(self, handle: int, folder: bytes, name: bytes, entry: os.DirEntry[str]) -> tuple[bytes, bool] | None:
        """Take one entry of the open *folder*; return a folder that is to be listed, and whether it is a link."""
        link = entry.is_symlink()
        if link:
            try:
                mode = os.stat(name, dir_fd=handle).st_mode
            except OSError as error:
                if error.errno in _TO_NOTHING:
                    self._plain(folder + name, "dangling")
                else:
                    self._problem(folder + name, "unreadable", error.errno or 0)
                return None
            is_folder, is_file = stat.S_ISDIR(mode), stat.S_ISREG(mode)
        else:
            is_folder, is_file = entry.is_dir(follow_symlinks=False), entry.is_file(follow_symlinks=False)
        if is_folder:
            below = folder + name + b"/"
            if link and not self._leads_to_wanted(below):
                self._plain(folder + name, "link")
                return None
            self.followed = self.followed or link
            return below, link
        self._found += 1
        if is_file:
            self._file(handle, folder, name, link=link)
        else:
            self._plain(folder + name, "special")
        return None

    def _leads_to_wanted(self, folder: bytes) -> bool:
        at = bisect_left(self._sorted, folder)
        return at < len(self._sorted) and self._sorted[at].startswith(folder)

    def _file(self, handle: int, folder: bytes, name: bytes, *, link: bool) -> None:
        path = folder + name
        wanted = path in self._wanted
        head = not wanted and self._heads and len(name) > 4 and name.endswith(b".pyc")
        try:
            if not wanted and not head:
                self._finish(path, (self._stat(handle, name, link=link), b"", False), listed=True)
                return
            st = os.stat(name, dir_fd=handle, follow_symlinks=link)
            facts = facts_of(st)
            if stat.S_ISREG(st.st_mode) and self._is_local(st.st_dev) and (digest := self._known(path, facts)):
                self._finish(path, (facts, digest, True))
            elif wanted and st.st_size > _LARGE:
                self._hand_over(folder, name, link=link)
            else:
                self._finish(path, self._digest(handle, path, name, _take_head if head else _take_whole, link=link))
        except (OSError, UnstableError, NotRegularError) as error:
            self._refused(path, error)
        self._beat()

    def _stat(self, handle: int, name: bytes, *, link: bool) -> Facts:
        """Return the facts of a file that is not read."""
        st = os.stat(name, dir_fd=handle, follow_symlinks=link)
        if not self._is_local(st.st_dev):
            try:
                return self._content.digest(name, handle, link=link, take=lambda _, size: (b"", size))[0]
            except PermissionError:
                pass  # what nobody here can read can be listed all the same
        return facts_of(st)

    def _is_local(self, device: int) -> bool:
        # A client of a network file system may answer a stat from what it heard a minute ago; only opening asks the server.
        # Those are the devices that have no cutoff of their own, later than the one for all.
        return self.cutoffs.get(device, self.cutoff) > self.cutoff

    def _key(self, path: bytes) -> int:
        # What is found by its path alone lies in no folder that was listed.
        return key_in(b"", path) if self.alone else key_of(path)

    def _known(self, path: bytes, facts: Facts) -> bytes | None:
        digest = self.known.find(self._key(path), facts) if len(self.known) else None
        is_head = path not in self._wanted
        return digest if digest is not None and (digest[_HEAD:] == _MARK) == is_head else None

    def _digest(self, handle: int, path: bytes, name: bytes, take: Take, *, link: bool) -> Found:
        return self._content.digest(name, handle, link=link, take=take, known=lambda facts: self._known(path, facts))

    def _hand_over(self, folder: bytes, name: bytes, *, link: bool) -> None:
        if self._pool is None:
            from concurrent.futures import ThreadPoolExecutor

            self._pool = ThreadPoolExecutor(self._jobs)
        if len(self._waiting) >= _AHEAD:
            self._take()

        def work() -> Found:
            handle = opened(self.root, folder)
            try:
                return self._digest(handle, folder + name, name, _take_pieces, link=link)
            finally:
                os.close(handle)

        self._waiting.append((folder + name, self._pool.submit(work)))

    def _take(self) -> None:
        path, future = self._waiting.popleft()
        while True:
            try:
                self._finish(path, future.result(timeout=BEAT))
            except TimeoutError:
                self._beat()
                continue
            except (OSError, UnstableError, NotRegularError) as error:
                self._refused(path, error)
            return

    def _finish(self, path: bytes, found: Found, *, listed: bool = False) -> None:
        facts, digest, cached = found
        middle = b""
        if not listed:
            is_head = path not in self._wanted
            middle = b"head=" + digest[:_HEAD].hex().encode() if is_head else b"sha256=" + _base64(digest)
            self.bytes += 0 if is_head else facts[2]
            self._bytes_done += 0 if cached else facts[2]
            self.cached += cached
            if self.keeps and max(facts[3], facts[4]) < self.cutoffs.get(facts[1], self.cutoff):
                self.records.append(packed(self._key(path), facts, digest))
        self._done += 1
        self.rows.append((path, middle, "", facts))

    def _plain(self, path: bytes, kind: str) -> None:
        self._done += 1
        self.rows.append((path, kind.encode(), kind, None))

    def _refused(self, path: bytes, error: OSError | UnstableError | NotRegularError) -> None:
        self._done += 1
        number = 0 if isinstance(error, NotRegularError) else error.errno or 0
        if self.alone and number in _GONE:
            return
        if isinstance(error, NotRegularError):
            kind = "unstable" if not self.alone else "folder" if stat.S_ISDIR(error.mode) else "special"
        elif isinstance(error, UnstableError):
            kind = "loop" if self.alone and number == errno.ELOOP else "unstable"
        elif number == errno.ELOOP:
            kind = "loop"
        else:
            kind = "unstable" if not self.alone and number in _GONE else "unreadable"
        self._problem(path, kind, number)

    def _problem(self, path: bytes, kind: str, number: int) -> None:
        self.problems.append(Problem(path=path, kind=kind, errno=number))


class Listed:
    """What is in a folder of packages: see ``envguard.walked.Listed``."""

    __slots__ = (
        "_records",
        "_rows",
        "bytes",
        "cached",
        "files",
        "problem_count",
        "problems",
        "settled",
        "stale",
        "state",
    )

    def __init__(self, run: _Run, given: builtins.bytes | None) -> None:
        self._rows = run.rows
        self._records = ordered(run.records)
        self.files = sum(facts is not None for *_, facts in run.rows)
        self.bytes = run.bytes
        self.cached = run.cached
        self.problems = tuple(run.problems)
        self.problem_count = len(run.problems)
        self.stale = given is not None and self._records != given
        self.settled = not run.alone and not run.problems and not run.followed
        hasher = blake3()
        for path, _, kind, facts in run.rows:
            hasher.update(path + bytes((0, _KINDS[kind])))
            if facts is not None:
                inode, device, size, mtime, ctime = facts
                hasher.update(
                    b"".join((n & (1 << 64) - 1).to_bytes(8, "little") for n in (inode, device, size, mtime, ctime))
                )
                self.settled = self.settled and max(mtime, ctime) < run.cutoffs.get(device, run.cutoff)
        self.state: builtins.bytes = hasher.digest()

    def rows(self) -> tuple[list[builtins.bytes], list[int]]:
        """Return the rows and the mtime of each."""
        return (
            [
                b"%b,%b,%b" % (path, middle, b"" if facts is None else b"%d" % facts[2])
                for path, middle, _, facts in self._rows
            ],
            [0 if facts is None else facts[3] for *_, facts in self._rows],
        )

    def records(self) -> Iterator[builtins.bytes]:
        """Yield the records to keep."""
        yield self._records

    def close(self) -> None:
        """Let go of everything."""
        self._rows = []
        self._records = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _take_whole(handle: int, size: int) -> tuple[bytes, int]:
    data = read_whole(handle, size)
    return hashlib.sha256(data).digest(), len(data)


def _take_pieces(handle: int, size: int) -> tuple[bytes, int]:
    hasher, view, count = hashlib.sha256(), memoryview(bytearray(_PIECE)), 0
    while count <= size and (came := read_into(handle, view)):
        hasher.update(view[:came])
        count += came
    return hasher.digest(), count


def _take_head(handle: int, size: int) -> tuple[bytes, int]:
    head = os.read(handle, _HEAD)
    # It is whole, whatever comes behind it.
    return head.ljust(_HEAD, b"\0") + _MARK, size if len(head) == min(size, _HEAD) else -1


def _base64(digest: bytes) -> bytes:
    return urlsafe_b64encode(digest).rstrip(b"=")
