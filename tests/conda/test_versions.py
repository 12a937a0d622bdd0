"""Conda's versions: their order as conda's documentation has it, and what is none."""

from __future__ import annotations

import itertools

import pytest

from envguard.conda.versions import VersionError, parse

# The example of conda's documentation of VersionOrder, in order.
ORDERED = [
    "0.4",
    "0.4.1.rc",
    "0.4.1",
    "0.5a1",
    "0.5b3",
    "0.5C1",
    "0.5",
    "0.9.6",
    "0.960923",
    "1.0",
    "1.1dev1",
    "1.1_",
    "1.1a1",
    "1.1.0dev1",
    "1.1.a1",
    "1.1.0rc1",
    "1.1.0",
    "1.1.0post1",
    "1996.07.12",
    "1!0.4.1",
    "1!3.1.1.6",
    "2!0.4.1",
]


def test_the_order_is_conda_s() -> None:
    for one, other in itertools.combinations(ORDERED, 2):
        assert parse(one) < parse(other), (one, other)
        assert not parse(other) < parse(one)
        assert parse(one) != parse(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.0", "1.0.0"),
        ("1.1.dev1", "1.1.0dev1"),
        ("1.1.post1", "1.1.0post1"),
        ("2.0_1", "2.0.1"),
        ("1.0-1", "1.0_1"),
        ("1.2RC1", "1.2rc1"),
        ("0!1.0", "1.0"),
        ("1.0+cu.0", "1.0+cu"),
    ],
)
def test_spellings_of_one_version_are_equal(one: str, other: str) -> None:
    assert parse(one) == parse(other)
    assert hash(parse(one)) == hash(parse(other))
    assert not parse(one) < parse(other)


@pytest.mark.parametrize(
    ("version", "start", "begins"),
    [
        ("1.2.3", "1.2", True),
        ("1.20", "1.2", False),
        ("1.2", "1.2.0", True),
        ("1.2rc1", "1.2", True),
        ("1.1.1w", "1.1.1", True),
        ("1.2+cu126", "1.2", True),
        ("1.2+cu126.1", "1.2+cu126", True),
        ("1.2+cpu", "1.2+cu", False),
        ("2024a", "2024", True),
    ],
)
def test_what_a_version_begins_with(version: str, start: str, *, begins: bool) -> None:
    assert parse(version).starts_with(parse(start)) is begins


@pytest.mark.parametrize(
    "text", ["", " ", "1..2", "a b", "1.0+", "1!", "x!1", "1+a+b", "1.0/2", "é", "1" * 301, "+1", "1!2!3"]
)
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(VersionError):
        parse(text)
