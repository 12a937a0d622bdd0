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


class Lines:
    """The lines of a text."""

    __slots__ = ("_starts", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts: list[int] = []

    def position(self, offset: int) -> Position:
        """Return the line and the column of *offset*."""
        if not self._starts:
            lengths = (len(line) + 1 for line in self._text.split("\n"))
            self._starts = list(itertools.accumulate(lengths, initial=0))
        line = bisect.bisect_right(self._starts, offset)
        return Position(line=line, column=offset - self._starts[line - 1] + 1)
