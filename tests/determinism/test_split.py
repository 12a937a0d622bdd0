"""Splits by hash: stable under additions, exact at the edges, and of the sizes that were asked for."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.determinism.split import _ends, bucket

EIGHTY = {"train": 0.8, "val": 0.1, "test": 0.1}

# These never change: another derivation gets another name.
VECTORS: dict[tuple[int, str, Any], str | int] = {
    (0, "split", "a"): "train",
    (42, "split", "images/0001.png"): "train",
    (42, "split", b"images/0001.png"): "train",
    (42, "split", 7): "val",
    (42, "split", -7): "train",
    (42, "split", 11): "val",
    (42, "split", 36): "train",
    (42, "folds", 2**80): "train",
}
FOLDS = "2401402022330011024444411034022103241041410320140000"


def test_the_scheme_is_frozen() -> None:
    assert {key: bucket(key[0], key[1], key[2], EIGHTY) for key in VECTORS} == VECTORS
    assert "".join(str(bucket(42, "folds", sample, [1] * 5)) for sample in range(len(FOLDS))) == FOLDS


def test_samples_that_are_added_or_reordered_move_nobody() -> None:
    few = {sample: bucket(1, "split", sample, EIGHTY) for sample in range(1000)}
    many = list(range(5000))
    random.Random(1).shuffle(many)
    found = {sample: bucket(1, "split", sample, EIGHTY) for sample in many}
    assert few.items() <= found.items()


def test_a_mapping_means_the_same_in_any_order() -> None:
    turned = dict(reversed(EIGHTY.items()))
    assert all(bucket(1, "split", n, EIGHTY) == bucket(1, "split", n, turned) for n in range(2000))


def test_a_part_that_grows_takes_from_its_neighbour_alone() -> None:
    before = [bucket(1, "split", n, [0.8, 0.1, 0.1]) for n in range(5000)]
    after = [bucket(1, "split", n, [0.85, 0.05, 0.1]) for n in range(5000)]
    assert {(old, new) for old, new in zip(before, after, strict=True) if old != new} == {(1, 0)}


def test_text_bytes_and_numbers_are_different_samples() -> None:
    parts = [tuple(bucket(1, f"{n}", sample, [1] * 10) for n in range(12)) for sample in ("7", b"7", 7, 55, -7, "i7")]
    assert len(set(parts)) == len(parts)


def test_root_and_name_make_splits_of_their_own() -> None:
    def parts(root: int, name: str) -> tuple[str | int, ...]:
        return tuple(bucket(root, name, n, [1] * 10) for n in range(64))

    assert len({parts(1, "a"), parts(2, "a"), parts(1, "b")}) == 3


@pytest.mark.parametrize(
    "fractions",
    [
        [0.8, 0.1, 0.1],
        [Fraction(4, 5), Fraction(1, 10), Fraction(1, 10)],
        [8, 1, 1],
        [Decimal("0.8"), Decimal("0.1"), 0.1],
    ],
)
def test_fractions_mean_what_is_written(fractions: list[Any]) -> None:
    """The ends are those of exact tenths, not of the nearest doubles, whose sum is not 1."""
    assert _ends(fractions)[0] == (-(-4 * 2**256 // 5), -(-9 * 2**256 // 10), 2**256)


def test_thirds_that_were_rounded_are_a_whole() -> None:
    assert _ends([1 / 3, 1 / 3, 1 / 3])[0][-1] == 2**256


@given(st.lists(st.integers(0, 10**30), min_size=1, max_size=8).filter(any), st.integers(), st.integers(0, 2**64))
def test_every_sample_has_a_part_and_never_an_empty_one(shares: list[int], sample: int, root: int) -> None:
    part = bucket(root, "split", sample, shares)
    assert isinstance(part, int)
    assert shares[part] > 0


def test_the_parts_have_the_sizes_that_were_asked_for() -> None:
    number = 100_000
    for kind in (str, int, lambda n: n.to_bytes(4, "big")):
        counts = [0, 0, 0]
        for sample in range(number):
            counts[bucket(3, "split", kind(sample), [0.7, 0.2, 0.1])] += 1
        expected = [number * share for share in (0.7, 0.2, 0.1)]
        chi = sum((found - wanted) ** 2 / wanted for found, wanted in zip(counts, expected, strict=True))
        assert chi < 13.8, counts  # one in a thousand at two degrees of freedom


@pytest.mark.parametrize(
    ("fractions", "told"),
    [
        ([], "fractions are at least 0 and not all of them 0, not {}"),
        ({"a": 0}, "fractions are at least 0 and not all of them 0, not {'a': 0}"),
        ([-0.5, 1.5], "fractions are at least 0 and not all of them 0, not {0: -0.5, 1: 1.5}"),
        ({"train": 0.8, "val": 0.1}, "fractions have a sum of 1, not 0.9: {'train': 0.8, 'val': 0.1}"),
        ([0.5, float("nan")], "fractions are numbers, not [0.5, nan]"),
        ([0.5, float("inf")], "fractions are numbers, not [0.5, inf]"),
        (["half"], "fractions are numbers, not ['half']"),
        ([None], "fractions are numbers, not [None]"),
    ],
)
def test_what_is_no_whole_is_refused(fractions: Any, told: str) -> None:
    with pytest.raises(ValueError) as caught:
        bucket(0, "split", 1, fractions)
    assert str(caught.value) == told


@pytest.mark.parametrize("sample", [None, 1.0, True, ("a",)])
def test_what_is_no_identity_is_refused(sample: Any) -> None:
    with pytest.raises(TypeError, match="the identity of a sample is text, bytes or a whole number, not "):
        bucket(0, "split", sample, [1, 1])
