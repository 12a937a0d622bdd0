"""Writing a file so that a kill at any moment leaves the old content or the new one."""

from __future__ import annotations

import contextlib
import os
import stat
import time

from .errors import WriteError


def write_atomic(path: str, data: bytes, *, durable: bool = True) -> None:
    """Replace the content of *path* by *data*.

    A temporary file in the same folder is written, flushed to disk and renamed over *path*, whose permission bits are
    kept; a link is followed, so that what it points to is replaced and the link stays. WriteError where any step fails;
    then the old content still stands and nothing is left behind. What is not *durable* is not flushed to disk: it outlives the
    process, and a crash of the machine may cost it.
    """
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    temporary = os.path.join(folder, f".{os.path.basename(target)}.{os.getpid()}-{time.time_ns()}.tmp")
    try:
        mode = stat.S_IMODE(os.stat(target).st_mode)
    except OSError:
        mode = None
    if mode is not None and not os.access(target, os.W_OK):
        # A rename would get around the write protection of the file itself.
        raise WriteError("cannot be written: it is write-protected", path=path)
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(data)
                if mode is not None:
                    os.chmod(temporary, mode)
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        if durable:
            _sync_folder(folder)
    except OSError as error:
        raise WriteError(f"cannot be written: {(error.strerror or str(error)).lower()}", path=path) from None


def _sync_folder(folder: str) -> None:
    # The rename itself is only durable once the folder is; where a system cannot do that, the rename is still atomic.
    with contextlib.suppress(OSError):
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
