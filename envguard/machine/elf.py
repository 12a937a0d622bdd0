"""What tells one build of a shared library from another: the linker's build ID, else a digest of the file.

Source: System V ABI, "ELF Header", "Program Header", "Note Section"; the GNU extension NT_GNU_BUILD_ID.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..reader import Reader

_MOST_NOTES = 64 * 1024
_MOST_HEADERS = 256
DIGITS = 32  # 128 bits, as a build ID has 160: nobody reads more
_PT_NOTE, _NT_GNU_BUILD_ID = 4, 3


def build_of(reader: Reader, path: str, most: int) -> str:
    """Return ``build-id HEX`` of the library *path*, the first digits of ``blake3:HEX`` where it has none.

    Of one that has none and more than *most* bytes only the size is told. UnreadableError where it cannot be read.
    """
    found = next(_build_ids(reader, path), None)
    if found is not None:
        return f"build-id {found.hex()}"
    size = reader.size(path)
    return f"{size} bytes" if size > most else f"blake3:{reader.digest(path, limit=most)[:DIGITS]}"


def _build_ids(reader: Reader, path: str) -> Iterator[bytes]:
    end = reader.size(path)
    try:
        head = reader.read_part(path, 0, 64)
        if len(head) < 64 or head[:4] != b"\x7fELF" or head[4] not in (1, 2) or head[5] not in (1, 2):
            return
        wide, order = head[4] == 2, "<" if head[5] == 1 else ">"
        (start,) = struct.unpack_from(f"{order}{'Q' if wide else 'I'}", head, 32 if wide else 28)
        size, count = struct.unpack_from(f"{order}HH", head, 54 if wide else 42)
        table = reader.read_part(path, min(start, end), size * min(count, _MOST_HEADERS))
        for at in range(0, len(table) - size + 1 if size >= (56 if wide else 32) else 0, size):
            (kind,) = struct.unpack_from(f"{order}I", table, at)
            if kind == _PT_NOTE:
                fields = (at + 8, at + 32, "Q") if wide else (at + 4, at + 16, "I")
                (offset,) = struct.unpack_from(f"{order}{fields[2]}", table, fields[0])
                (length,) = struct.unpack_from(f"{order}{fields[2]}", table, fields[1])
                yield from _notes(reader.read_part(path, min(offset, end), min(length, _MOST_NOTES)), order)
    except (struct.error, OverflowError, ValueError):
        return


def _notes(data: bytes, order: str) -> Iterator[bytes]:
    at = 0
    while at + 12 <= len(data):
        name, length, kind = struct.unpack_from(f"{order}III", data, at)
        begin = at + 12 + (name + 3) // 4 * 4
        if kind == _NT_GNU_BUILD_ID and data[at + 12 : at + 16] == b"GNU\0" and begin + length <= len(data):
            yield data[begin : begin + length]
        at = begin + (length + 3) // 4 * 4
