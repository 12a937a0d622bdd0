"""Reading one file: its digest, and the proof that it did not change meanwhile."""

from __future__ import annotations

import errno
import os
import stat

from blake3 import blake3

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .records import Facts

    # Takes an open file and its size; returns its digest, and how many bytes there were.
    Take = Callable[[int, int], tuple[bytes, int]]

_WHOLE = 128 * 1024
_BUFFER = 4 * 1024 * 1024
# Not to wait for a writer at a pipe, nor to become the process of a terminal, that came between listing and opening.
_OPEN = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
# What a file says that is no longer what it was a moment ago.
_GONE = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO, errno.ESTALE))


class UnstableError(Exception):
    """The file changed or vanished while it was read, twice. *errno* is what the system said, 0 where it said nothing."""

    def __init__(self, number: int = 0) -> None:
        super().__init__(number)
        self.errno = number


class NotRegularError(Exception):
    """It is no regular file; *mode* says what it is."""

    def __init__(self, mode: int) -> None:
        super().__init__(mode)
        self.mode = mode


def facts_of(st: os.stat_result) -> Facts:
    """Return what of a stat result tells a changed file from an unchanged one."""
    return st.st_ino, st.st_dev, st.st_size, st.st_mtime_ns, st.st_ctime_ns


def processors() -> int:
    """Return how many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


class Content:
    """Reads files one after the other, with one buffer for all of them and *jobs* threads inside a large one.

    *read* is called with the number of bytes that came, after each piece; a negative number takes back what a changed
    file had brought.
    """

    __slots__ = ("_jobs", "_read", "_view")

    def __init__(self, jobs: int, read: Callable[[int], None]) -> None:
        self._jobs = jobs
        self._read = read
        self._view: memoryview | None = None

    def digest(
        self,
        name: bytes | str,
        folder: int | None = None,
        *,
        link: bool,
        known: Callable[[Facts], bytes | None] | None = None,
        take: Take | None = None,
    ) -> tuple[Facts, bytes, bool]:
        """Return the facts of the file *name* in the open *folder*, its digest, and whether it is the one that was *known*.

        A *link* is followed; where there was none, one that came meanwhile is not. *known* may say the digest of a file
        with such facts, which is then not read. *take* makes the digest; without it that is BLAKE3. OSError where the system
        refuses, NotRegularError, UnstableError.
        """
        take = take or self._blake3
        for last in (False, True):
            try:
                fd = os.open(name, _OPEN if link else _OPEN | _NOFOLLOW, dir_fd=folder)
            except OSError as error:
                if folder is not None and error.errno in _GONE:
                    raise UnstableError(error.errno) from None
                raise
            count = 0
            try:
                before = os.fstat(fd)
                if not stat.S_ISREG(before.st_mode):
                    raise NotRegularError(before.st_mode)
                facts = facts_of(before)
                if known is not None and (digest := known(facts)) is not None:
                    return facts, digest, True
                size = before.st_size
                digest, count = take(fd, size)
                if count == size and facts_of(os.fstat(fd)) == facts:
                    return facts, digest, False
            except OSError as error:
                if folder is not None and error.errno == errno.ESTALE:
                    raise UnstableError(error.errno) from None
                raise
            finally:
                os.close(fd)
            self._read(-count)
            if last:
                break
        raise UnstableError

    def _blake3(self, fd: int, size: int) -> tuple[bytes, int]:
        if size > _WHOLE:
            return self._pieces(fd, size)
        data = read_whole(fd, size)
        self._read(len(data))
        return blake3(data).digest(), len(data)

    def _pieces(self, fd: int, size: int) -> tuple[bytes, int]:
        if self._view is None:
            self._view = memoryview(bytearray(_BUFFER))
        hasher = blake3(max_threads=self._jobs)
        count = 0
        while count <= size and (came := read_into(fd, self._view)):
            hasher.update(self._view[:came])
            count += came
            self._read(came)
        return hasher.digest(), count


def read_whole(fd: int, size: int) -> bytes:
    """Return what an open file of *size* bytes holds, and one byte more where it grew."""
    data = os.read(fd, size + 1)
    while len(data) < size and (more := os.read(fd, size + 1 - len(data))):
        data += more
    return data


def read_into(fd: int, view: memoryview) -> int:
    """Fill *view* from an open file; return how many bytes came, 0 at its end."""
    if hasattr(os, "readv"):
        return os.readv(fd, [view])
    data = os.read(fd, len(view))
    view[: len(data)] = data
    return len(data)
