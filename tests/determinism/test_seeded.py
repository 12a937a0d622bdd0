"""The seed of a Mersenne Twister is told from its words, however it was given, and never one that was not."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envguard.determinism.seeded import seed_of


def python(seed: int | str, blocks: int = 0) -> list[int]:
    made = random.Random(seed)
    if blocks:
        made.getrandbits(32 * (624 * blocks - 623))
    return list(made.getstate()[1][:-1])


def numpy(seed: int | list[int], blocks: int = 0) -> list[int]:
    made = np.random.RandomState(seed)
    if blocks:
        made.bytes(4 * (624 * blocks - 623))
    return [int(word) for word in made.get_state()[1]]  # type: ignore[index]


@settings(deadline=None, max_examples=60)
@given(key=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=20), blocks=st.integers(0, 9))
def test_a_key_is_read_back(key: list[int], blocks: int) -> None:
    found = seed_of(numpy(key, blocks), 9)
    # A key that repeats itself is the shorter one.
    assert found is not None
    assert numpy(list(found), blocks) == numpy(key, blocks)
    assert len(found) <= len(key)


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), blocks=st.integers(0, 9))
def test_a_number_is_read_back(seed: int, blocks: int) -> None:
    assert seed_of(numpy(seed, blocks), 9) == (seed,)
    assert seed_of(python(seed, blocks), 9) == (seed,)


def test_only_so_many_blocks_are_walked_back() -> None:
    assert seed_of(python(42, 5), 5) == (42,)
    assert seed_of(python(42, 5), 4) is None


@pytest.mark.parametrize("at", [0, 2, 300, 623])
def test_words_that_no_seed_made_have_none(at: int) -> None:
    words = python(42, 1)
    words[at] ^= 2
    assert seed_of(words, 3) is None
    strange = np.random.RandomState(np.random.MT19937(np.random.SeedSequence(42)))
    assert seed_of([int(word) for word in strange.get_state()[1]], 3) is None  # type: ignore[index]


def test_text_is_a_long_key() -> None:
    assert len(seed_of(python("text", 2), 2) or ()) == 17
