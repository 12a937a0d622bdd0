"""What the stat cache answers from one call of hash_tree to the next, with whatever engine there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import envguard
from envguard.data import stat_cache

if TYPE_CHECKING:
    from pathlib import Path

# Both engines, by the fixture.
pytestmark = pytest.mark.usefixtures("walk")
FUTURE: tuple[dict[int, int], int] = ({}, 2**62)


@pytest.fixture(autouse=True)
def _every_file_has_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stat_cache, "cutoffs", lambda _now: FUTURE)


def test_the_first_call_fills_the_cache_for_the_second(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number}").write_text(str(number), encoding="ascii")
    first, second = envguard.hash_tree(tmp_path), envguard.hash_tree(tmp_path)
    assert (first.cached, second.cached) == (0, 20)
    assert first.root == second.root


def test_without_the_cache_nothing_is_taken_from_it_or_kept_in_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert [envguard.hash_tree(tmp_path, cache=use).cached for use in (False, True, False)] == [0, 0, 0]
    assert envguard.hash_tree(tmp_path).cached == 1
