"""Streams that lie side by side have nothing to do with one another, and none of them is lopsided.

All seeds are fixed, so these tests either always pass or always fail; the bounds are what a fair source stays within in all but
one of some ten thousand cases.
"""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from envguard.determinism.named import Streams
from envguard.determinism.streams import derive

if TYPE_CHECKING:
    from collections.abc import Callable

SEED = 20261126
BOUND = 4.0


def deviation(counts: Any) -> float:
    """Return by how many standard deviations the chi-square of *counts* is off that of a fair source."""
    counts = np.asarray(counts, dtype=float).ravel()
    freedom = counts.size - 1
    chi = ((counts - counts.mean()) ** 2 / counts.mean()).sum()
    # Wilson and Hilferty: the cube root of a chi-square is close to normal.
    spread = 2 / (9 * freedom)
    return float(((chi / freedom) ** (1 / 3) - (1 - spread)) / math.sqrt(spread))


def correlations(draws: Any) -> float:
    """Return the largest correlation between two of the rows, in standard deviations of one between independent rows."""
    matrix = np.corrcoef(np.asarray(draws, dtype=float))
    np.fill_diagonal(matrix, 0.0)
    pairs = len(draws) * (len(draws) - 1) / 2
    # The largest of many: about sqrt(2 ln pairs) of them is normal.
    return float(np.abs(matrix).max() * math.sqrt(len(draws[0])) - math.sqrt(2 * math.log(max(pairs, 2))))


def test_the_tests_would_see_a_poor_source() -> None:
    """Seeds that are added, as everybody does, and a lopsided die."""
    assert deviation([1000, 1000, 1000, 1200]) > BOUND
    assert abs(deviation(np.random.default_rng(1).multinomial(100_000, [0.01] * 100))) < BOUND
    shared = [np.random.RandomState(seed % 4).random_sample(1000) for seed in range(8)]
    assert correlations(shared) > BOUND


def test_the_bytes_of_neighbours_are_uniform() -> None:
    raw = b"".join(derive(SEED, "augment", epoch, sample) for epoch in range(10) for sample in range(10_000))
    values = np.frombuffer(raw, dtype=np.uint8)
    assert abs(deviation(np.bincount(values, minlength=256))) < BOUND
    pairs = values[:-1].astype(np.int64) * 256 + values[1:]
    assert abs(deviation(np.bincount(pairs, minlength=65536))) < BOUND


@pytest.mark.parametrize("changed", ["root", "index", "name"])
def test_one_bit_of_the_input_turns_half_of_the_output(changed: str) -> None:
    turned = np.zeros(256)
    number = 0
    for base in range(300):
        for bit in range(24):
            flipped = base ^ (1 << bit)
            if changed == "root":
                one, other = derive(base, "a", 1), derive(flipped, "a", 1)
            elif changed == "index":
                one, other = derive(SEED, "a", base), derive(SEED, "a", flipped)
            else:
                one, other = derive(SEED, f"a{base}", 1), derive(SEED, f"a{flipped}", 1)
            mixed = np.frombuffer(one, dtype=np.uint8) ^ np.frombuffer(other, dtype=np.uint8)
            turned += np.unpackbits(mixed)
            number += 1
    off = (turned - number / 2) / math.sqrt(number / 4)
    assert np.abs(off).max() < BOUND + 1  # the largest of 256
    assert abs(off.sum() / 16) < BOUND


def by_numpy(streams: Streams, *index: int) -> Callable[[int], Any]:
    return streams.numpy("augment", *index).random


def by_random(streams: Streams, *index: int) -> Callable[[int], Any]:
    generator = streams.random("augment", *index)
    return lambda count: np.array([generator.random() for _ in range(count)])


def by_torch(streams: Streams, *index: int) -> Callable[[int], Any]:
    import torch

    generator = streams.torch("augment", *index)
    return lambda count: torch.rand(count, dtype=torch.float64, generator=generator).numpy()


LIBRARIES = [by_numpy, by_random, pytest.param(by_torch, marks=pytest.mark.torch)]


@pytest.mark.parametrize("draw", LIBRARIES)
def test_the_first_draws_of_neighbours_are_uniform_and_uncorrelated(draw: Any) -> None:
    streams = Streams(SEED)
    first = np.array([draw(streams, 0, sample)(2) for sample in range(10_000)])
    for column in first.T:
        assert abs(deviation(np.bincount((column * 100).astype(int), minlength=100))) < BOUND
    for lag in (1, 2, 3, 64):
        assert abs(np.corrcoef(first[:-lag, 0], first[lag:, 0])[0, 1]) * math.sqrt(len(first)) < BOUND
    assert abs(np.corrcoef(first[:, 0], first[:, 1])[0, 1]) * math.sqrt(len(first)) < BOUND
    square = (first[:-1, 0] * 32).astype(int) * 32 + (first[1:, 0] * 32).astype(int)
    assert abs(deviation(np.bincount(square, minlength=1024))) < BOUND


@pytest.mark.parametrize("draw", LIBRARIES)
def test_neighbouring_streams_are_uncorrelated_over_a_million_draws(draw: Any) -> None:
    streams = Streams(SEED)
    rows = [draw(streams, 1, sample)(125_000) for sample in range(8)]
    assert correlations(rows) < BOUND
    assert correlations([row[1:] if number % 2 else row[:-1] for number, row in enumerate(rows)]) < BOUND
    assert abs(deviation(np.bincount((np.concatenate(rows) * 1000).astype(int), minlength=1000))) < BOUND


@pytest.mark.torch
def test_libraries_do_not_walk_together_on_one_name() -> None:
    streams = Streams(SEED)
    rows = [draw(streams, 2)(100_000) for draw in (by_numpy, by_random, by_torch)]
    assert correlations(rows) < BOUND
    assert len(set(np.concatenate(rows).tolist())) == 300_000


def test_no_two_of_half_a_million_streams_meet_even_in_64_bits() -> None:
    """64 bits are what a generator on a GPU is seeded with; a meeting by chance would have a probability of 7e-9."""
    names = ("augment", "shuffle", "init", "dropout", "a", "b", "c", "d", "e", "f")
    seen = {derive(SEED, name, epoch, sample)[:8] for name in names for epoch in range(10) for sample in range(5000)}
    assert len(seen) == 500_000


def test_ranks_epochs_and_workers_that_have_equal_sums_are_different() -> None:
    """``seed + rank + epoch`` has 66 values in this grid of 4,000."""
    seen = {derive(seed, "dropout", rank, epoch) for seed in range(10) for rank in range(8) for epoch in range(50)}
    assert len(seen) == 4000


def test_names_that_look_alike_are_different() -> None:
    generator = random.Random(1)
    names = {"".join(generator.choice("abAB01-_ ä") for _ in range(generator.randint(1, 12))) for _ in range(50_000)}
    assert len({derive(SEED, name) for name in names}) == len(names)
