"""What ``envguard hash`` does, once it is known what was asked for.

Most of what is hashed takes less time than click takes to be imported. So the plain command line comes here without it
(see ``hash_line``), and nothing is imported that hashing does not need.
"""

from __future__ import annotations

import os
import stat

from ..errors import ConfigError, EnvguardError, UnreadableError
from . import streams
from .progress import ProgressLine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..walked import Problem
    from .console import Console

STDIN = "-"
FAILED = 2
_SHOWN = 8
_BLOCK = 1 << 20


def hash_paths(
    paths: Sequence[str],
    *,
    manifest: bool,
    ignore: Sequence[str],
    jobs: int | None,
    cache: bool,
    console: Callable[[], Console],
) -> int:
    """Print a line for each of *paths*, or the *manifest* of the one; return the exit status. *console* is for errors.

    Raises ConfigError for what no path can mend, SilentError where standard output cannot be written.
    """
    status = 0
    with ProgressLine() as line:
        hasher = _Hasher(line, manifest=manifest, ignore=ignore, jobs=jobs, cache=cache)
        for path in paths:
            try:
                data = hasher.hash(path)
            except ConfigError:
                raise
            except EnvguardError as error:
                line.clear()
                console().error(error)
                status = FAILED
                continue
            line.clear()
            if data is None:
                tell_problems(console(), path, *hasher.failed)
                status = FAILED
            elif not streams.emit_bytes(data):
                from .console import SilentError

                raise SilentError
    return status


class _Hasher:
    """Hashes what a path leads to; *failed* are the problems of the last tree that had no root, and their number."""

    def __init__(
        self, line: ProgressLine, *, manifest: bool, ignore: Sequence[str], jobs: int | None, cache: bool
    ) -> None:
        self.line = line
        self.manifest = manifest
        self.ignore = ignore
        self.jobs = jobs
        self.cache = cache
        self.failed: tuple[Sequence[Problem], int] = ((), 0)

    def hash(self, path: str) -> bytes | None:
        """Return what is to be printed of *path*; None where it is a tree that has no root."""
        if path == STDIN:
            return digest_line(self.stream(0, path), path) if not self.manifest else self.refuse(path)
        try:
            mode = os.stat(path).st_mode
        except (OSError, ValueError) as error:
            raise UnreadableError(_reason(error), path=path) from None
        if stat.S_ISDIR(mode):
            return self.tree(path)
        if self.manifest:
            return self.refuse(path)
        if stat.S_ISREG(mode):
            from ..data.trees import hash_file

            return digest_line(hash_file(path, jobs=self.jobs, progress=self.line.callback), path)
        try:
            fd = os.open(path, os.O_RDONLY)
        except OSError as error:
            raise UnreadableError(_reason(error), path=path) from None
        try:
            return digest_line(self.stream(fd, path), path)
        finally:
            os.close(fd)

    def tree(self, path: str) -> bytes | None:
        from ..data.trees import walk_tree

        with walk_tree(
            path, ignore=self.ignore, jobs=self.jobs, cache=self.cache, progress=self.line.callback
        ) as walked:
            if walked.root is None:
                self.failed = (walked.problems, walked.problem_count)
                return None
            if self.manifest:
                return b"".join(walked.manifest())
            return digest_line(walked.root.hex(), path if path.endswith("/") else f"{path}/")

    @staticmethod
    def stream(fd: int, path: str) -> str:
        """Return the digest of all that can be read from *fd*: a pipe has no size and cannot be read twice."""
        from blake3 import blake3

        hasher = blake3(max_threads=blake3.AUTO)
        try:
            while block := os.read(fd, _BLOCK):
                hasher.update(block)
        except OSError as error:
            raise UnreadableError(_reason(error), path=path) from None
        return hasher.hexdigest()

    @staticmethod
    def refuse(path: str) -> bytes:
        raise UnreadableError("is no folder: only a folder has a manifest", path=path)


def digest_line(digest: str, path: str) -> bytes:
    r"""Return the line of *path* as b3sum writes it: what holds a backslash or an end of line begins with a backslash."""
    name = os.fsencode(path)
    escaped = name.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
    return b"%s%s  %s\n" % (b"\\" if escaped != name else b"", digest.encode(), escaped)


def tell_problems(console: Console, path: str, problems: Sequence[Problem], count: int) -> None:
    """Say what keeps the tree at *path* from having a root: the first few of its *problems*, and their *count*."""
    from ..amounts import plural
    from ..names import printable
    from ..report.words import shorten
    from ..trees.words import fault
    from .console import current_folder

    for problem in problems[:_SHOWN]:
        place = os.path.join(path, os.fsdecode(problem.path)) if problem.path else path
        console.error(UnreadableError(fault(problem), path=place))
    more = f", of which the first {_SHOWN} are shown" if count > _SHOWN else ""
    console.say(f"{printable(shorten(path, current_folder()))} has no root: {plural(count, 'problem')}{more}")


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file or folder"
    strerror = getattr(error, "strerror", None)
    return f"cannot be read: {(strerror or str(error)).lower()}"
