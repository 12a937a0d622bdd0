"""Exit statuses of verdicts."""

from __future__ import annotations

from ..model import Verdict

STATUS = {Verdict.CLEAN: 0, Verdict.DRIFT: 1, Verdict.UNDECIDED: 3}


def graver(first: int, second: int) -> int:
    """Of two statuses return the one that must not be hidden by the other: failed, then findings, then undecided."""
    order = (0, 3, 1, 2)
    return max(first, second, key=order.index)
