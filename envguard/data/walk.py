"""The walk over a tree in pure Python, over the ``blake3`` package: what does the work where there is no C core.

The tree is listed first, so that progress knows how much there is, and then hashed folder by folder. Nothing is done by
threads here but the hashing inside a large file: over small files, threads of Python hand the interpreter to and fro, and
everything gets slower. No file is mapped: reading from a map ends the process when somebody truncates the file.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from blake3 import blake3

from ..walked import Problem
from .content import Content, NotRegularError, UnstableError, facts_of, processors
from .ignore import Ignore
from .lines import written
from .listing import Folder, Listing, identity_of, opened
from .records import Records, is_sampled, key_of, ordered, packed
from .telling import Telling

if TYPE_CHECKING:
    import builtins
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType
    from typing import Self

    from ..walked import Counters
    from .records import Facts

_PIECE = 1024 * 1024


def walk(
    root: bytes,
    *,
    ignore: Sequence[bytes] = (),
    jobs: int = 0,
    records: bytes | None = None,
    cutoffs: Mapping[int, int] | None = None,
    cutoff: int = 0,
    sample: float = 0.0,
    seed: int = 0,
    tick: Callable[[Counters], None] | None = None,
) -> Walked:
    """Return what the tree at *root* holds.

    *ignore* are patterns that ``envguard.data.ignore`` has validated. *jobs* is the number of threads, 0 for one a
    processor. *records* are those of an earlier walk: a file whose facts are all as recorded is not read, but for the
    share *sample* that *seed* chooses. Where they are given, be there none, records are kept of the files that changed
    last before *cutoffs* of their device (nanoseconds since the epoch), or *cutoff* where it is not there. *tick* is called about ten times a second, on the
    thread of the caller; what it raises ends the walk and comes out here.
    """
    run = _Run(jobs or processors(), tick)
    run.keeps = records is not None
    run.known = Records(records or b"")
    run.cutoffs, run.cutoff = cutoffs or {}, cutoff
    run.sample, run.seed = sample, seed
    try:
        handle = os.open(root, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        run.problems.append(Problem(path=b"", kind="unreadable", errno=error.errno or 0))
        return Walked(run, records)
    try:
        run.go(handle, Ignore(ignore))
    finally:
        os.close(handle)
    return Walked(run, records)


def hash_file(path: bytes, *, jobs: int = 0, tick: Callable[[Counters], None] | None = None) -> bytes | Problem:
    """Return the hash of the file *path* (32 bytes), or what keeps it from having one."""
    run = _Run(jobs or processors(), tick)
    return run.alone(path)


class _Run(Telling):
    """One walk, while it lasts."""

    def __init__(self, jobs: int, tick: Callable[[Counters], None] | None) -> None:
        super().__init__(tick)
        self.keeps = False
        self.known = Records(b"")
        self.cutoffs: Mapping[int, int] = {}
        self.cutoff = 0
        self.sample = 0.0
        self.seed = 0
        self.rows: list[tuple[bytes, bytes]] = []
        self.problems: list[Problem] = []
        self.records: list[bytes] = []
        self.bytes = self.sampled = 0
        self._content = Content(jobs, self._read)

    def go(self, root: int, ignore: Ignore) -> None:
        listing = Listing(root, ignore, self._file_found)
        self.problems = listing.problems
        listing.run()
        self._listed = True
        for folder in listing.folders:
            path = folder.path.rstrip(b"/")
            try:
                handle = opened(root, folder.path, link=folder.link)
            except OSError as error:
                self.problems.append(Problem(path=path, kind="unstable", errno=error.errno or 0))
                continue
            try:
                if identity_of(handle) != folder.identity:
                    self.problems.append(Problem(path=path, kind="unstable", errno=0))
                    continue
                for name, link in folder.files:
                    self._file(folder, handle, name, link=link)
                    self._beat()
            finally:
                os.close(handle)
            # What is done is not held twice.
            folder.files.clear()
        self._tell()
        self.rows.sort()
        self.problems.sort(key=lambda problem: problem.path)

    def alone(self, path: bytes) -> bytes | Problem:
        self._found, self._listed = 1, True
        try:
            _, digest, _ = self._content.digest(path, link=True)
        except UnstableError as error:
            return Problem(path=b"", kind="unstable", errno=error.errno)
        except NotRegularError as error:
            folder = stat.S_ISDIR(error.mode)
            return Problem(path=b"", kind="unreadable" if folder else "special", errno=errno.EISDIR if folder else 0)
        except OSError as error:
            return Problem(path=b"", kind="unreadable", errno=error.errno or 0)
        self._done = 1
        self._tell()
        return digest

    def _file(self, folder: Folder, handle: int, name: bytes, *, link: bool) -> None:
        path = folder.path + name
        key = key_of(path) if self.keeps else 0
        self._done += 1
        try:
            facts, digest, cached = self._digest(key, handle, name, link=link)
        except UnstableError as error:
            self.problems.append(Problem(path=path, kind="unstable", errno=error.errno))
            return
        except NotRegularError:
            self.problems.append(Problem(path=path, kind="unstable", errno=0))
            return
        except OSError as error:
            self.problems.append(Problem(path=path, kind="unreadable", errno=error.errno or 0))
            return
        if cached:
            self.cached += 1
            self._bytes_done += facts[2]
        elif (kept := self.known.find(key, facts)) is not None:
            self.sampled += 1
            if kept != digest:
                self.problems.append(Problem(path=path, kind="silent", errno=0))
                return
        self.rows.append((path, digest))
        self.bytes += facts[2]
        if self.keeps and max(facts[3], facts[4]) < self.cutoffs.get(facts[1], self.cutoff):
            self.records.append(packed(key, facts, digest))

    def _digest(self, key: int, handle: int, name: bytes, *, link: bool) -> tuple[Facts, bytes, bool]:
        if not len(self.known) or (self.sample and is_sampled(key, self.seed, self.sample)):
            return self._content.digest(name, handle, link=link)
        st = os.stat(name, dir_fd=handle, follow_symlinks=link)
        facts = facts_of(st)
        # A client of a network file system may answer a stat from what it heard a minute ago; only opening asks the
        # server. Those are the devices that have no cutoff of their own, later than the one for all.
        local = self.cutoffs.get(st.st_dev, self.cutoff) > self.cutoff
        if local and stat.S_ISREG(st.st_mode) and (digest := self.known.find(key, facts)) is not None:
            return facts, digest, True
        return self._content.digest(name, handle, link=link, known=lambda now: self.known.find(key, now))

    def _file_found(self, count: int) -> None:
        self._found += count
        self._beat()

    def _read(self, count: int) -> None:
        self._bytes_done += count
        self._beat()


class Walked:
    """What a walk found: see ``envguard.walked.Walked``."""

    __slots__ = (
        "_records",
        "_rows",
        "bytes",
        "cached",
        "files",
        "problem_count",
        "problems",
        "root",
        "sampled",
        "stale",
    )

    def __init__(self, run: _Run, given: builtins.bytes | None) -> None:
        self._rows = run.rows
        self._records = ordered(run.records)
        self.files = len(run.rows)
        self.bytes = run.bytes
        self.cached = run.cached
        self.sampled = run.sampled
        self.problems = tuple(run.problems)
        self.problem_count = len(run.problems)
        self.stale = given is not None and self._records != given
        self.root: builtins.bytes | None = None
        if not self.problems:
            hasher = blake3()
            for piece in self.manifest():
                hasher.update(piece)
            self.root = hasher.digest()

    def manifest(self) -> Iterator[builtins.bytes]:
        """Yield the manifest in pieces of about a MiB."""
        lines: list[builtins.bytes] = []
        size = 0
        for path, digest in self._rows:
            lines.append(written(path, digest.hex().encode()))
            size += len(lines[-1])
            if size >= _PIECE:
                yield b"".join(lines)
                lines, size = [], 0
        if lines:
            yield b"".join(lines)

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
