"""Where the key paths of a YAML text are.

Like its neighbour for TOML and JSON this is a scanner, not a parser, for text that was parsed before: it knows the indentation of
block mappings and sequences, in which tools write their locks. What stands in brackets or over several lines belongs to
the key before it. It never fails.
"""

from __future__ import annotations

import json
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    Keys = tuple[str | int, ...]

_LINE = re.compile(r"^( *)([^\s#][^\n]*)$", re.MULTILINE)
_DASHES = re.compile(r"(?:-(?: +|$))+")
_KEY = re.compile(r"""("(?:[^"\\\n]|\\.)*+"|'(?:[^'\n]|'')*+'|[^\s"'\[{#&*!|>%@`-][^\n]*?|-[^\s][^\n]*?)\s*:(?= |$)""")
_BLOCK = re.compile(r":\s+[|>][0-9+-]*\s*(?:#[^\n]*)?$")


def is_yaml(path: str) -> bool:
    """Return whether the file at *path* is YAML, as far as its name tells."""
    return path.endswith((".yml", ".yaml", "pixi.lock"))


def yaml_places(text: str) -> dict[Keys, int]:
    """Return the offset of every key and every element of a sequence in *text*, by its key path."""
    places: dict[Keys, int] = {}
    # The open collections: the column of each, its key path, and how many elements it has had; None for a mapping.
    opened: list[tuple[int, Keys, int | None]] = []
    current: Keys = ()
    skip_from: int | None = None
    for line in _LINE.finditer(text):
        column, start = len(line[1]), line.start(2)
        if skip_from is not None:
            if column > skip_from:
                continue
            skip_from = None
        content = line[2]
        at = 0
        dashes = _DASHES.match(content)
        if dashes is not None:
            for offset in (found for found, letter in enumerate(dashes[0]) if letter == "-"):
                current = _element(opened, column + offset, current)
                places.setdefault(current, start + offset)
            at = dashes.end()
        key = _KEY.match(content, at)
        if key is None:
            continue
        while opened and (opened[-1][0] > column + at or (opened[-1][0] == column + at and opened[-1][2] is not None)):
            opened.pop()
        if not opened or opened[-1][0] != column + at:
            opened.append((column + at, current if opened else (), None))
        current = (*opened[-1][1], _plain(key[1]))
        places.setdefault(current, start + at)
        if _BLOCK.search(content, key.end() - 1):
            skip_from = column + at
    return places


def _element(opened: list[tuple[int, Keys, int | None]], column: int, current: Keys) -> Keys:
    """Open the next element of the sequence at *column* and return its key path; *current* is the path before it."""
    while opened and opened[-1][0] > column:
        opened.pop()
    if opened and opened[-1][0] == column and (count := opened[-1][2]) is not None:
        path = opened[-1][1]
        opened[-1] = (column, path, count + 1)
        return (*path, count)
    opened.append((column, current, 1))
    return (*current, 0)


def _plain(key: str) -> str:
    if key.startswith("'"):
        return key[1:-1].replace("''", "'")
    if not key.startswith('"'):
        return key
    try:
        return str(json.loads(key))
    except ValueError:
        # An escape that only YAML knows.
        return key[1:-1]
