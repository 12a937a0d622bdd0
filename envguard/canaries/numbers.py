"""The inputs of the canaries: numbers whose every bit follows from integers, with no library's random numbers in them.

SHAKE128 (FIPS 202) gives bits; masking makes each word of 32 a float32 (IEEE 754) with a random sign, a random fraction of 23 bits
and the exponent of [0.5, 1). So no input is rounded, none is near zero, and every sum of them has to round.
"""

from __future__ import annotations

import hashlib

COUNT = 40 << 10
_SIGN_AND_FRACTION = b"\xff\xff\x7f\x80"
_EXPONENT = b"\x00\x00\x00\x3f"


def numbers() -> bytearray:
    """Return ``COUNT`` numbers as float32 in little-endian order, on an address that is a multiple of 16 at least."""
    words = int.from_bytes(hashlib.shake_128(b"envguard.canaries.v2").digest(4 * COUNT), "little")
    words &= int.from_bytes(_SIGN_AND_FRACTION * COUNT, "little")
    words |= int.from_bytes(_EXPONENT * COUNT, "little")
    return bytearray(words.to_bytes(4 * COUNT, "little"))
