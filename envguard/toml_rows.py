"""Tables of one line, of which locks are made, read several times as fast as by a parser that looks at each character.

Tools write the files of a package as ``key = [``, a line ``{name = "text", ...},`` for each, ``]``, and what there is one of as
``key = {name = "text", ...}``; values are texts, numbers, times, and tables of texts. Such a line is a small regular language: what
an expression matches as a whole can be taken from it, and the parser reads the text with a word in its place. What looks any
different stays in the text. So nothing is accepted here that the parser would not accept, and nothing is read otherwise.
"""

from __future__ import annotations

import datetime
import functools
import os
import re
from operator import itemgetter

from .patterns import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    Shape = tuple[tuple[str, "str | Shape"], ...]

_MOST_KEYS = 32
# An expression for fewer tables takes longer to compile than they to be parsed.
_FEW = 16
# Possessive quantifiers throughout: hostile text must not make the engine try things twice.
# Each begins with what is searched for fastest, and the key is what stands before it. No row may begin a list: so no line is looked
# at twice.
_LIST = late(r" = \[\n((?: ++\{[^\n]*+(?<!\[)\n)++)\](?=\n)")
_ALONE = late(r" = (\{[^\n]*+)")
_KEY = late(r"[A-Za-z0-9_-]++")
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
    # Nobody who wrote the text can have known it.
    taken = _Taken(os.urandom(12).hex())
    text = taken.lists(text)
    text = taken.tables(text)
    document = parse(text)
    if taken.values:
        _put_back(document, taken.mark, taken.values)
    return document


class _Taken:
    """The *values* that were taken out of a text, in the place of each of which is *mark* and its number."""

    __slots__ = ("_known", "mark", "values")

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self.values: list[Any] = []
        # The shape that rows of a key had last: they nearly always have it again.
        self._known: dict[str, Shape] = {}

    def lists(self, text: str) -> str:
        """Take the lists of tables out of *text*, and return what is left."""
        left: list[str] = []
        at = 0
        for match in _LIST.finditer(text):
            key = _key(text, match.start())
            rows = self._rows(key, match[1]) if key is not None else None
            if rows is not None:
                left += (text[at : match.start() + 3], self._word(rows))
                at = match.end()
        return "".join((*left, text[at:]))

    def tables(self, text: str) -> str:
        """Take the tables that stand alone out of *text*, and return what is left.

        Those of one key and one first name are looked at together, and left where they are unless all are alike.
        """
        alike: dict[tuple[str, str, int], list[re.Match[str]]] = {}
        for match in _ALONE.finditer(text):
            key, body = _key(text, match.start()), match[1]
            if key is not None and body[-1] == "}":
                alike.setdefault((key, body.partition(" = ")[0], body.count('"')), []).append(match)
        found: list[tuple[int, int, Any]] = []
        for (key, name, _), matches in alike.items():
            if len(matches) < _FEW:
                continue
            rows = self._rows(f"{key} {name}", "".join([f" {match[1]},\n" for match in matches]))
            found += (
                (match.start(1), match.end(1), row) for match, row in zip(matches, rows or (), strict=rows is not None)
            )
        found.sort(key=itemgetter(0))
        left: list[str] = []
        at = 0
        for start, end, row in found:
            left += (text[at:start], self._word(row))
            at = end
        return "".join((*left, text[at:]))

    def _word(self, value: Any) -> str:
        self.values.append(value)
        return f'"{self.mark}{len(self.values) - 1}"'

    def _rows(self, key: str, lines: str) -> list[dict[str, Any]] | None:
        """Return the tables on *lines*, None where not all of them are of the shape of the first."""
        known = self._known.get(key)
        rows = _rows(known, lines) if known is not None else None
        if rows is None:
            shape = _shape(lines[: lines.index("\n")])
            if shape is None or shape == known:
                return None
            self._known[key] = shape
            rows = _rows(shape, lines)
        return rows


def _key(text: str, end: int) -> str | None:
    """Return the bare key that begins a line of *text*, not its first, and ends at *end*; None where there is none."""
    start = text.rfind("\n", 0, end) + 1
    key = text[start:end]
    return key if start and _KEY.fullmatch(key) else None


def _rows(shape: Shape, lines: str) -> list[dict[str, Any]] | None:
    """Return the tables on *lines*, None where not all of them are of this *shape*."""
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
    rows = zip(*values, strict=True)
    # There are thousands, nearly all of few keys.
    match keys:
        case [a]:
            return [{a: one} for (one,) in rows]
        case [a, b]:
            return [{a: one, b: two} for one, two in rows]
        case [a, b, c]:
            return [{a: one, b: two, c: three} for one, two, three in rows]
        case [a, b, c, d]:
            return [{a: one, b: two, c: three, d: four} for one, two, three, four in rows]
        case _:
            return [dict(zip(keys, row, strict=True)) for row in rows]


def _put_back(value: Any, mark: str, taken: list[Any]) -> None:
    """Replace every mark in *value*, tables and lists of them, by what it stands for."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        if isinstance(inner, str):
            if inner.startswith(mark):
                value[key] = taken[int(inner[len(mark) :])]
        elif isinstance(inner, dict):
            _put_back(inner, mark, taken)
        elif isinstance(inner, list):
            for each in inner:
                _put_back(each, mark, taken)
