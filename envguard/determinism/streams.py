"""Independent random streams from one root seed, by name.

Scheme ``envguard.rng.v1``: BLAKE2b-256 with that name as personalisation (RFC 7693, 2.5) over the root as 32 bytes in
little-endian order, the length of the name as u32 and its UTF-8 bytes, and for each index the letter ``i`` and the index
as u64, or, where it is text, the letter ``s``, the length as u32 and the UTF-8 bytes. A name and its indices always give
the same bytes, in whatever order streams are asked for. The scheme never changes; another one gets another name.
"""

from __future__ import annotations

import hashlib

SCHEME = "envguard.rng.v1"
_ROOT_BYTES = 32
_INDEX_BYTES = 8


def derive(root: int, name: str, *index: int | str) -> bytes:
    """Return the 32 bytes of entropy of the stream *name* with the given indices.

    *root* is at least 0 and below 2**256, an index text, or a number that is at least 0 and below 2**64; TypeError or
    ValueError otherwise.
    """
    check_whole(root, "a seed", _ROOT_BYTES)
    message = root.to_bytes(_ROOT_BYTES, "little") + _text(name)
    for part in index:
        if isinstance(part, str):
            message += b"s" + _text(part)
        else:
            check_whole(part, "an index of a stream", _INDEX_BYTES)
            message += b"i" + part.to_bytes(_INDEX_BYTES, "little")
    return hashlib.blake2b(message, digest_size=32, person=SCHEME.encode()).digest()


def _text(text: str) -> bytes:
    encoded = text.encode()
    return len(encoded).to_bytes(4, "little") + encoded


def check_whole(value: object, what: str, size: int) -> None:
    """Raise TypeError or ValueError unless *value* is a whole number that fits into *size* bytes.

    ``random.seed(-1)``, ``seed(1.0)`` and ``seed(True)`` all mean ``seed(1)``; here none of them means anything.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{what} is a whole number, not {value!r}")
    if not 0 <= value < 1 << (8 * size):
        raise ValueError(f"{what} is at least 0 and below 2**{8 * size}, not {value}")
