"""Long lists of one-line tables, of which locks are made, read several times as fast as by a parser that looks at each character.

Tools write the files of a package as ``key = [``, a line ``{name = "text", ...},`` for each, ``]``; values are texts, numbers, times, and
tables of texts. Such a list is a small regular language: what an expression matches as a whole can be taken from it, and the parser reads the text without it. What looks any
different stays in the text. So nothing is accepted here that the parser would not accept, and nothing is read otherwise.
"""

from __future__ import annotations

import datetime
import functools
import os
import re

from .patterns import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    Shape = tuple[tuple[str, "str | Shape"], ...]

_MOST_KEYS = 32
# Possessive quantifiers throughout: hostile text must not make the engine try things twice.
_LIST = late(r"(?<=\n)([A-Za-z0-9_-]++) = \[\n((?: ++\{[^\n]*+\n)++)\](?=\n)")
_TOKEN = late(
    r"""(?:[{,]\ ?)?(?P<key>[A-Za-z0-9_-]++)\ =\ (?:(?P<text>"[^"]*+")|(?P<time>\d{4}-[^,}\s]++)|(?P<number>\d++)|(?=(?P<table>\{)))
    |(?P<close>\ ?\})""",
    re.VERBOSE,
)
_VALUES = {
    # Text without escapes: any character but the quote, the backslash, and the control characters that TOML forbids (and a tab).
    "text": r'"([^"\\\x00-\x1f\x7f]*+)"',
    "number": r"(0|[1-9][0-9]{0,17}+)",
    "time": r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{6})?+Z)",
}
_CONVERT: dict[str, Callable[[str], Any]] = {"number": int, "time": datetime.datetime.fromisoformat}


def loads(text: str, parse: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """Return what *parse*, a parser of TOML, makes of *text* (line ends LF).

    Raises what *parse* raises, but for another text: whoever wants to say what is wrong parses *text* itself then.
    """
    # In a text of several lines anything may look like a list.
    if '"""' in text or "'''" in text:
        return parse(text)
    taken: list[list[dict[str, Any]]] = []
    # Nobody who wrote the text can have known it.
    mark = os.urandom(16).hex()
    left: list[str] = []
    at = 0
    for match in _LIST.finditer(text):
        rows = _rows(match[2])
        if rows is not None:
            left += (text[at : match.start(2) - 2], f'"{mark}{len(taken)}"')
            at = match.end()
            taken.append(rows)
    if not taken:
        return parse(text)
    document = parse("".join((*left, text[at:])))
    _put_back(document, mark, taken)
    return document


def _rows(lines: str) -> list[dict[str, Any]] | None:
    """Return the tables on *lines*, None where not all of them are of the shape of the first."""
    shape = _shape(lines[: lines.index("\n")])
    if shape is None:
        return None
    found = _row(shape).findall(lines)
    if len(found) != lines.count("\n"):
        return None
    columns = iter(zip(*found, strict=True) if isinstance(found[0], tuple) else (found,))
    try:
        return _tables(shape, columns)
    except ValueError:  # the 31st of February
        return None


def _shape(line: str) -> Shape | None:
    """Return the keys of the table on *line* with the kinds of their values, a table of texts inside of it included."""
    keys: dict[str, str | dict[str, str]] = {}
    into: dict[str, Any] = keys
    for token in _TOKEN.finditer(line):
        kind = token.lastgroup
        key = token["key"]
        if kind == "close":
            into = keys
        elif len(into) > _MOST_KEYS or key in into or (into is not keys and kind != "text"):
            return None
        elif token["table"]:
            into[key] = into = {}
        else:
            into[key] = kind
    # An empty table has nothing to tell its place by, and no tool writes so many keys.
    if not all(keys.values()) or len(keys) > _MOST_KEYS:
        return None
    return tuple((key, tuple(kind.items()) if isinstance(kind, dict) else kind) for key, kind in keys.items()) or None


@functools.lru_cache(maxsize=64)
def _row(shape: Shape) -> re.Pattern[str]:
    """Return the expression of a whole line that holds a table of this shape."""
    return re.compile(rf"^ ++{_braced(shape)},$", re.MULTILINE)


def _braced(shape: Shape) -> str:
    pairs = (f"{re.escape(key)} = {_VALUES[kind] if isinstance(kind, str) else _braced(kind)}" for key, kind in shape)
    return rf"\{{ ?{', '.join(pairs)} ?\}}"


def _tables(shape: Shape, columns: Iterator[Sequence[str]]) -> list[dict[str, Any]]:
    """Return the tables of this *shape* whose texts, key by key, are in *columns*."""
    values: list[Iterable[Any]] = []
    for _, kind in shape:
        if not isinstance(kind, str):
            values.append(_tables(kind, columns))
        else:
            values.append(map(_CONVERT[kind], next(columns)) if kind in _CONVERT else next(columns))
    keys = [key for key, _ in shape]
    return [dict(zip(keys, row, strict=True)) for row in zip(*values, strict=True)]


def _put_back(value: Any, mark: str, taken: list[list[dict[str, Any]]]) -> None:
    """Replace every mark in *value*, tables and lists of them, by the list that it stands for."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        if isinstance(inner, str):
            if inner.startswith(mark):
                value[key] = taken[int(inner[len(mark) :])]
        elif isinstance(inner, dict):
            _put_back(inner, mark, taken)
        elif isinstance(inner, list):
            for each in inner:
                _put_back(each, mark, taken)
