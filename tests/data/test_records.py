"""A record is found wherever it lies, and nowhere else."""

from __future__ import annotations

import struct

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from envguard.data.records import RECORD, Records, is_sampled, key_of, ordered, packed

TOP = (1 << 64) - 1
# Evenly spread, as hashes are; and heaped up at both ends, as they never are.
keys = st.one_of(st.integers(0, TOP), st.integers(0, 5), st.integers(TOP - 5, TOP), st.sampled_from([1 << 63, TOP]))


def test_the_layout_is_fixed() -> None:
    found = packed(key_of(b"data/a"), (1, 2, 3, -4, 5), bytes(range(32)))
    key = blake3(b"a").digest()[:4] + blake3(b"data/").digest()[:4]
    assert found == key + struct.pack("<QQQqq", 1, 2, 3, -4, 5) + bytes(range(32))
    assert len(found) == RECORD.size == 80


@given(chosen=st.lists(keys, max_size=60), asked=keys)
def test_every_record_is_found(chosen: list[int], asked: int) -> None:
    def digest(number: int) -> bytes:
        return number.to_bytes(32, "little")

    data = ordered([packed(key, (number, 0, 0, 0, 0), digest(number)) for number, key in enumerate(chosen)])
    records = Records(data)
    assert len(records) == len(chosen)
    for number, key in enumerate(chosen):
        assert records.find(key, (number, 0, 0, 0, 0)) == digest(number)
        assert records.find(key, (number, 0, 1, 0, 0)) is None
    if asked not in chosen:
        assert all(records.find(asked, (number, 0, 0, 0, 0)) is None for number in range(len(chosen) + 1))


@given(chosen=st.lists(st.tuples(keys, keys), max_size=30))
def test_they_are_kept_in_the_order_of_keys_and_inodes(chosen: list[tuple[int, int]]) -> None:
    data = ordered([packed(key, (inode, 0, 0, 0, 0), bytes(32)) for key, inode in chosen])
    assert [fields[:2] for fields in RECORD.iter_unpack(data)] == sorted(chosen)


@given(key=keys, seed=keys)
def test_all_or_none_are_sampled_at_the_ends(key: int, seed: int) -> None:
    assert is_sampled(key, seed, 1.0)
    assert not is_sampled(key, seed, 0.0)


@pytest.mark.parametrize("share", [0.01, 0.5])
def test_the_share_is_sampled_whatever_the_seed(share: float) -> None:
    for seed in range(5):
        count = sum(is_sampled(key_of(b"%d" % number), seed, share) for number in range(4000))
        assert abs(count - 4000 * share) < 150
