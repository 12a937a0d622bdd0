"""YAML as tools write it into locks, read ten times as fast as by a loader that makes a node of each scalar.

Block mappings and sequences of scalars that stand on one line are a small language: an expression takes each line apart, and
columns say what belongs to what. Whatever looks any different (an anchor, a tag, a text over several lines, a comment, a number
that may be none) is not read here at all: the loader of the whole language reads the document then, and says what is wrong with it.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


MAX_DEPTH = 50

# Printable ASCII. A colon or a hash that could end a scalar is for the loader.
_PLAIN = r"[A-Za-z0-9_/.=<](?:[!-9;-~]|:(?=[!-~])|\ ++(?=[!-\"$-~]))*+"
_LINE = re.compile(
    rf"""^(\ *+)(-\ )?+
    (?:([A-Za-z0-9_][A-Za-z0-9_.+-]{{0,200}}+):(?=\ [!-~]|$)\ ?+)?+
    (?:('[\ -&(-~]*+'|"[\ !\#-\[\]-~]*+")|({_PLAIN})|(\[\]|\{{\}}))?+$
    """,
    re.VERBOSE | re.MULTILINE,
)
_HEADER = re.compile(r"(?:#[ -~]*+\n)*+")
_INTEGER = re.compile(r"0|[1-9][0-9]{0,18}+")
# What begins as a number does, and what YAML gives a meaning.
_UNSURE = re.compile(r"[0-9]*+\.[0-9]*+(?:[eE][-+]?+[0-9]++)?+|\.[A-Za-z]++|0[xX].*+|<<")
_WORDS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL")),
}


class _UnsureError(Exception):
    """What a line means is for the loader to say."""


def read_lines(text: str) -> dict[str, Any] | None:
    """Return the plain values of the YAML mapping *text*, as ``envguard.yaml`` has them; None where it is written otherwise."""
    header = _HEADER.match(text)
    start = header.end() if header is not None else 0
    lines = _LINE.findall(text, start)
    # To the expression the end of the text is one line more.
    if len(lines) < 2 or not text.endswith("\n") or len(lines) != text.count("\n", start) + 1:
        return None
    try:
        return _Document().of(lines[:-1])
    except _UnsureError:
        return None


class _Document:
    """A document as it grows, line by line: the collections that are open, each with its column."""

    def __init__(self) -> None:
        self.columns: list[int] = [0]
        self.opened: list[Any] = [{}]
        # The key of the last one that has no value yet.
        self.waiting: str | None = None

    def of(self, lines: list[tuple[str, ...]]) -> dict[str, Any]:
        root: dict[str, Any] = self.opened[0]
        for indent, dash, key, quoted, plain, empty in lines:
            column = len(indent)
            here = self.place(column, element=bool(dash))
            value: Any = None
            if plain:
                value = _scalar(plain)
            elif quoted:
                value = quoted[1:-1]
            elif empty:
                value = [] if empty == "[]" else {}
            elif key:
                self.waiting = key
            else:
                raise _UnsureError
            if dash:
                if not key:
                    here.append(value)
                    continue
                here.append(here := self.open(column + 2, {}))
            if not key or key in here:
                raise _UnsureError
            # What is waited for follows, if it is there at all.
            here[key] = value
        return root

    def open(self, column: int, inside: Any) -> Any:
        self.columns.append(column)
        self.opened.append(inside)
        if len(self.opened) > MAX_DEPTH:
            raise _UnsureError
        return inside

    def place(self, column: int, *, element: bool) -> Any:
        """Return the collection that a line at *column* belongs to, which is opened, or closes others."""
        columns, opened = self.columns, self.opened
        if self.waiting is not None:
            if column > columns[-1] or (element and column == columns[-1]):
                inside: Any = [] if element else {}
                opened[-1][self.waiting] = inside
                self.open(column, inside)
            self.waiting = None
        while columns[-1] > column or (columns[-1] == column and not element and isinstance(opened[-1], list)):
            columns.pop()
            opened.pop()
        here = opened[-1]
        if columns[-1] != column or isinstance(here, list) != element:
            raise _UnsureError
        return here


def _scalar(text: str) -> Any:
    if text[0] not in "0123456789.<":
        return _WORDS.get(text, text)
    if _INTEGER.fullmatch(text):
        return int(text)
    if _UNSURE.fullmatch(text):
        raise _UnsureError
    return text
