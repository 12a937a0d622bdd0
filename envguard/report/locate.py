"""Where in a file a symbolic place is: line and column of a key path in TOML or JSON text.

No fast parser tells positions, and almost no check needs one, so findings carry a route and this module walks it
when a report is rendered. It is a scanner, not a parser: it knows what strings, comments and brackets are, and trusts
that the text was parsed before. In text that is no TOML it finds less; it never fails.
"""

from __future__ import annotations

import functools
import itertools
import json
import re

from ..errors import EnvguardError
from ..patterns import late
from ..toml import parse_toml
from .positions import Lines, Position

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Keys = tuple[str | int, ...]
    Entry = tuple[Keys, int, int]

# Possessive quantifiers throughout: hostile text must not make the engine try things twice.
_BASIC = r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"'
_LITERAL = r"'[^'\n]*+'"
_STRING = (
    r'(?:"(?:[^"\\\n]++"|""(?:[^"\\]++|\\.|"{1,2}(?!"))*+"{3,5}|[^"\\\n]*+(?:\\.[^"\\\n]*+)*+")'
    r"|'(?:''(?:[^']++|'{1,2}(?!'))*+'{3,5}|[^'\n]*+'))"
)
_COMMENT = r"#[^\n]*+"
_PLAIN = r"""[^"'#\[\]{}]"""
_KEY = rf"""(?:[^=:,"'#\[\]{{}}\n]++|{_BASIC}|{_LITERAL})++"""


def _bracketed(depth: int) -> str:
    inner = rf"|[\[{{]{_bracketed(depth - 1)}[\]}}]" if depth else ""
    return rf"{_PLAIN}*+(?:(?:{_STRING}|{_COMMENT}{inner}){_PLAIN}*+)*+"


_ENTRY = late(rf"({_KEY})[=:]\s*+", re.DOTALL)
_BETWEEN = late(rf"(?:[\s,]++|{_COMMENT})*+")
_TO_BRACKET = late(rf"(?:{_PLAIN}++|{_STRING}|{_COMMENT})*+", re.DOTALL)
_JSON = json.JSONDecoder()
_SCALAR = late(rf"{_STRING}|[^,#\]}}\n]++", re.DOTALL)


@functools.cache
def _body() -> re.Pattern[str]:
    """Return what runs over a whole table in one match, which is what makes a large lock cheap; JSON has no use for it.

    Deeper values are walked by ``_skip``.
    """
    value = rf"""(?:{_STRING}|[\[{{]{_bracketed(2)}[\]}}]|[^"'#\[\]{{}}\n]++)"""
    return re.compile(rf"(?:{_KEY}=[ \t]*+{value}[ \t\r]*+(?:{_COMMENT})?+(?:\n|\Z)|\s++|{_COMMENT})*+", re.DOTALL)


@functools.cache
def _header() -> re.Pattern[str]:
    return re.compile(rf"\[(\[)?+({_KEY})\](?(1)\])[ \t\r]*+(?:{_COMMENT})?+(?:\n|\Z)")


