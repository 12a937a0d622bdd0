"""Regular expressions that are compiled when they are first asked something.

A short command uses few of the patterns of the modules that it imports. Compiling one takes 0.05 to 1.5 ms, which is a tenth of
what reading a lock of a megabyte takes for all of them.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Pattern:
    """What ``re.compile`` makes of its arguments, made when it is first used: then these slots are its own methods."""

    __slots__ = ("_flags", "_text", "findall", "finditer", "fullmatch", "match", "search", "split", "sub")

    def __init__(self, text: str | bytes, flags: int = 0) -> None:
        self._text = text
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        # A slot that is not filled yet leads here, too.
        compiled = re.compile(self._text, self._flags)
        for each in _Pattern.__slots__[2:]:
            setattr(self, each, getattr(compiled, each))
        return getattr(compiled, name)


if TYPE_CHECKING:
    late = re.compile
else:
    late = _Pattern
