"""Hashing buffers, files and trees: what a user calls."""

from __future__ import annotations

import errno
import os
import stat
import time

from .. import _native
from ..errors import ConfigError, UnreadableError
from . import quick

# `envguard hash` runs through here: what only some of its callers need is imported where they need it.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol

    from typing_extensions import Buffer

    from ..walked import Counters, Walked
    from .model import Problem, Progress, Tree

    class HasBuffer(Protocol):
        """A numpy array, say: before Python 3.12, the types of numpy do not tell that it is a buffer."""

        @property
        def data(self) -> memoryview: ...  # noqa: D102


def hash_bytes(data: Buffer | HasBuffer) -> str:
    """Return the BLAKE3 hash of *data* as 64 lower-case hexadecimal digits; the GIL is released.

    *data* is any C-contiguous buffer: bytes, a memory map, a numpy array. BufferError where it is not contiguous.
    """
    return _native.hexdigest(data)  # type: ignore[arg-type]


def hash_file(
    path: str | os.PathLike[str], *, jobs: int | None = None, progress: Callable[[Progress], None] | None = None
) -> str:
    """Return the BLAKE3 hash of the file *path* (links followed) as 64 lower-case hexadecimal digits.

    *jobs* is how many threads may work (all processors that this process may use where it is None). *progress* is called
    about ten times a second, on the thread of the caller; what it raises ends the hashing and comes out here.

    UnreadableError where it is missing, no regular file, cannot be read, or changes while it is read.
    """
    name = os.fspath(path)
    threads = _threads(jobs)
    try:
        st = os.stat(name)
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from None
    if stat.S_ISDIR(st.st_mode):
        raise UnreadableError("is a folder: expected a file", path=name, hint=f"envguard hash {name}")
    if not stat.S_ISREG(st.st_mode):
        raise UnreadableError(f"is {_KINDS.get(stat.S_IFMT(st.st_mode), 'no file')}: expected a file", path=name)
    digest = file_engine()(os.fsencode(name), jobs=threads, tick=_ticks(progress, bytes_total=st.st_size))
    if not isinstance(digest, bytes):
        raise _refused(name, digest)
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
    from .manifest import Manifest
    from .model import Tree

    with walk_tree(path, ignore=ignore, jobs=jobs, cache=cache, sample=sample, progress=progress) as walked:
        root = walked.root
        return Tree(
            path=os.fspath(path),
            root=None if root is None else root.hex(),
            files=walked.files,
            bytes=walked.bytes,
            cached=walked.cached,
            sampled=walked.sampled,
            ignore=tuple(ignore),
            problems=walked.problems,
            problem_count=walked.problem_count,
            manifest=Manifest(b"".join(walked.manifest())) if manifest and root is not None else None,
        )


def walk_tree(
    path: str | os.PathLike[str],
    *,
    ignore: Sequence[str] = (),
    jobs: int | None = None,
    cache: bool = True,
    sample: float = 0.0,
    progress: Callable[[Progress], None] | None = None,
) -> Walked:
    """Return what ``hash_tree`` is told by the engine: a context that is to be left. Arguments and errors are the same."""
    name = os.fspath(path)
    patterns: Sequence[bytes] = ()
    if ignore:
        from .ignore import validate

        patterns = validate(ignore)
    threads = _threads(jobs)
    if not 0.0 <= sample <= 1.0:
        raise ConfigError(f"the share of files to sample is {sample}: expected a number from 0 to 1")
    if os.open not in os.supports_dir_fd:
        raise UnreadableError("cannot be hashed on this system: it opens no files relative to a folder", path=name)
    try:
        walked = quick.walk(name, patterns, jobs=threads, cache=cache, sample=sample, tick=_ticks(progress))
    except ValueError as error:
        raise _unreadable(name, error) from None
    if walked.problems and not walked.problems[0].path:
        walked.close()
        raise _refused(name, walked.problems[0])
    return walked


def _ticks(
    progress: Callable[[Progress], None] | None, *, bytes_total: int | None = None
) -> Callable[[Counters], None] | None:
    if progress is None:
        return None
    from .progress import Pace, told

    return told(Pace(time.monotonic(), bytes_total=bytes_total), progress)


def file_engine() -> Callable[..., bytes | Problem]:
    """Return what hashes one file, in the same way."""
    try:
        from .._native import trees
    except ImportError:
        from . import walk

        return walk.hash_file
    return trees.hash_file


_KINDS = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}


def _threads(jobs: int | None) -> int:
    if jobs is None:
        return 0
    if jobs < 1:
        raise ConfigError(f"the number of jobs is {jobs}: expected at least 1")
    return jobs


def _unreadable(path: str, error: OSError | ValueError) -> UnreadableError:
    if isinstance(error, ValueError):
        # Its text differs from one Python to the next.
        return UnreadableError("cannot be read: its name has a NUL byte, which no file has", path=path)
    why = error.strerror or str(error)
    return UnreadableError(f"cannot be read: {why.lower()}", path=path)


def _refused(path: str, problem: Problem) -> UnreadableError:
    """Return the error for a file, or the root of a tree, that has no hash itself."""
    if problem.errno == errno.ENOTDIR:
        return UnreadableError("is no folder: expected the folder of a tree", path=path, hint=f"envguard hash {path}")
    if problem.kind == "unstable":
        return UnreadableError("changed while it was read", path=path, hint="run the command again")
    return UnreadableError(f"cannot be read: {os.strerror(problem.errno).lower()}", path=path)
