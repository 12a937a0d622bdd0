"""TOML in, with errors that name the place."""

from __future__ import annotations

import re

try:
    import tomli as _toml  # compiled, about three times as fast as the standard library's
except ImportError:
    import tomllib as _toml  # type: ignore[no-redef]

from .patterns import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .entries import Entries
    from .errors import EnvguardError
    from .reader import Reader

_LONG = 32 * 1024
_POSITION = late(r"^(?P<what>.*) \((?:at line (?P<line>\d+), column (?P<column>\d+)|at end of document)\)$", re.DOTALL)
# A dotted key costs a parser without a limit of its own (tomli before 2.4.1, tomllib) the square of its parts in memory.
_LIMITED = hasattr(getattr(_toml, "_parser", None), "MAX_KEY_PARTS")
_MOST_PARTS = 1000
_PARTS = late(rf"""(?<![\w-])(?:(?:[\w-]++|"[^"]*+"|'[^']*+')[ \t]*+\.[ \t]*+){{{_MOST_PARTS}}}""")
_DIGITS = late(r"\d[\d_]{4300,}")
KINDS = {
    bool: "true or false",
    str: "a string",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "a table",
}


def read_toml(reader: Reader, path: str, error: type[EnvguardError], *, limit: int) -> dict[str, Any]:
    """Return the TOML document at *path* as plain values.

    *error* is raised, with the line, where the text is no TOML; UnreadableError where there is no text.
    """
    return parse_toml(reader.read_text(path, limit=limit), path, error)


def parse_toml(
    text: str, path: str, error: type[EnvguardError], *, entries: Entries | None = None, named: str = ""
) -> dict[str, Any]:
    """Return the TOML document *text*, which was read from *path*, as plain values.

    Those of the list of tables called *named* are taken from *entries* where another text had them, too.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    if not _LIMITED:
        _refuse_depth(text, path, error)
    try:
        if len(text) > _LONG:
            # A text without its rows is at fault in another place, or in none: what is wrong with the whole is said.
            try:
                return entries.toml(path, named, text, _rows) if entries is not None else _rows(text)
            except (ValueError, RecursionError):
                pass
        return _toml.loads(text)
    except RecursionError:
        raise error("is not valid TOML: nested too deeply", path=path) from None
    except ValueError as problem:
        match = _POSITION.match(str(problem)) if isinstance(problem, _toml.TOMLDecodeError) else None
        if match is None:
            # Python reads no number of more digits than it has a limit for.
            digits = _DIGITS.search(text)
            line = text.count("\n", 0, digits.start()) + 1 if digits is not None else None
            raise error("is not valid TOML: a number has too many digits", path=path, line=line) from None
        line = int(match["line"]) if match["line"] else text.count("\n") + 1
        what = match["what"][:1].lower() + match["what"][1:]
        raise error(f"is not valid TOML: {what}", path=path, line=line) from None


def _rows(text: str) -> dict[str, Any]:
    from . import toml_rows

    return toml_rows.loads(text, _toml.loads)


def _refuse_depth(text: str, path: str, error: type[EnvguardError]) -> None:
    """Raise *error* where a line of *text* has a dotted key of absurdly many parts."""
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > 2 * _MOST_PARTS and _PARTS.search(line):
            raise error("is not valid TOML: nested too deeply", path=path, line=number)


def kind(value: object) -> str:
    """Return what *value*, out of a TOML document, is in words."""
    return KINDS.get(type(value), "a date or time")
