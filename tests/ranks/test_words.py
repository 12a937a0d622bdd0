"""Ranks as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.ranks.words import named, parsed, ranges


@pytest.mark.parametrize(
    ("ranks", "text"),
    [([], ""), ([3], "3"), ([3, 4], "3,4"), ([4, 3, 5], "3-5"), ([0, 1, 2, 3, 7, 9, 10, 11], "0-3,7,9-11")],
)
def test_neighbours_are_joined(ranks: list[int], text: str) -> None:
    assert ranges(ranks) == text


@given(st.sets(st.integers(0, 200)))
def test_what_is_written_is_read(ranks: set[int]) -> None:
    assert parsed(ranges(ranks)) == sorted(ranks)


def test_hosts_stand_beside_them() -> None:
    assert named("3") == "rank 3"
    assert named("3", ("node-b",)) == "rank 3 (node-b)"
    assert named("0-3,7", ("a", "b")) == "ranks 0-3, 7 (a, b)"
    assert named("0-31", ("a", "b", "c", "d")) == "ranks 0-31 (a, b, c and 1 more host)"
    assert named("0-31", ("a", "b", "c", "d", "e")) == "ranks 0-31 (a, b, c and 2 more hosts)"
