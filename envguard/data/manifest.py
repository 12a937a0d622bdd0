r"""The manifest of a tree: one line a file, as ``b3sum`` writes and checks them, sorted by the raw bytes of the path.

A line is 64 lower-case hexadecimal digits, two spaces, the path relative to the root of the tree, a newline. A path that
holds a backslash, a newline or a carriage return is written with ``\\``, ``\n``, ``\r`` and a backslash before the digest.
Every tree has exactly one manifest, so the reader takes nothing that the writer would not write.
"""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

from .. import _native
from ..errors import UnreadableError
from .lines import WrongLineError, checked, shown, taken, written
from .model import Change, Differences, Entry, Rename

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Self


class Manifest:
    """The digests and paths of a tree, kept as the bytes that they are written as, with no object a file.

    Iterating yields an ``Entry`` a file, ``len()`` is the number of files. Equal manifests are equal trees.
    """

    __slots__ = ("_data", "_root")

    def __init__(self, data: bytes) -> None:
        """Take *data* as it is: it comes from the walk of a tree. What comes from elsewhere goes through ``from_bytes``."""
        self._data = data
        self._root = ""

    @classmethod
    def from_bytes(cls, data: bytes, *, path: str = "manifest") -> Self:
        """Return the manifest that *data* is; UnreadableError names *path*, the line, and what is wrong with it."""
        paths = _Paths()
        position = number = 0
        while position < len(data):
            number += 1
            try:
                name, position = checked(data, position)
                paths.add(name)
            except WrongLineError as wrong:
                raise UnreadableError(
                    f"the line {wrong}",
                    path=path,
                    line=number,
                    hint="write it anew: envguard hash --manifest FOLDER",
                ) from None
        return cls(data)

    @classmethod
    def from_entries(cls, entries: Iterable[Entry]) -> Self:
        """Return the manifest of *entries*, in whatever order they come; UnreadableError where no tree can have them all."""
        pairs = sorted((os.fsencode(entry.path), entry.digest.encode("ascii", "replace")) for entry in entries)
        return cls.from_bytes(b"".join(written(path, digest) for path, digest in pairs))

    def to_bytes(self) -> bytes:
        """Return the manifest as it is written: ``b3sum --check`` reads it."""
        return self._data

    @property
    def root(self) -> str:
        """The root of the tree: the BLAKE3 of the manifest's bytes, 64 hexadecimal digits."""
        if not self._root:
            self._root = _native.hexdigest(self._data)
        return self._root

    def __len__(self) -> int:
        return self._data.count(b"\n")

    def __iter__(self) -> Iterator[Entry]:
        for text in io.BytesIO(self._data):
            path, digest = taken(text)
            yield _entry(path, digest)

    def __eq__(self, other: object) -> bool:
        return self._data == other._data if isinstance(other, Manifest) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._data)

    def __repr__(self) -> str:
        return f"<Manifest of {len(self)} files, root {self.root}>"

    def compare(self, later: Manifest) -> Differences:
        """Return how *later* differs from this manifest, in time linear in both.

        A content that is gone from one path and came up at another is a rename. Where it is gone from several, or came
        up at several, each is paired once: first those that keep their last part, then in the order of their paths.
        """
        added: list[tuple[bytes, bytes]] = []
        removed: list[tuple[bytes, bytes]] = []
        changed: list[Change] = []
        for path, before, after in _merged(self._data, later._data):
            if before is None:
                added.append((path, after or b""))
            elif after is None:
                removed.append((path, before))
            else:
                changed.append(Change(path=os.fsdecode(path), before=before.decode(), after=after.decode()))
        pairs = _renames(removed, added)
        gone, new = set(pairs), set(pairs.values())
        return Differences(
            added=tuple(_entry(*item) for item in added if item[0] not in new),
            removed=tuple(_entry(*item) for item in removed if item[0] not in gone),
            changed=tuple(changed),
            renamed=tuple(
                Rename(before=os.fsdecode(path), after=os.fsdecode(pairs[path]), digest=digest.decode())
                for path, digest in removed
                if path in pairs
            ),
        )


class _Paths:
    """The paths of a manifest, as they come: each after the one before it, and none of them a folder of another."""

    __slots__ = ("_open", "_previous")

    def __init__(self) -> None:
        self._previous: bytes | None = None
        # Earlier paths that the next one begins with. Only the longest can be a folder on its way: a shorter one would
        # already have been that for the longest.
        self._open: list[bytes] = []

    def add(self, path: bytes) -> None:
        """Take the next path; WrongLineError where it cannot be the next."""
        previous = self._previous
        if previous is not None and path <= previous:
            if path == previous:
                raise WrongLineError(f"lists {shown(path)} a second time")
            raise WrongLineError(
                f"lists {shown(path)} after {shown(previous)}: expected the paths sorted by their bytes"
            )
        while self._open and not path.startswith(self._open[-1]):
            self._open.pop()
        if self._open and path[len(self._open[-1])] == 0x2F:
            raise WrongLineError(f"lists {shown(path)} in {shown(self._open[-1])}, which is a file")
        self._open.append(path)
        self._previous = path


def _entry(path: bytes, digest: bytes) -> Entry:
    return Entry(path=os.fsdecode(path), digest=digest.decode())


def _merged(earlier: bytes, later: bytes) -> Iterator[tuple[bytes, bytes | None, bytes | None]]:
    """Yield path, earlier and later digest of all that differs, in the order of the paths."""
    left, right = iter(io.BytesIO(earlier)), iter(io.BytesIO(later))
    mine, theirs = next(left, b""), next(right, b"")
    while mine or theirs:
        if mine == theirs:
            mine, theirs = next(left, b""), next(right, b"")
            continue
        # The path of a list at its end comes after every other.
        path, digest = taken(mine) if mine else (None, None)
        other, its_digest = taken(theirs) if theirs else (None, None)
        if other is None or (path is not None and path < other):
            yield path or b"", digest, None
            mine = next(left, b"")
        elif path is None or other < path:
            yield other, None, its_digest
            theirs = next(right, b"")
        else:
            yield path, digest, its_digest
            mine, theirs = next(left, b""), next(right, b"")


def _renames(removed: list[tuple[bytes, bytes]], added: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return the paths that content left, each with the one where it came up."""
    pairs: dict[bytes, bytes] = {}
    taken: set[bytes] = set()
    for key in (lambda path: path.rpartition(b"/")[2], lambda _: b""):
        free: dict[tuple[bytes, bytes], list[bytes]] = {}
        for path, digest in reversed(added):
            if path not in taken:
                free.setdefault((digest, key(path)), []).append(path)
        for path, digest in removed:
            if path not in pairs and (places := free.get((digest, key(path)))):
                pairs[path] = places.pop()
                taken.add(pairs[path])
    return pairs
