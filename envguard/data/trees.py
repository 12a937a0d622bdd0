"""Hashing buffers, files and trees: what a user calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import _native

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from typing_extensions import Buffer

    from .model import Progress, Tree


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
    raise NotImplementedError


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
    raise NotImplementedError
