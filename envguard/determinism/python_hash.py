"""Which ``PYTHONHASHSEED`` is in force in this process: told by a hash, whatever the variables say.

CPython hashes text by SipHash under a key that it draws when it starts; a fixed seed makes that key with a linear
congruential generator (Python/bootstrap_hash.c, lcg_urandom; Python/pyhash.c, pysiphash). So the hash of a known text is known
for each seed.
"""

from __future__ import annotations

import sys

_PROBE = "envguard"
_MASK = (1 << 64) - 1
# Rounds for each block, and rounds at the end.
_ROUNDS = {"siphash13": (1, 3), "siphash24": (2, 4)}


def in_force(seed: int) -> bool | None:
    """Return whether text is hashed under ``PYTHONHASHSEED=seed``; None where the interpreter hashes in another way."""
    rounds = _ROUNDS.get(sys.hash_info.algorithm)
    # A build may hash short text in another way, and only 64 bits of it can be compared.
    if rounds is None or sys.hash_info.width != 64 or sys.hash_info.cutoff or sys.implementation.name != "cpython":
        return None
    return hash(_PROBE) == _signed(_siphash(_key(seed), _PROBE.encode(), *rounds))


def _key(seed: int) -> bytes:
    """Return the 16 bytes that CPython draws from *seed*: zeros for 0."""
    if seed == 0:
        return bytes(16)
    made, state = bytearray(), seed
    for _ in range(16):
        state = (state * 214013 + 2531011) & 0xFFFFFFFF
        made.append((state >> 16) & 0xFF)
    return bytes(made)


def _signed(value: int) -> int:
    value -= (value >> 63) << 64
    return -2 if value == -1 else value


def _siphash(key: bytes, data: bytes, each: int, last: int) -> int:
    """Return SipHash of *data* with *each* rounds a block and *last* at the end (Aumasson and Bernstein, 2012)."""
    first, second = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
    state = [
        first ^ 0x736F6D6570736575,
        second ^ 0x646F72616E646F6D,
        first ^ 0x6C7967656E657261,
        second ^ 0x7465646279746573,
    ]
    whole = len(data) // 8 * 8
    blocks = [int.from_bytes(data[at : at + 8], "little") for at in range(0, whole, 8)]
    blocks.append((len(data) & 0xFF) << 56 | int.from_bytes(data[whole:], "little"))
    for block in blocks:
        state[3] ^= block
        for _ in range(each):
            _round(state)
        state[0] ^= block
    state[2] ^= 0xFF
    for _ in range(last):
        _round(state)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _round(state: list[int]) -> None:
    a, b, c, d = state
    a = (a + b) & _MASK
    b = _turned(b, 13) ^ a
    a = _turned(a, 32)
    c = (c + d) & _MASK
    d = _turned(d, 16) ^ c
    a = (a + d) & _MASK
    d = _turned(d, 21) ^ a
    c = (c + b) & _MASK
    b = _turned(b, 17) ^ c
    c = _turned(c, 32)
    state[:] = a, b, c, d


def _turned(value: int, by: int) -> int:
    return (value << by | value >> (64 - by)) & _MASK
