"""The head of a ``.pyc`` file: whether the interpreter would run it in the place of a source, as it decides that itself.

Source: PEP 552, ``importlib._bootstrap_external`` (``_classify_pyc``, ``_validate_timestamp_pyc``, ``_validate_hash_pyc``).
"""

from __future__ import annotations

HEAD = 16
_BY_HASH = 0b01
_COMPARED = 0b10


def is_outdated(head: bytes, size: int, mtime_ns: int, magic: int | None) -> bool | None:
    """Return whether a file that begins with *head* is made anew before its source (*size* bytes, of *mtime_ns*) runs.

    *magic* is the number of the interpreter's bytecode, None where any will do. False also where the interpreter compares the
    hash itself; None where the hash decides, and nobody asks for it when the file runs.
    """
    flags = int.from_bytes(head[4:8], "little")
    if len(head) < HEAD or head[2:4] != b"\r\n" or flags & ~(_BY_HASH | _COMPARED):
        return True
    if magic is not None and int.from_bytes(head[:2], "little") != magic:
        return True
    if flags & _BY_HASH:
        return False if flags & _COMPARED else None
    # As os.stat() makes a float of it, and importlib an integer of that.
    seconds = int(mtime_ns // 10**9 + 1e-9 * (mtime_ns % 10**9))
    return head[8:HEAD] != b"".join((number & 0xFFFFFFFF).to_bytes(4, "little") for number in (seconds, size))


def is_hash_of(head: bytes, source: bytes) -> bool:
    """Return whether the hash in *head* is that of *source*: SipHash-1-3, as CPython has it since 3.11, keyed by the magic."""
    # What importlib.util.source_hash() calls, but for the magic number of another version.
    import _imp

    return _imp.source_hash(int.from_bytes(head[:4], "little"), source) == head[8:HEAD]


def is_taken(head: bytes, source: bytes, mtime_ns: int, magic: int | None) -> bool:
    """Return whether the interpreter takes the file in the place of *source*, the content of a file of *mtime_ns*.

    Of one whose hash nobody compares it is said whether the hash is that of *source*: it is taken in any case.
    """
    outdated = is_outdated(head, len(source), mtime_ns, magic)
    if outdated is None or (outdated is False and head[4] & _BY_HASH):
        return is_hash_of(head, source)
    return not outdated
