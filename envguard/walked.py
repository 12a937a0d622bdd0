"""What a walk over a tree says of it: the values that both engines, the C one and the Python one, give back.

It lies below both of them, because neither may know the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from .values import dataclass

if TYPE_CHECKING:
    import builtins
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One entry of a tree that keeps it from having a root.

    *path* is relative to the root of the tree, as the system has it, ``/`` between parts; empty for the root itself.

    *kind* is ``unreadable`` (opening, reading or asking failed, or the root is no folder), ``dangling`` (a link to
    nothing), ``loop`` (a folder that is one of its own ancestors, by device and inode, or links that go in a circle),
    ``special`` (a pipe, socket or device), ``unstable`` (it changed or vanished while it was read, twice), ``silent``
    (a file read again as a sample: another content, and nothing in its stat says so) or ``folder`` (a folder in the place of
    a file that was asked for by its path).

    *errno* is what the system said, 0 where it said nothing: for ``special``, ``silent``, ``folder``, and ``unstable`` entries that
    changed; ELOOP for every ``loop``.
    """

    path: bytes
    kind: str
    errno: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """How far a walk is: files found and done so far, bytes of the files done, how many of those the cache answered.

    *listed* says that every file has been found: then, and only then, *files_found* is the number that there will be.
    """

    files_found: int
    files_done: int
    bytes_done: int
    files_cached: int
    listed: bool


class Found(Protocol):
    """What any look at files found. It may hold memory outside of Python: close it, or use it in a ``with`` statement.

    *files* and *bytes* count what was found, *cached* the files that were not read, since their stat was that of an earlier
    look. *problems* are sorted by path; of very many some are listed, and *problem_count* counts them all. *stale* says that
    the records which the look was given are not those to keep now.
    """

    @property
    def files(self) -> int: ...  # noqa: D102
    @property
    def bytes(self) -> int: ...  # noqa: D102
    @property
    def cached(self) -> int: ...  # noqa: D102
    @property
    def problems(self) -> tuple[Problem, ...]: ...  # noqa: D102
    @property
    def problem_count(self) -> int: ...  # noqa: D102
    @property
    def stale(self) -> bool: ...  # noqa: D102

    def records(self) -> Iterator[builtins.bytes]:
        """Yield the records of the stat cache to keep, sorted, in pieces."""
        ...

    def close(self) -> None:
        """Give back what is held; nothing can be asked of it afterwards."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...


class Walked(Found, Protocol):
    """What a walk over a tree found.

    *root* is the root of the tree, 32 bytes, and None where there are *problems*. *files* and *bytes* count what was hashed or
    answered by the cache, *sampled* the files that were read although the cache knew them.
    """

    @property
    def root(self) -> bytes | None: ...  # noqa: D102
    @property
    def sampled(self) -> int: ...  # noqa: D102

    def manifest(self) -> Iterator[builtins.bytes]:
        """Yield the manifest in pieces of about a MiB; only where there is a root."""
        ...


class Listed(Found, Protocol):
    """What is in a folder of installed packages.

    *files* counts regular files, *bytes* what was hashed. *state* (32 bytes) changes whenever something does that the rows were
    made from: it covers the names of all entries, and size, times, inode and device of all files. It proves that they are
    unchanged where it is *settled*: there was no problem, no link to a folder was followed, and every file had its last change
    so long ago that its times can be believed.
    """

    @property
    def state(self) -> bytes: ...  # noqa: D102
    @property
    def settled(self) -> bool: ...  # noqa: D102

    def rows(self) -> tuple[list[builtins.bytes], list[int]]:
        """Return a row for each entry, sorted by path, and the mtime of each in nanoseconds.

        ``path,sha256=DIGEST,SIZE`` of a file that was wanted, as in a RECORD without quotes (the digest in URL-safe base64
        without padding): what is behind the last two commas is never the path's. ``path,head=HEX,SIZE`` of another file
        called ``*.pyc``, whose first 16 bytes (or as many as there are, then zeros) are HEX; ``path,,SIZE`` of any other file;
        ``path,link,``, ``path,dangling,`` or ``path,special,`` for a link to a folder that was not followed, a link to
        nothing, and a pipe, socket or device. A wanted file that is not there, or that is a problem, has none.
        """
        ...
