"""YAML as tools write it into locks, read ten times as fast as by a loader that makes a node of each scalar.

Block mappings and sequences of scalars that stand on one line are a small language: an expression takes each line apart (most
lines of a lock are there many times: once is enough), and columns say what belongs to what. Whatever looks any different (an anchor, a tag, a text over several lines, a number
that may be none) is not read here at all: the loader of the whole language reads the document then, and says what is wrong with it.
"""

from __future__ import annotations

import re

from .patterns import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    # The column of a line, whether it begins an element, its key and its value.
    Line = tuple[int, bool, str, Any]

MAX_DEPTH = 50

# Printable ASCII. A colon or a hash that could end a scalar is for the loader.
_PLAIN = r"[A-Za-z0-9_/.=<](?:[!-9;-~]|:(?=[!-~])|\ ++(?=[!-\"$-~]))*+"
_LINE = late(
    rf"""^(\ *+)(-\ )?+
    (?:([A-Za-z0-9_][A-Za-z0-9_.+-]{{0,200}}+):(?:\ (?=[!-"$-~])|(?=\ ++\#|$)))?+
    (?:('[\ -&(-~]*+'|"[\ !\#-\[\]-~]*+")|({_PLAIN})|(\[\]|\{{\}}))?+(?:\ ++\#[\ -~]*+)?+$
    """,
    re.VERBOSE | re.MULTILINE,
)
# A line that says nothing, wherever it stands.
_SILENT = late(r"\ *+(?:#[ -~]*+)?+")
_HEADER = late(r"(?:#[ -~]*+\n)*+")
_INTEGER = late(r"0|[1-9][0-9]{0,18}+")
# What begins as a number does, and what YAML gives a meaning.
_UNSURE = late(r"[0-9]*+\.[0-9]*+(?:[eE][-+]?+[0-9]++)?+|\.[A-Za-z]++|0[xX].*+|<<")
_WORDS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL")),
}


# What a line has in the place of a value: nothing, so that it may follow; an empty list; an empty mapping.
_FOLLOWS, _LIST, _MAPPING = object(), object(), object()


class _UnsureError(Exception):
    """What a line means is for the loader to say."""


def read_lines(text: str, known: dict[str, Line] | None = None) -> dict[str, Any] | None:
    """Return the plain values of the YAML mapping *text*, as ``envguard.yaml`` has them; None where it is written otherwise.

    *known* are lines that were taken apart before, to which those of *text* are added.
    """
    known = {} if known is None else known
    header = _HEADER.match(text)
    start = header.end() if header is not None else 0
    if start == len(text) or not text.endswith("\n"):
        return None
    lines = text[start:-1].split("\n")
    found = _read(lines, known)
    if found is None:
        # What a person writes has comments and blank lines.
        telling = [line for line in lines if _SILENT.fullmatch(line) is None]
        found = _read(telling, known) if telling and len(telling) < len(lines) else None
    return found


def _read(lines: list[str], known: dict[str, Line]) -> dict[str, Any] | None:
    new = [line for line in dict.fromkeys(lines) if line not in known]
    taken = _LINE.findall("\n".join(new)) if new else []
    if len(taken) != len(new):
        return None
    try:
        known.update(zip(new, list(map(_line, taken)), strict=True))
        return _document(lines, known)
    except _UnsureError:
        return None


def _line(parts: tuple[str, ...]) -> Line:
    """Return the column of a line, whether it begins an element, its key and its value."""
    indent, dash, key, quoted, plain, empty = parts
    value: Any = _FOLLOWS
    if plain:
        value = _scalar(plain)
    elif quoted:
        value = quoted[1:-1]
    elif empty:
        value = _LIST if empty == "[]" else _MAPPING
    elif not key:
        raise _UnsureError
    return len(indent), bool(dash), key, value


def _document(lines: list[str], known: dict[str, Line]) -> dict[str, Any]:
    """Return the document that *lines* are, each of which is taken apart in *known*."""
    root: dict[str, Any] = {}
    # The collections that are open, each with its column; the key of the last one that has no value yet.
    columns: list[int] = [0]
    opened: list[Any] = [root]
    waiting: str | None = None
    here: Any = root
    for line in lines:
        column, dash, key, value = known[line]
        if dash and key and waiting is None and columns[-1] == column + 2 and _is_element(columns, opened):
            # Another mapping in the list that the last one is in, which is what most lines of some locks are.
            here = opened[-1] = {}
            opened[-2].append(here)
            dash = False
        elif waiting is not None or dash or column != columns[-1] or type(here) is list:
            here = _place(columns, opened, waiting, column, dash)
            waiting = None
        if value is _FOLLOWS:
            waiting, value = key, None
        elif value is _LIST:
            value = []
        elif value is _MAPPING:
            value = {}
        if dash:
            if not key:
                here.append(value)
                continue
            inside: dict[str, Any] = {}
            here.append(inside)
            here = inside
            _open(columns, opened, column + 2, inside)
        if not key or key in here:
            raise _UnsureError
        # What is waited for follows, if it is there at all.
        here[key] = value
    return root


def _is_element(columns: list[int], opened: list[Any]) -> bool:
    """Return whether the last collection is a mapping that is an element of the one before it."""
    return columns[-2] + 2 == columns[-1] and type(opened[-2]) is list


def _open(columns: list[int], opened: list[Any], column: int, inside: Any) -> None:
    columns.append(column)
    opened.append(inside)
    if len(opened) > MAX_DEPTH:
        raise _UnsureError


def _place(columns: list[int], opened: list[Any], waiting: str | None, column: int, element: bool) -> Any:
    """Return the collection that a line at *column* belongs to, which is opened, or closes others.

    *waiting* is the key before it that has no value yet.
    """
    if waiting is not None and (column > columns[-1] or (element and column == columns[-1])):
        inside: Any = [] if element else {}
        opened[-1][waiting] = inside
        _open(columns, opened, column, inside)
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
