"""What the cells of a lock contradict is looked for once where it is asked for twice, and for each lock by itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from envguard.lockfiles import judge_lock, read_lock
from envguard.lockfiles.conda import cells
from envguard.reader import Reader
from envguard.values import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pytest

    from envguard.lockfiles.conda.cells import Cell
    from envguard.lockfiles.model import Inconsistency

LOCK = str(Path(__file__).parents[2] / "corpora" / "pixi-small" / "pixi.lock")


def test_a_verdict_looks_at_each_cell_once_and_keeps_no_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Iterable[Cell]] = []
    real = cells._contradictions

    def counted(these: Iterable[Cell]) -> Iterator[Inconsistency]:
        looked.append(these)
        return real(these)

    monkeypatch.setattr(cells, "_contradictions", counted)
    cells._last.clear()
    lock, *first = judge_lock(Reader(), LOCK, anew=True)
    assert len(looked) == 1
    assert not cells._last
    assert judge_lock(Reader(), LOCK, anew=True)[1:] == tuple(first)
    assert len(looked) == 2
    # Another lock is looked at by itself, however alike, and so is one in another way.
    assert len(list(cells.cell_inconsistencies(lock, exclusive=True))) == 0
    missing = replace(lock, packages=lock.packages[1:])
    for exclusive in (True, False):
        found = list(real(cells.cells_of(missing, exclusive=exclusive)))
        assert list(cells.cell_inconsistencies(missing, exclusive=exclusive)) == found
    assert read_lock(Reader(), LOCK, anew=True) == lock
