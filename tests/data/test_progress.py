"""Rates and times left come from the last few seconds."""

from __future__ import annotations

import pytest

from envguard.data.model import Progress
from envguard.data.progress import Pace


def test_at_the_start_nothing_can_be_told() -> None:
    assert Pace(100.0, bytes_total=50).at(100.0, files=0, size=0) == Progress(files=0, bytes=0, bytes_total=50)


def test_a_file_at_an_even_pace() -> None:
    pace = Pace(0.0, bytes_total=1000)
    found = [pace.at(float(second), files=0, size=100 * second, files_total=1) for second in range(1, 10)]
    assert [progress.left for progress in found] == pytest.approx([10 - second for second in range(1, 10)])
    assert {progress.rate for progress in found} == {100.0}
    assert found[-1].seconds == 9.0


def test_what_was_long_ago_does_not_count() -> None:
    pace = Pace(0.0, bytes_total=2000)
    for second in range(100):
        pace.at(float(second), files=0, size=second)
    for second in range(100, 110):
        last = pace.at(float(second), files=0, size=100 + 100 * (second - 100))
    assert last.rate == pytest.approx(100)
    assert last.left == pytest.approx(10)


def test_a_tree_is_told_by_its_files_once_all_are_found() -> None:
    pace = Pace(0.0)
    assert pace.at(1.0, files=10, size=500).left is None
    known = pace.at(2.0, files=20, size=5000, cached=3, files_total=100)
    assert (known.left, known.rate, known.cached, known.files_total) == (8.0, 2500.0, 3, 100)
    assert pace.at(3.0, files=100, size=6000, files_total=100).left == 0.0


def test_where_nothing_moves_nothing_is_promised() -> None:
    pace = Pace(0.0)
    assert pace.at(1.0, files=0, size=0, files_total=5).left is None
    # A file that changed gives back what was read of it.
    assert pace.at(2.0, files=0, size=-10, files_total=5).rate == 0.0
