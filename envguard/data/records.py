"""The records of the stat cache: what a file looked like when its digest was taken.

A record is 80 bytes, little-endian: the key, inode, device, size, mtime and ctime in nanoseconds, the digest. The upper half
of the key is the beginning of the BLAKE3 of the folder's path relative to the root (a slash behind it, empty for the root
itself), the lower half that of the name's. Records lie sorted by key and inode, so one is looked up without reading the others,
and those of a folder lie together: memory that was fetched for one file serves the next.
"""

from __future__ import annotations

import struct

from .. import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    # Inode, device, size in bytes, mtime and ctime in nanoseconds: equal facts prove an equal content, once they are old enough.
    Facts = tuple[int, int, int, int, int]

RECORD = struct.Struct("<QQQQqq32s")
_KEY = struct.Struct("<Q")
_MASK = (1 << 64) - 1


def key_of(path: bytes) -> int:
    """Return the key of the file at *path*, relative to the root of its tree."""
    name = path.rfind(b"/") + 1
    return key_in(path[:name], path[name:])


def key_in(folder: bytes, name: bytes) -> int:
    """Return the key of what is found as *name* in the *folder* (a slash behind it, or empty)."""
    # Little-endian: the lower half comes first.
    return int.from_bytes(_native.blake3(name)[:4] + _native.blake3(folder)[:4], "little")


def packed(key: int, facts: Facts, digest: bytes) -> bytes:
    """Return the record of a file."""
    return RECORD.pack(key, *facts, digest)


def ordered(records: list[bytes]) -> bytes:
    """Return *records* as they are kept."""
    return b"".join(sorted(records, key=RECORD.unpack))


def is_sampled(key: int, seed: int, share: float) -> bool:
    """Return whether the file with this *key* is among the *share* (0 to 1) that is read all the same.

    Which ones depends on *seed* alone, so that both engines agree: the finalizer of splitmix64 (Steele, Lea, Flood: Fast
    Splittable Pseudorandom Number Generators, 2014) over ``key ^ seed``, compared with the share of 2**64.
    """
    mixed = (key ^ seed) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return (mixed ^ (mixed >> 31)) < int(share * 2.0**64)


class Records:
    """Lookup in the *data* of sorted records, which must be whole: its checksum has been compared."""

    __slots__ = ("_count", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._count = len(data) // RECORD.size

    def __len__(self) -> int:
        return self._count

    def find(self, key: int, facts: Facts) -> bytes | None:
        """Return the digest of the file with this *key* if it still has the *facts* of its record; None otherwise."""
        for number in self._having(key):
            record = RECORD.unpack_from(self._data, number * RECORD.size)
            if record[1:6] == facts:
                digest: bytes = record[6]
                return digest
        return None

    def _having(self, key: int) -> Iterator[int]:
        """Yield the numbers of the records with this *key*: two paths may share one."""
        low, high = 0, self._count
        guess, step = key * self._count >> 64, 4
        # Gallop from where it should be, until it is enclosed.
        if guess < high and self._key(guess) < key:
            low = guess + 1
            while low + step < high and self._key(low + step) < key:
                low, step = low + step + 1, step * 2
            high = min(high, low + step)
        else:
            high = guess
            while high - step >= low and self._key(high - step) >= key:
                high, step = high - step, step * 2
            low = max(low, high - step)
        while low < high:
            middle = (low + high) // 2
            if self._key(middle) < key:
                low = middle + 1
            else:
                high = middle
        while low < self._count and self._key(low) == key:
            yield low
            low += 1

    def _key(self, number: int) -> int:
        key: int = _KEY.unpack_from(self._data, number * RECORD.size)[0]
        return key
