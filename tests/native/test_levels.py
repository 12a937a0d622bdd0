"""Every level of SIMD that the processor has: the same hashes, alone, keyed, in pieces and many at once."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import blake3 as package
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envguard import _native
from tests.native.test_blake3 import VECTORS, cycle

if TYPE_CHECKING:
    from collections.abc import Iterator

CORE: Any = _native._core
KEY = b"whats the Elvish word for friend"  # that of the official vectors
BITS = [1 << bit for bit in range(32) if CORE.lib.eg_cpu_features() >> bit & 1]
SUBSETS = [sum(subset) for size in range(len(BITS) + 1) for subset in itertools.combinations(BITS, size)]


@pytest.fixture(autouse=True)
def _all_features_afterwards() -> Iterator[None]:
    yield
    CORE.lib.eg_cpu_limit(0xFFFFFFFF)


def level() -> str:
    name: str = CORE.ffi.string(CORE.lib.eg_blake3_level_name()).decode()
    return name


def levels() -> dict[str, int]:
    """Return a mask for each level that this processor has."""
    found: dict[str, int] = {}
    for mask in SUBSETS:
        CORE.lib.eg_cpu_limit(mask)
        found.setdefault(level(), mask)
    CORE.lib.eg_cpu_limit(0xFFFFFFFF)
    return found


LEVELS = levels()


@pytest.fixture(params=LEVELS)
def limited(request: pytest.FixtureRequest) -> str:
    CORE.lib.eg_cpu_limit(LEVELS[request.param])
    assert level() == request.param
    return str(request.param)


def keyed(data: bytes) -> bytes:
    out = bytearray(32)
    status = CORE.lib.eg_blake3_keyed(KEY, CORE.ffi.from_buffer(data), len(data), CORE.ffi.from_buffer(out))
    assert status == CORE.lib.EG_OK
    return bytes(out)


def pieces(data: list[bytes], *, key: bytes | None = None) -> bytes:
    hasher = CORE.ffi.new("struct eg_blake3_hasher *")
    lib = CORE.lib
    assert (lib.eg_blake3_init(hasher) if key is None else lib.eg_blake3_init_keyed(hasher, key)) == lib.EG_OK
    for piece in data:
        assert lib.eg_blake3_update(hasher, CORE.ffi.from_buffer(piece), len(piece)) == lib.EG_OK
    out = bytearray(32)
    assert lib.eg_blake3_final(hasher, CORE.ffi.from_buffer(out)) == lib.EG_OK
    return bytes(out)


def test_the_processor_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\n{_native.backend()}; levels: {', '.join(LEVELS)}")
    assert {"portable", level()} <= set(LEVELS)


@pytest.mark.parametrize("mask", SUBSETS, ids=hex)
def test_the_official_vectors_with_every_subset_of_the_features(mask: int) -> None:
    before = CORE.lib.eg_cpu_limit(mask)
    assert before == 0xFFFFFFFF
    for length, wanted in VECTORS.items():
        data = cycle(length)
        assert _native.blake3(data).hex() == wanted, length
        assert keyed(data) == package.blake3(data, key=KEY).digest(), length
        assert pieces([data]).hex() == wanted, length
    assert [digest.hex() for digest in _native.hash_many([cycle(length) for length in VECTORS])] == [*VECTORS.values()]
    assert CORE.lib.eg_cpu_limit(0xFFFFFFFF) == mask


def test_a_level_needs_all_of_its_features() -> None:
    """A processor may have AVX2 and not AVX-512, or a virtual one hide what others need."""
    for mask in SUBSETS:
        CORE.lib.eg_cpu_limit(mask)
        for name, full in LEVELS.items():
            if level() == name:
                assert mask & full == full, (hex(mask), name)


@pytest.mark.usefixtures("limited")
def test_lengths_around_every_chunk_up_to_four_times_the_widest_lanes() -> None:
    data = cycle(65 * 1024)
    view = memoryview(data)
    lengths = [chunks * 1024 + step for chunks in range(1, 65) for step in (-1, 0, 1)]
    wanted = [package.blake3(view[:length]).digest() for length in lengths]
    assert [_native.blake3(view[:length]) for length in lengths] == wanted
    assert _native.hash_many([view[:length] for length in lengths]) == wanted


@pytest.mark.usefixtures("limited")
def test_lengths_around_every_block_of_two_chunks() -> None:
    data = cycle(2200)
    lengths = [blocks * 64 + step for blocks in range(1, 34) for step in (-1, 0, 1)]
    wanted = [package.blake3(data[:length], key=KEY).digest() for length in lengths]
    assert [keyed(data[:length]) for length in lengths] == wanted
    assert [pieces([data[:length]], key=KEY) for length in lengths] == wanted


@pytest.mark.parametrize("count", [*range(18), 31, 32, 33, 255, 256, 257, 600])
def test_any_number_of_equal_inputs(limited: str, count: int) -> None:
    for length in (0, 30, 64, 1000, 2500):
        inputs = [bytes([number % 256]) * length for number in range(count)]
        assert _native.hash_many(inputs) == [package.blake3(data).digest() for data in inputs], (limited, length)


SIZES = st.one_of(
    st.integers(0, 200),
    st.integers(0, 5000),
    st.integers(0, 40_000),
    st.builds(lambda blocks, step: max(0, 64 * blocks + step), st.integers(0, 300), st.integers(-1, 1)),
)
DATA = bytes(np.random.default_rng(7).integers(0, 256, 600_000, dtype=np.uint8))


@pytest.mark.parametrize("name", LEVELS)
@settings(max_examples=60, deadline=None)
@given(cuts=st.lists(st.tuples(st.integers(0, 5000), SIZES), max_size=300))
def test_many_are_what_each_is_alone(name: str, cuts: list[tuple[int, int]]) -> None:
    CORE.lib.eg_cpu_limit(LEVELS[name])
    inputs = [DATA[start : start + length] for start, length in cuts]
    assert _native.hash_many(inputs) == [package.blake3(data).digest() for data in inputs]


@pytest.mark.parametrize("name", LEVELS)
@settings(max_examples=60, deadline=None)
@given(lengths=st.lists(st.one_of(SIZES, st.integers(0, 90).map(lambda chunks: 1024 * chunks)), max_size=12))
def test_pieces_are_what_the_whole_is(name: str, lengths: list[int]) -> None:
    CORE.lib.eg_cpu_limit(LEVELS[name])
    starts = list(itertools.accumulate(lengths, initial=0))
    data = [DATA[start : start + length] for start, length in zip(starts, lengths, strict=False)]
    whole = b"".join(data)
    assert pieces(data) == package.blake3(whole).digest()
    assert pieces(data, key=KEY) == package.blake3(whole, key=KEY).digest()


def test_many_take_every_contiguous_buffer_and_refuse_holes() -> None:
    array = np.arange(300, dtype="<u4")
    buffers: list[Any] = [b"", bytearray(b"ab"), memoryview(b"abc")[1:], array]
    found = _native.hash_many(buffers)
    assert found == [package.blake3(data).digest() for data in (b"", b"ab", b"bc", array.tobytes())]
    with pytest.raises(BufferError, match="only contiguous buffers can be hashed"):
        _native.hash_many([b"a", memoryview(bytes(100))[::2]])
    with pytest.raises(TypeError):
        _native.hash_many(["text"])  # type: ignore[list-item]


def test_buffers_can_be_resized_again_after_many_were_hashed() -> None:
    buffer = bytearray(b"ab")
    _native.hash_many([buffer])
    buffer.extend(b"cd")
    with pytest.raises(BufferError, match="only contiguous"):
        _native.hash_many([buffer, memoryview(bytes(100))[::2]])
    buffer.extend(b"ef")


def test_the_level_is_said(limited: str) -> None:
    assert str(_native.backend()).startswith(f"C core ({limited}; this processor has ")
