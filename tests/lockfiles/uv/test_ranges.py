"""Ranges of Python versions by their bounds."""

from __future__ import annotations

import pytest

from envguard.lockfiles.uv.ranges import EVERYTHING, as_marker, bounds, contains, spelled


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (">=3.11", ">=3.11.0"),
        ("~=3.12.0", "==3.12.*"),
        ("~=3.12.0", ">=3.12,<3.13"),
        ("~=3.11", ">=3.11,<4"),
        (">3.10.5,!=3.10.*", ">=3.11"),
        (">=3.11,!=3.12.1", ">=3.11"),
        (">=3.8,!=3.8.*", ">=3.9"),
        ("==3.12.3", ">=3.12.3,<=3.12.3"),
        ("", "!=3.9.1"),
        (">=3.11,>=3.12,<4,<5", "<4,>=3.12"),
    ],
)
def test_ranges_with_the_same_bounds_are_the_same(one: str, other: str) -> None:
    assert bounds(one) == bounds(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [(">=3.11", ">3.11"), (">=3.11", ">=3.11,!=3.11.0"), ("<3.13", "<=3.13"), ("==3.12", "==3.12.*"), ("", ">=3.11")],
)
def test_ranges_with_other_bounds_are_not(one: str, other: str) -> None:
    assert bounds(one) != bounds(other)


def test_several_ranges_meet() -> None:
    assert bounds(">=3.11", "<4", ">=3.10,<3.14") == bounds(">=3.11,<3.14")
    assert bounds(">=3.12", "<3.12") is None
    assert bounds() == EVERYTHING


@pytest.mark.parametrize("text", ["3.11", ">=three", ">=3.11;<4"])
def test_a_text_that_is_no_range_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"nvalid"):
        bounds(text)


@pytest.mark.parametrize(
    ("text", "words", "marker"),
    [
        (">=3.11", ">=3.11", "python_full_version >= '3.11'"),
        ("~=3.11.2", ">=3.11.2,<3.12", "python_full_version >= '3.11.2' and python_full_version < '3.12'"),
        (">3.11,<=3.12.1", ">3.11,<=3.12.1", "python_full_version > '3.11' and python_full_version <= '3.12.1'"),
        ("<4", "<4", "python_full_version < '4'"),
        ("", "any version", None),
    ],
)
def test_bounds_can_be_spelled(text: str, words: str, marker: str | None) -> None:
    inside = bounds(text)
    assert inside is not None
    assert (spelled(inside), as_marker(inside)) == (words, marker)


def test_a_version_lies_inside_or_not() -> None:
    inside = bounds(">=3.11,<3.13")
    assert inside is not None
    found = [contains(inside, release) for release in ((3, 10, 99), (3, 11, 0), (3, 12, 99), (3, 13, 0))]
    assert found == [False, True, True, False]
