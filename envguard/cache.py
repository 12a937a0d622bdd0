"""The cache folder of this machine, and how a file in it is replaced.

What lies there is a hint: it may be lost, corrupt or of another version without harm, and where it cannot be written,
envguard goes without. This module lies on the path of every clean check: it imports nothing heavy.
"""

from __future__ import annotations

import os
import time

from .trace import checksum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def folder() -> str | None:
    """Return the absolute cache folder, or None where there is no place for one.

    ``ENVGUARD_CACHE_DIR``, else ``envguard`` under ``XDG_CACHE_HOME``, else ``.cache/envguard`` in the home folder.
    """
    if chosen := os.environ.get("ENVGUARD_CACHE_DIR"):
        return os.path.abspath(chosen)
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "envguard") if os.path.isabs(base) else None


def replace(path: str, data: bytes | Iterable[bytes]) -> bool:
    """Put *data*, whole or in pieces, in the place of the file *path*, for this user alone; return whether that was done.

    Whoever reads at the same time sees the old file or the new one. Nothing is flushed to disk: what a crash of the
    machine leaves is told by a checksum, and costs time only.
    """
    temporary = f"{path}.{os.getpid()}-{time.time_ns()}.tmp"
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        try:
            with open(fd, "wb") as file:
                file.writelines((data,) if isinstance(data, bytes) else data)
            os.replace(temporary, path)
        except BaseException:
            _remove(temporary)
            raise
    except OSError:
        return False
    return True


def place(room: str, key: str) -> str | None:
    """Return the file of *key* in the folder *room* of the cache, or None where there is no place for one.

    Two keys that share a name only take turns: whoever writes the file keeps the key inside, and compares it.
    """
    base = folder()
    if base is None:
        return None
    return os.path.join(base, room, checksum(key.encode("utf-8", "surrogateescape")))


def read_checked(path: str, magic: str, *, limit: int) -> bytes | None:
    """Return what ``replace_checked`` put into the file *path*; None where it is not whole, or not of this *magic*."""
    try:
        with open(path, "rb") as file:
            head, _, body = file.read(limit).partition(b"\n")
    except OSError:
        return None
    return body if head == f"{magic} {checksum(body)}".encode() else None


def replace_checked(path: str, magic: str, body: bytes, *, limit: int) -> bool:
    """Put *body* in the place of the file *path*, with *magic* and a checksum before it; return whether that was done.

    It is not where the file would have more than *limit* bytes.
    """
    whole = f"{magic} {checksum(body)}\n".encode() + body
    return len(whole) <= limit and replace(path, whole)


def sweep(inside: str, *, seconds: float = 24 * 3600, unused: float | None = None) -> None:
    """Remove what writers that were killed have left in the folder *inside*: half-written files older than *seconds*.

    Any other file goes, too, that was neither written nor touched for *unused* seconds.
    """
    now = time.time()
    try:
        names = os.listdir(inside)
    except OSError:
        return
    for name in names:
        path = os.path.join(inside, name)
        try:
            limit = seconds if name.endswith(".tmp") else unused
            old = limit is not None and os.stat(path).st_mtime + limit < now
        except OSError:
            continue
        if old:
            _remove(path)


def touch(path: str) -> None:
    """Make the file *path* one that was used just now, for ``prune``."""
    try:
        os.utime(path)
    except OSError:
        pass


def prune(inside: str, *, files: int, size: int) -> None:
    """Remove from the folder *inside* what was not used for the longest time, until it holds no more than that.

    *files* is how many files may stay, *size* how many bytes they may have together. What killed writers left goes, too.
    """
    sweep(inside)
    found: list[tuple[float, int, str]] = []
    try:
        with os.scandir(inside) as entries:
            for entry in entries:
                seen = entry.stat(follow_symlinks=False)
                found.append((seen.st_mtime, seen.st_size, entry.path))
    except OSError:
        return
    found.sort(reverse=True)
    for number, (_, each, path) in enumerate(found):
        size -= each
        if number >= files or size < 0:
            _remove(path)


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass
