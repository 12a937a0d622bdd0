"""Reading single files: few of them, and only where something is to be explained."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode

from ..data.content import Content, NotRegularError, UnstableError, read_into, read_whole

_MOST = 64 * 1024 * 1024
_PIECE = 1024 * 1024
_CONTENT = Content(1, lambda _: None)


def read(path: str, *, limit: int = _MOST) -> bytes | None:
    """Return the first *limit* bytes of the regular file at *path*; None where they cannot be had."""

    def take(handle: int, size: int) -> tuple[bytes, int]:
        data = read_whole(handle, min(size, limit) - (size > limit))
        return data, size if size > limit else len(data)

    try:
        return _CONTENT.digest(path, link=True, take=take)[1]
    except (OSError, ValueError, UnstableError, NotRegularError):
        return None


def digest(path: str, algorithm: str) -> bytes | None:
    """Return the digest of the file at *path* by *algorithm* of ``hashlib`` as RECORD writes it; None where there is none."""

    def take(handle: int, size: int) -> tuple[bytes, int]:
        hasher, view, count = hashlib.new(algorithm), memoryview(bytearray(_PIECE)), 0
        while count <= size and (came := read_into(handle, view)):
            hasher.update(view[:came])
            count += came
        return hasher.digest(), count

    try:
        found = _CONTENT.digest(path, link=True, take=take)[1]
    except (OSError, ValueError, UnstableError, NotRegularError):
        return None
    return algorithm.encode() + b"=" + urlsafe_b64encode(found).rstrip(b"=")
