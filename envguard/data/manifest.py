"""The manifest of a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .model import Differences, Entry


class Manifest:
    """The sorted digests and paths of a tree, kept as the bytes that they are written as."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = data

    @classmethod
    def from_bytes(cls, data: bytes, *, path: str = "manifest") -> Manifest:
        """Return the manifest that *data* is; UnreadableError names *path* and the line that is wrong."""
        raise NotImplementedError

    def to_bytes(self) -> bytes:
        """Return the manifest as it is written: ``b3sum --check`` reads it."""
        return self._data

    @property
    def root(self) -> str:
        """The root of the tree: the BLAKE3 of the manifest's bytes, 64 hexadecimal digits."""
        raise NotImplementedError

    def __len__(self) -> int:
        return self._data.count(b"\n")

    def __iter__(self) -> Iterator[Entry]:
        raise NotImplementedError

    def compare(self, later: Manifest) -> Differences:
        """Return how *later* differs from this manifest."""
        raise NotImplementedError
