"""Hashing buffers, files and trees: what a user calls."""

from __future__ import annotations

import errno
import os
import stat
import time
from typing import TYPE_CHECKING

from .. import _native
from ..errors import ConfigError, UnreadableError
from . import stat_cache
from .ignore import validate
from .manifest import Manifest
from .model import Tree
from .progress import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typing_extensions import Buffer

    from ..walked import Counters, Problem, Walked
    from .model import Progress


def hash_bytes(data: Buffer) -> str:
    """Return the BLAKE3 hash of *data* as 64 lower-case hexadecimal digits; the GIL is released.

    *data* is any C-contiguous buffer: bytes, a memory map, a numpy array. BufferError where it is not contiguous.
    """
    return _native.hexdigest(data)


def hash_file(
    path: str | os.PathLike[str], *, jobs: int | None = None, progress: Callable[[Progress], None] | None = None
) -> str:
    """Return the BLAKE3 hash of the file *path* (links followed) as 64 lower-case hexadecimal digits.

    *jobs* is how many threads may work (all processors that this process may use where it is None). *progress* is called
    about ten times a second, on the thread of the caller; what it raises ends the hashing and comes out here.

    UnreadableError where it is missing, no regular file, cannot be read, or changes while it is read.
    """
    from .content import Content, NotRegularError, UnstableError, processors

    name = os.fspath(path)
    threads = _threads(jobs) or processors()
    try:
        st = os.stat(name)
        _expect_file(name, st.st_mode)
        content = Content(threads, _Meter(Pace(time.monotonic(), bytes_total=st.st_size), progress))
        _, digest, _ = content.digest(name, link=True)
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from None
    except NotRegularError as error:
        _expect_file(name, error.mode)
        raise
    except UnstableError:
        raise UnreadableError("changed while it was read", path=name, hint="run the command again") from None
    return digest.hex()


def hash_tree(
    path: str | os.PathLike[str],
    *,
    ignore: Sequence[str] = (),
    jobs: int | None = None,
    cache: bool = True,
    sample: float = 0.0,
    manifest: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Tree:
    """Return what the folder *path* holds, by content: its root, and its manifest where *manifest* is asked for.

    Links are followed. *ignore* are patterns as in a ``.gitignore`` (see ``envguard.data.ignore``) for what is left out.
    With *cache*, files that the stat cache of this machine proves unchanged are not read; a share *sample* of those,
    0 to 1 and chosen anew each time, is read all the same. *jobs* and *progress* as for ``hash_file``.

    What keeps the tree from having a root is in ``problems`` of the result. UnreadableError where *path* itself is
    missing or no folder, or cannot be listed; ConfigError for a pattern or another argument that means nothing.
    """
    name = os.fspath(path)
    patterns = validate(ignore)
    threads = _threads(jobs)
    if not 0.0 <= sample <= 1.0:
        raise ConfigError(f"the share of files to sample is {sample}: expected a number from 0 to 1")
    # Before the first look at the tree: what changes from now on must not be recorded.
    now = time.time_ns()
    kept = stat_cache.path_of(os.fsencode(os.path.realpath(name)), patterns) if cache else None
    cutoffs, cutoff = stat_cache.cutoffs(now) if kept else ({}, 0)
    pace = Pace(time.monotonic())

    def tick(counters: Counters) -> None:
        if progress is not None:
            progress(_progress(pace, counters))

    with engine()(
        os.fsencode(name),
        ignore=patterns,
        jobs=threads,
        records=(stat_cache.read(kept) or b"") if kept else None,
        cutoffs=cutoffs,
        cutoff=cutoff,
        sample=sample,
        seed=int.from_bytes(os.urandom(8), "little"),
        tick=None if progress is None else tick,
    ) as walked:
        if walked.problems and not walked.problems[0].path:
            raise _no_tree(name, walked.problems[0])
        if kept and walked.stale:
            stat_cache.write(kept, walked.records())
        root = walked.root
        return Tree(
            path=name,
            root=None if root is None else root.hex(),
            files=walked.files,
            bytes=walked.bytes,
            cached=walked.cached,
            sampled=walked.sampled,
            ignore=tuple(ignore),
            problems=walked.problems,
            manifest=Manifest(b"".join(walked.manifest())) if manifest and root is not None else None,
        )


def engine() -> Callable[..., Walked]:
    """Return what walks trees: the C core, or the Python that stands in for it."""
    try:
        from .._native.trees import walk  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        from .walk import walk
    return walk  # type: ignore[no-any-return, unused-ignore]


_KINDS = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}


class _Meter:
    """Tells a callback about bytes that come, ten times a second."""

    __slots__ = ("_count", "_due", "_pace", "_progress")

    def __init__(self, pace: Pace, progress: Callable[[Progress], None] | None) -> None:
        self._count = 0
        self._due = time.monotonic() + 0.1
        self._pace = pace
        self._progress = progress

    def __call__(self, count: int) -> None:
        self._count += count
        if self._progress is not None and (now := time.monotonic()) >= self._due:
            self._due = now + 0.1
            self._progress(self._pace.at(now, files=0, size=self._count, files_total=1))


def _progress(pace: Pace, counters: Counters) -> Progress:
    return pace.at(
        time.monotonic(),
        files=counters.files_done,
        size=counters.bytes_done,
        cached=counters.files_cached,
        files_total=counters.files_found if counters.listed else None,
    )


def _threads(jobs: int | None) -> int:
    if jobs is None:
        return 0
    if jobs < 1:
        raise ConfigError(f"the number of jobs is {jobs}: expected at least 1")
    return jobs


def _expect_file(path: str, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise UnreadableError("is a folder: expected a file", path=path, hint=f"envguard hash {path}")
    if not stat.S_ISREG(mode):
        raise UnreadableError(f"is {_KINDS.get(stat.S_IFMT(mode), 'no file')}: expected a file", path=path)


def _unreadable(path: str, error: OSError | ValueError) -> UnreadableError:
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return UnreadableError(f"cannot be read: {why.lower()}", path=path)


def _no_tree(path: str, problem: Problem) -> UnreadableError:
    if problem.errno == errno.ENOTDIR:
        return UnreadableError("is no folder: expected the folder of a tree", path=path, hint=f"envguard hash {path}")
    return UnreadableError(f"cannot be read: {os.strerror(problem.errno).lower()}", path=path)