class Document:
    """The text of a TOML or JSON file, ready to be asked where its key paths are."""

    __slots__ = ("_decode", "_lines", "_tables", "_text", "_walked")

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = Lines(text)
        # The entries of each table that was looked into, and what looks for the ones behind them.
        self._walked: dict[int, tuple[list[Entry], Iterator[Entry]]] = {}
        start = _BETWEEN.match(text).end()  # type: ignore[union-attr]  # it matches nothing, too
        if text.startswith("{", start):  # no TOML document starts like this
            self._decode: Callable[[str], Keys] = _json_key
            self._tables: dict[Keys, tuple[int, int]] = {(): (start, start + 1)}
        else:
            self._decode = _toml_keys
            self._tables = dict(_tables(text))

    def locate(self, keys: Keys) -> Position | None:
        """Return the position of the key or array element at *keys*, else that of the nearest place that encloses it.

        None where nothing but the document itself does.
        """
        found, offset = 0, 0
        for length in range(len(keys), -1, -1):
            if found < len(keys) and (table := self._tables.get(keys[:length])):
                depth, inner = self._entry(table[1], keys[length:])
                if length + depth > found:
                    found, offset = length + depth, inner if depth else table[0]
        if found < len(keys):
            # A table that only exists because a deeper one does: [a.b] alone makes "a".
            implied = next((at for path, (at, _) in self._tables.items() if path[: len(keys)] == keys), None)
            if implied is not None:
                found, offset = len(keys), implied
        return self._lines.position(offset) if found else None

    def _entry(self, start: int, keys: Keys) -> tuple[int, int]:
        """Return how many of *keys* lead on in the table whose first entry follows *start*, and to which offset."""
        depth, offset = 0, start
        for path, key_at, value_at in self._entries(start):
            if path == keys[: len(path)] and len(path) > depth:
                inner_depth, inner = self._value(value_at, keys[len(path) :])
                depth, offset = len(path) + inner_depth, inner if inner_depth else key_at
            elif keys and keys == path[: len(keys)] and len(keys) > depth:
                depth, offset = len(keys), key_at
            if depth == len(keys):
                break
        return depth, offset

    def _value(self, at: int, keys: Keys) -> tuple[int, int]:
        """Return how many of *keys* lead on inside the value at offset *at*, and to which offset."""
        if not keys:
            return 0, at
        opening = self._text[at : at + 1]
        if opening == "{":
            return self._entry(at + 1, keys)
        if opening == "[" and isinstance(keys[0], int):
            for index, element in enumerate(self._elements(at + 1)):
                if index == keys[0]:
                    depth, inner = self._value(element, keys[1:])
                    return 1 + depth, inner if depth else element
        return 0, at

    def _entries(self, at: int) -> Iterator[Entry]:
        """Yield key path, offset of the key and offset of the value for each entry of the table from *at* on.

        Several places of a report are in one table, which may be a whole lock: what was passed is not passed again.
        """
        known, rest = self._walked.setdefault(at, ([], self._walk(at)))
        for number in itertools.count():
            if number == len(known):
                following = next(rest, None)
                if following is None:
                    return
                known.append(following)
            yield known[number]

    def _walk(self, at: int) -> Iterator[Entry]:
        while True:
            at = _end(_BETWEEN, self._text, at)
            entry = _ENTRY.match(self._text, at)
            if entry is None:
                return
            yield self._decode(entry[1]), at, entry.end()
            at = self._behind(entry.end())

    def _behind(self, at: int) -> int:
        """Return the offset behind the value at *at*."""
        if self._decode is _json_key:
            # What is JSON a parser passes over several times as fast.
            try:
                return _JSON.raw_decode(self._text, at)[1]
            except (ValueError, RecursionError):
                pass
        return _skip(self._text, at)

    def _elements(self, at: int) -> Iterator[int]:
        while True:
            at = _end(_BETWEEN, self._text, at)
            if self._text[at : at + 1] in ("]", ""):
                return
            yield at
            after = self._behind(at)
            if after == at:
                return
            at = after


def _tables(text: str) -> Iterator[tuple[Keys, tuple[int, int]]]:
    """Yield the key path of each table of a TOML document, with the offsets of its header and of what follows it."""
    counts: dict[Keys, int] = {}
    body, named = _body(), _header()
    yield (), (0, 0)
    at = 0
    while True:
        at = _end(body, text, at)
        header = named.match(text, at)
        if header is None:
            entry = _ENTRY.match(text, at)
            after = _skip(text, entry.end()) if entry else at
            if after == at:
                return
            at = after
            continue
        *parents, name = _toml_keys(header[2])
        path: Keys = ()
        for key in parents:
            path += (key,)
            if path in counts:
                path += (counts[path],)
        path += (name,)
        if header[1]:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path += (counts[path],)
        yield path, (at, header.end())
        at = header.end()


def _skip(text: str, at: int) -> int:
    """Return the offset behind the value at *at*."""
    if text[at : at + 1] not in ("[", "{"):
        return _end(_SCALAR, text, at)
    depth = 0
    while at < len(text):
        depth += 1 if text[at] in "[{" else -1 if text[at] in "]}" else 0
        at += 1
        if depth == 0:
            break
        at = _end(_TO_BRACKET, text, at)
    return at


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _toml_keys(text: str) -> Keys:
    if '"' not in text and "'" not in text:
        return tuple(part.strip() for part in text.split("."))
    keys: list[str] = []
    try:
        table: object = parse_toml(f"{text.strip()} = 0", "", EnvguardError)
    except EnvguardError:
        return (text,)
    while isinstance(table, dict):
        key, table = next(iter(table.items()))
        keys.append(key)
    return tuple(keys)


def _json_key(text: str) -> Keys:
    try:
        return (json.loads(text),)
    except ValueError:
        return (text,)
