"""Long lists of one-line tables, of which locks are made, read several times as fast as by a parser that looks at each character.

Tools write the files of a package as ``key = [``, a line ``{name = "text", ...},`` for each, ``]``. Such a list is a small regular
language: what an expression matches as a whole can be taken from it, and the parser reads the text without it. What looks any
different stays in the text. So nothing is accepted here that the parser would not accept, and nothing is read otherwise.
"""

from __future__ import annotations

import functools
import os
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

# Possessive quantifiers throughout: hostile text must not make the engine try things twice.
_LIST = re.compile(r"(?<=\n)([A-Za-z0-9_-]++) = \[\n((?: ++\{[^\n]*+\n)++)\](?=\n)")
_KEY = re.compile(r'[{,] ?([A-Za-z0-9_-]++) = (")?')
# Text without escapes: any character but the quote, the backslash, and the control characters that TOML forbids (and a tab).
_TEXT = r'"([^"\\\x00-\x1f\x7f]*+)"'
_NUMBER = r"(0|[1-9][0-9]{0,17}+)"


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
    shape = tuple((key, bool(quote)) for key, quote in _KEY.findall(lines[: lines.index("\n")]))
    keys = [key for key, _ in shape]
    if not keys or len(set(keys)) != len(keys):
        return None
    row = _row(shape)
    found = row.findall(lines)
    if len(found) != lines.count("\n"):
        return None
    if len(keys) == 1:
        found = [(value,) for value in found]
    tables = [dict(zip(keys, values, strict=True)) for values in found]
    for key, quoted in shape:
        if not quoted:
            for table in tables:
                table[key] = int(table[key])
    return tables


@functools.lru_cache(maxsize=64)
def _row(shape: tuple[tuple[str, bool], ...]) -> re.Pattern[str]:
    """Return the expression of a whole line that holds a table with these keys, of which texts or numbers are the values."""
    pairs = ", ".join(f"{re.escape(key)} = {_TEXT if quoted else _NUMBER}" for key, quoted in shape)
    return re.compile(rf"^ ++\{{ ?{pairs} ?\}},$", re.MULTILINE)


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
