"""The inputs: the same numbers everywhere, none that a library drew, none that rounds before anything is computed."""

from __future__ import annotations

import hashlib
import struct

from envguard.canaries.numbers import COUNT, numbers


def test_the_inputs_never_change_within_a_scheme() -> None:
    assert hashlib.sha256(bytes(numbers())).hexdigest()[:16] == "191b7ae333bed5c4"


def test_each_is_a_float32_of_full_length_between_a_half_and_one_of_either_sign() -> None:
    values = struct.unpack(f"<{COUNT}f", bytes(numbers()))
    assert all(0.5 <= abs(value) < 1 for value in values)
    negative = sum(value < 0 for value in values)
    assert abs(negative - COUNT / 2) < COUNT / 50
    # Their last bits are in use: a sum of them has to round.
    odd = sum(int(abs(value) * 2**24) % 2 for value in values)
    assert abs(odd - COUNT / 2) < COUNT / 50


def test_they_follow_from_integers_as_it_is_said() -> None:
    words = struct.unpack(f"<{COUNT}I", hashlib.shake_128(b"envguard.canaries.v2").digest(4 * COUNT))
    made = struct.unpack(f"<{COUNT}f", bytes(numbers()))
    for word, value in list(zip(words, made, strict=True))[::997]:
        sign = -1 if word >> 31 else 1
        assert value == sign * (1 + (word & 0x7FFFFF) / 2**23) / 2
