"""What only a ``conda-lock.yml`` can contradict itself in: the packages of a platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..conda.cells import cell_inconsistencies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Inconsistency, Lock


def inconsistencies(lock: Lock) -> Iterator[Inconsistency]:
    """Yield what a platform of *lock* lists twice or not at all."""
    yield from cell_inconsistencies(lock, exclusive=False)
