"""Which Pythons a lock is for, as far as its files are asked whether they run there."""

from __future__ import annotations

import pytest

from envguard import pep440
from envguard.lockfiles.files import minors

ALL = list(range(30))


@pytest.mark.parametrize(
    ("requires", "found"),
    [
        (">=3.11,<3.14", [11, 12, 13]),
        (">=3.11, !=3.12.*", [11, *range(13, 30)]),
        ("==3.12.5", [12]),
        (None, ALL),
        ("", ALL),
        ("no range", ALL),
    ],
)
def test_a_minor_version_counts_where_one_of_its_patches_is_in_the_range(
    requires: str | None, found: list[int]
) -> None:
    assert list(minors(requires, 3)) == found


def test_a_clause_that_stands_there_many_times_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    contains = pep440.contains

    def counted(specifier: str, version: str) -> bool:
        asked.append(specifier)
        return contains(specifier, version)

    monkeypatch.setattr(pep440, "contains", counted)
    assert list(minors(">=3.11,<4," * 20_000 + "<3.13", 3)) == [11, 12]
    assert set(asked) == {">=3.11,<4,<3.13"}


def test_a_range_of_absurdly_many_clauses_is_none() -> None:
    assert list(minors(",".join(f"!=3.12.{number}" for number in range(100, 1_100)) + ",<3.13", 3)) == ALL
    assert list(minors(",".join(f"!=3.12.{number}" for number in range(100, 1_000)) + ",<3.13", 3)) == list(range(13))
