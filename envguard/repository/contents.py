"""The tree that a work tree would be as a commit, made in a store of our own: its id tells two dirty states from one another."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from .blobs import lfs_pointer
from .model import LeftOut
from .status import filters_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .sealed import Sealed
    from .status import Status

_REGULAR, _EXECUTABLE = "100644", "100755"
# More files than that are no changes of code: an environment, say, that git was not told to ignore.
FILES = 5000


def stage_all(sealed: Sealed, found: Status, *, limit: int) -> tuple[LeftOut, ...]:
    """Put everything that *found* says differs into the copy of the index, and return what was left out, and why.

    No more than *limit* bytes are taken in all, the smallest files first.
    """
    left_out = [
        LeftOut(path=path, reason=f"it goes through the filter '{name}', which is not run")
        for path, name in sorted(found.filters.items())
    ]
    taken: list[str] = []
    pointers: list[str] = []
    filters = filters_of(sealed, {path for path in found.touched if not path.endswith("/")})
    room = limit
    for size, path in sorted((_size(sealed, path), path) for path in found.touched):
        reason = None
        if path.endswith("/"):
            reason = "it is another repository"
        elif size < 0:
            reason = "it cannot be read"
        elif filters.get(path) == "lfs":
            pointers.append(path)
            continue
        elif path in filters:
            reason = f"it goes through the filter '{filters[path]}', which is not run"
        elif size > room:
            reason = f"it has {size:,} bytes, and no more than {limit:,} are taken in all"
        elif len(taken) == FILES:
            reason = f"there are more than {FILES:,} files"
        if reason is not None:
            left_out.append(LeftOut(path=path, reason=reason))
            continue
        room -= size
        taken.append(path)
    given = b"".join(os.fsencode(path) + b"\0" for path in taken)
    if given:
        sealed.git.run("update-index", "--add", "--remove", "--replace", "-z", "--stdin", given=given)
    _stage_pointers(sealed, found, pointers)
    return tuple(sorted(left_out, key=lambda item: item.path))


def _stage_pointers(sealed: Sealed, found: Status, paths: Iterable[str]) -> None:
    rows = []
    for path in paths:
        whole = os.path.join(sealed.where.root, path)
        pointer = lfs_pointer(whole) if os.path.lexists(whole) else None
        if pointer is None:
            rows.append(f"0 {'0' * 40}\t{path}")
            continue
        blob = sealed.git.run("hash-object", "-w", "--stdin", given=pointer).decode().strip()
        old = found.entries.get(path)
        mode = _EXECUTABLE if os.access(whole, os.X_OK) else _REGULAR
        rows.append(f"{old.mode if old is not None else mode} {blob}\t{path}")
    index_rows(sealed, rows)


def index_rows(sealed: Sealed, rows: Iterable[str]) -> None:
    """Write *rows*, ``mode id<tab>path``, into the copy of the index; mode 0 takes a path out of it."""
    given = b"".join(os.fsencode(row) + b"\0" for row in rows)
    if given:
        sealed.git.run("update-index", "-z", "--index-info", given=given)


def write_tree(sealed: Sealed) -> str:
    """Return the id of the tree that the copy of the index is; its objects go to the store of our own."""
    return sealed.git.run("write-tree").decode().strip()


def _size(sealed: Sealed, path: str) -> int:
    """Return how many bytes a file has, 0 for one that is gone, -1 where it cannot be read."""
    whole = os.path.join(sealed.where.root, path)
    try:
        seen = os.lstat(whole)
    except (FileNotFoundError, NotADirectoryError):
        return 0
    except OSError:
        return -1
    if stat.S_ISREG(seen.st_mode):
        return seen.st_size if os.access(whole, os.R_OK) else -1
    return 0 if stat.S_ISLNK(seen.st_mode) or stat.S_ISDIR(seen.st_mode) else -1
