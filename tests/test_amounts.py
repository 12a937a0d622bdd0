from __future__ import annotations

import pytest

from envguard.amounts import duration, plural, size


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (1234, "1.2 kB"),
        (99_949, "99.9 kB"),
        (99_951, "100 kB"),
        (999_400, "999 kB"),
        (999_600, "1.0 MB"),
        (4 * 2**30, "4.3 GB"),
        (10**15, "1.0 PB"),
        (10**19, "10,000 PB"),
    ],
)
def test_bytes_are_counted_in_units_of_a_thousand(count: int, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (7.4, "0:07"), (59.6, "1:00"), (754, "12:34"), (3600, "1:00:00"), (11_100, "3:05:00")],
)
def test_times_are_those_of_a_clock(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(0, "0 files"), (1, "1 file"), (20_000, "20,000 files")])
def test_one_is_not_many(count: int, text: str) -> None:
    assert plural(count, "file") == text
