"""Where the key paths of a YAML text are.

Like its neighbour for TOML and JSON this is a scanner, not a parser, for text that was parsed before: it knows the indentation of
block mappings and sequences, in which tools write their locks. What stands in brackets or over several lines belongs to
the key before it. It never fails. Only the way to what is asked for is looked at: a lock has tens of thousands of lines, and a
report a few places.
"""

from __future__ import annotations

import json
import re

from ..patterns import late
from .positions import Lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .positions import Position

    Keys = tuple[str | int, ...]
    # Where the first entry of a collection is, its column, and where the collection ends.
    Inside = tuple[int, int, int]
    # Where an entry begins, where the colon of its key is (None: it is an element), and where it ends.
    Entry = tuple[int, int | None, int]

_DASH = late(r"-(?:[ ]+|(?=\n)|\Z)")
_KEY = late(
    r"""("(?:[^"\\\n]|\\.)*+"[^\S\n]*+|'(?:[^'\n]|'')*+'[^\S\n]*+|[^\s"'\[{#&*!|>%@`-][^\n]*?|-[^\s][^\n]*?):(?= |\n|\Z)"""
)
_BLOCK = late(r":[^\S\n]+[|>][0-9+-]*[^\S\n]*(?:#[^\n]*)?(?=\n|\Z)")
# Each begins with a character that can be searched for: what begins with "^" is tried at every character.
_CONTENT = late(r"\n( *)(?=[^\s#])")


class YamlDocument:
    """The text of a YAML file, ready to be asked where its key paths are."""

    __slots__ = ("_lines", "_places")

    def __init__(self, text: str) -> None:
        self._lines = Lines(text)
        self._places = YamlPlaces(text)

    def locate(self, keys: Keys) -> Position | None:
        """Return the position of the key or element at *keys*, else that of the nearest place that encloses it."""
        offset = self._places.find(keys)
        return None if offset is None else self._lines.position(offset)


class YamlPlaces:
    """The places of the key paths of *text*, each found when it is asked for."""

    __slots__ = ("_known", "_text")

    def __init__(self, text: str) -> None:
        # Every line follows a line end then, the first one, too.
        self._text = f"\n{text}"
        self._known: dict[Inside, dict[str | int, Entry]] = {}

    def find(self, keys: Keys) -> int | None:
        """Return the offset of the key or element at *keys*, else that of the nearest place that encloses it."""
        inside = self._first(0, -1, len(self._text))
        found = None
        for key in keys:
            if inside is None:
                break
            if inside not in self._known:
                self._known[inside] = self._entries(*inside)
            entry = self._known[inside].get(key)
            if entry is None:
                break
            found, inside = entry[0], self._inside(inside[1], entry)
        return None if found is None else found - 1

    def _first(self, at: int, column: int, end: int, *, element: bool = False) -> Inside | None:
        """Return the collection that begins on a line behind *at*, further right than *column*.

        *element*: a sequence may stand in the column of the key that it belongs to, too.
        """
        for line in _CONTENT.finditer(self._text, at, end):
            here = len(line[1])
            dash = _DASH.match(self._text, line.end(), end)
            if here < column or (here == column and not (element and dash)):
                return None
            if dash or _KEY.match(self._text, line.end(), end):
                return line.end(), here, end
        return None

    def _entries(self, at: int, column: int, end: int) -> dict[str | int, Entry]:
        """Return the entries of the collection that begins at *at*, by key or number."""
        text, indent = self._text, " " * column
        if _DASH.match(text, at, end):
            later = re.compile(rf"\n{indent}(?=-(?:[ \n]|\Z))").finditer(text, at, end)
            starts = [at, *(line.end() for line in later)]
            stops = [*(start - column - 1 for start in starts[1:]), end]
            return {number: (start, None, stop) for number, (start, stop) in enumerate(zip(starts, stops, strict=True))}
        later = re.compile(rf"\n{indent}(?=[^\s#-]|-[^\s])").finditer(text, at, end)
        keys = [key for start in (at, *(line.end() for line in later)) if (key := _KEY.match(text, start, end))]
        stops = [*(key.start() - column - 1 for key in keys[1:]), end]
        found: dict[str | int, Entry] = {}
        for key, stop in zip(keys, stops, strict=True):
            found.setdefault(_plain(key[1]), (key.start(), key.end() - 1, stop))
        return found

    def _inside(self, column: int, entry: Entry) -> Inside | None:
        """Return the collection that is the value of *entry*, which stands at *column*."""
        text, (start, colon, end) = self._text, entry
        if colon is not None:
            return None if _BLOCK.match(text, colon, end) else self._first(colon, column, end, element=True)
        dash = _DASH.match(text, start, end)
        after = dash.end() if dash is not None else start
        if after == end or text[after] == "\n":
            return self._first(after, column, end)
        here = _DASH.match(text, after, end) or _KEY.match(text, after, end)
        return (after, column + after - start, end) if here else None


def _plain(key: str) -> str:
    key = key.rstrip()
    if key.startswith("'"):
        return key[1:-1].replace("''", "'")
    if not key.startswith('"'):
        return key
    try:
        return str(json.loads(key))
    except ValueError:
        # An escape that only YAML knows.
        return key[1:-1]
