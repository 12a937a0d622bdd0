"""Lockfiles: one reader a format, one model, and what follows from a lock without a resolver and without a network."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..errors import LockfileError

if TYPE_CHECKING:
    from ..reader import Reader
    from .model import Lock

UV_LOCK = "uv.lock"


def find_lock(reader: Reader, project: str, named: str | None) -> str | None:
    """Return the path of the lock of the folder *project*, None where there is none.

    *named* is the lock that the settings name, relative to the project or absolute; ``uv.lock`` otherwise.
    """
    path = os.path.normpath(os.path.join(project, named or UV_LOCK))
    return path if reader.exists(path) else None


def read_lock(reader: Reader, path: str) -> Lock:
    """Return the lock at *path*; LockfileError where its format is not one that is read here."""
    if os.path.basename(path).endswith(UV_LOCK):
        from .uv.reader import read

        return read(reader, path)
    raise LockfileError(f"this kind of lock is not read here; what is read is {UV_LOCK}", path=path)
