"""The ids that git gives contents, and the pointers of Git LFS."""

from __future__ import annotations

import hashlib

LFS = b"version https://git-lfs.github.com/spec/v1\n"
_CHUNK = 1 << 20


def object_id(data: bytes, form: str, kind: str = "blob") -> str:
    """Return the id of an object of *kind* with the content *data* in a repository of the object format *form*.

    As of "Git Internals: Git Objects", and of "hash-function-transition" for ``sha256``.
    """
    head = f"{kind} {len(data)}\0".encode()
    if form == "sha256":
        return hashlib.sha256(head + data).hexdigest()
    return hashlib.sha1(head + data, usedforsecurity=False).hexdigest()


def lfs_pointer(path: str) -> bytes | None:
    """Return what Git LFS commits in the place of the file *path*; None where it cannot be read.

    As of the specification of Git LFS: the pointer of an empty file is an empty file, and a pointer is its own.
    """
    digest = hashlib.sha256()
    size, head = 0, b""
    try:
        with open(path, "rb") as file:
            while chunk := file.read(_CHUNK):
                head = head or chunk
                digest.update(chunk)
                size += len(chunk)
    except OSError:
        return None
    if not size:
        return b""
    if size < 1024 and head.startswith(LFS):
        return head
    return LFS + f"oid sha256:{digest.hexdigest()}\nsize {size}\n".encode()
