"""SHA-256 of the core against the vectors of NIST and hashlib, with every subset of the processor's features."""

from __future__ import annotations

import hashlib
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envguard import _native
from tests.native.test_blake3 import cycle

if TYPE_CHECKING:
    from collections.abc import Iterator

CORE: Any = _native._core
# "Example values" of FIPS 180-4, as NIST publishes them, and the message without a bit of its CAVP short messages.
VECTORS = {
    b"": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    b"abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq": (
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    b"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu": (
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
    b"a" * 1_000_000: "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
}
BITS = [1 << bit for bit in range(32) if CORE.lib.eg_cpu_features() >> bit & 1]
SUBSETS = [sum(subset) for size in range(len(BITS) + 1) for subset in itertools.combinations(BITS, size)]


@pytest.fixture(autouse=True)
def _all_features_afterwards() -> Iterator[None]:
    yield
    CORE.lib.eg_cpu_limit(0xFFFFFFFF)


def kernels() -> tuple[str, ...]:
    """Return what computes one, two and sixteen digests at once."""
    return tuple(CORE.ffi.string(CORE.lib.eg_sha256_level_name(count)).decode() for count in (1, 2, 16))


def sets() -> dict[tuple[str, ...], int]:
    found: dict[tuple[str, ...], int] = {}
    for mask in SUBSETS:
        CORE.lib.eg_cpu_limit(mask)
        found.setdefault(kernels(), mask)
    CORE.lib.eg_cpu_limit(0xFFFFFFFF)
    return found


SETS = sets()


def sha256(data: Any) -> bytes:
    out = bytearray(32)
    source = CORE.ffi.from_buffer(data)
    assert CORE.lib.eg_sha256(source, len(source), CORE.ffi.from_buffer(out)) == CORE.lib.EG_OK
    return bytes(out)


def many(data: list[Any]) -> list[bytes]:
    sources = [CORE.ffi.from_buffer(item) for item in data]
    out = bytearray(32 * len(data))
    inputs, lengths = CORE.ffi.new("void *[]", sources), CORE.ffi.new("size_t[]", [len(source) for source in sources])
    assert CORE.lib.eg_sha256_many(inputs, lengths, len(data), CORE.ffi.from_buffer(out)) == CORE.lib.EG_OK
    return [bytes(out[at : at + 32]) for at in range(0, len(out), 32)]


def pieces(data: list[Any]) -> bytes:
    hasher = CORE.ffi.new("struct eg_sha256_hasher *")
    assert CORE.lib.eg_sha256_init(hasher) == CORE.lib.EG_OK
    for piece in data:
        assert CORE.lib.eg_sha256_update(hasher, CORE.ffi.from_buffer(piece), len(piece)) == CORE.lib.EG_OK
    out = bytearray(32)
    assert CORE.lib.eg_sha256_final(hasher, CORE.ffi.from_buffer(out)) == CORE.lib.EG_OK
    return bytes(out)


def test_the_kernels_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\nSHA-256: {'; '.join('/'.join(names) for names in SETS)}")
    assert ("portable", "portable", "portable") in SETS
    if CORE.lib.eg_cpu_features() & CORE.lib.EG_CPU_SHA:
        assert kernels()[:2] == ("SHA-NI", "SHA-NI")


@pytest.mark.parametrize("mask", SUBSETS, ids=hex)
def test_the_vectors_of_nist_with_every_subset_of_the_features(mask: int) -> None:
    CORE.lib.eg_cpu_limit(mask)
    wanted = list(VECTORS.values())
    assert [sha256(data).hex() for data in VECTORS] == wanted
    assert [pieces([data]).hex() for data in VECTORS] == wanted
    assert [digest.hex() for digest in many(list(VECTORS) * 4)] == wanted * 4


def test_a_kernel_needs_all_of_its_features() -> None:
    for mask in SUBSETS:
        CORE.lib.eg_cpu_limit(mask)
        assert mask & SETS[kernels()] == SETS[kernels()], hex(mask)


@pytest.mark.parametrize("names", SETS, ids="/".join)
def test_lengths_around_every_block(names: tuple[str, ...]) -> None:
    CORE.lib.eg_cpu_limit(SETS[names])
    data = cycle(40 * 64 + 2)
    view = memoryview(data)
    lengths = sorted({64 * block + step for block in range(1, 41) for step in (-9, -8, -1, 0, 1)} | set(range(130)))
    wanted = [hashlib.sha256(view[:length]).digest() for length in lengths]
    assert [sha256(view[:length]) for length in lengths] == wanted
    assert many([view[:length] for length in lengths]) == wanted
    assert [pieces([view[: length // 3], view[length // 3 : length]]) for length in lengths] == wanted


@pytest.mark.parametrize("names", SETS, ids="/".join)
@pytest.mark.parametrize("count", [*range(20), 31, 32, 33, 127, 128, 129, 400])
def test_any_number_of_inputs(names: tuple[str, ...], count: int) -> None:
    CORE.lib.eg_cpu_limit(SETS[names])
    for length in (0, 55, 64, 1000, 2500):
        inputs = [bytes([number % 256]) * (length + number % 3) for number in range(count)]
        assert many(inputs) == [hashlib.sha256(data).digest() for data in inputs], (names, length)


SIZES = st.one_of(
    st.integers(0, 200),
    st.integers(0, 5000),
    st.builds(lambda blocks, step: max(0, 64 * blocks + step), st.integers(0, 300), st.integers(-9, 1)),
)
DATA = bytes(np.random.default_rng(7).integers(0, 256, 600_000, dtype=np.uint8))


@pytest.mark.parametrize("names", SETS, ids="/".join)
@settings(max_examples=60, deadline=None)
@given(cuts=st.lists(st.tuples(st.integers(0, 5000), SIZES), max_size=300))
def test_many_are_what_each_is_alone(names: tuple[str, ...], cuts: list[tuple[int, int]]) -> None:
    CORE.lib.eg_cpu_limit(SETS[names])
    inputs = [DATA[start : start + length] for start, length in cuts]
    assert many(inputs) == [hashlib.sha256(data).digest() for data in inputs]


@pytest.mark.parametrize("names", SETS, ids="/".join)
@settings(max_examples=60, deadline=None)
@given(lengths=st.lists(SIZES, max_size=12))
def test_pieces_are_what_the_whole_is(names: tuple[str, ...], lengths: list[int]) -> None:
    CORE.lib.eg_cpu_limit(SETS[names])
    starts = list(itertools.accumulate(lengths, initial=0))
    data = [DATA[start : start + length] for start, length in zip(starts, lengths, strict=False)]
    assert pieces(data) == hashlib.sha256(b"".join(data)).digest()


@pytest.mark.slow
@pytest.mark.parametrize("names", SETS, ids="/".join)
def test_a_length_that_needs_more_than_32_bits_of_bits(names: tuple[str, ...]) -> None:
    CORE.lib.eg_cpu_limit(SETS[names])
    data = np.zeros((1 << 29) + 1, np.uint8)
    wanted = hashlib.sha256(data.data).digest()
    assert sha256(data) == wanted
    assert pieces([data[: 1 << 28], data[1 << 28 :]]) == wanted
