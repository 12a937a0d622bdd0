"""Lines and columns of a text."""

from __future__ import annotations

import bisect
import itertools

from ..values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A line and a column of a text, both counted from one, columns in characters."""

    line: int
    column: int


# To count the lines up to a place takes a hundredth of what it takes to tell where each begins.
_FEW = 32


class Lines:
    """The lines of a text."""

    __slots__ = ("_asked", "_starts", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._asked = 0
        self._starts: list[int] = []

    def position(self, offset: int) -> Position:
        """Return the line and the column of *offset*."""
        self._asked += 1
        if self._asked <= _FEW:
            line = self._text.count("\n", 0, offset) + 1
            return Position(line=line, column=offset - self._text.rfind("\n", 0, offset))
        if not self._starts:
            lengths = (len(line) + 1 for line in self._text.split("\n"))
            self._starts = list(itertools.accumulate(lengths, initial=0))
        line = bisect.bisect_right(self._starts, offset)
        return Position(line=line, column=offset - self._starts[line - 1] + 1)
