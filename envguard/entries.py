"""The entries of a document that was read twice, as it was and as it is: those that both have are read once.

A hook reads a lock as it was committed and as it is staged, and nearly all of its entries stand in both. An entry whose text was
read before is taken from there, as the very same value; the parser reads the rest, with a stand-in where each such entry was. So the
parser says itself that an entry may stand there, and whatever is in doubt is read as a whole. What an entry means follows from its
own text alone, in what is split here: TOML without texts of several lines, and YAML as ``envguard.yaml_lines`` knows it.
"""

from __future__ import annotations

import os

from .patterns import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from .yaml_lines import Line

    Document = dict[str, Any]
    Spans = list[tuple[int, int]]

    T = TypeVar("T")

# Every line that begins with a bracket: a header of TOML, if nothing else.
_BRACKET = late(r"\n([ \t]*+)(\[[^\n]*+)")
# A header whose first name is told without quotes and blanks. In a list over several lines, a word would be none of its values.
_HEADER = late(r"\[\[?(?!(?:true|false|inf|nan)[.\]])([A-Za-z][A-Za-z0-9_-]*+)[.\]]")
_OUTSIDE = late(r"\n[^ \-]")


class Entries:
    """The documents that were read, each by the place that it was read from, and what was made of their entries.

    *asked* is what lines of files of another kind ask for, by their path and all that they say.
    """

    __slots__ = ("_lines", "_made", "_read", "asked")

    def __init__(self) -> None:
        self._read: dict[tuple[str, str], tuple[str, Document]] = {}
        self.asked: dict[tuple[object, ...], Any] = {}
        self._lines: dict[str, Line] = {}
        self._made: dict[tuple[int, str], tuple[object, object, Any]] = {}

    def toml(self, path: str, named: str, text: str, parse: Callable[[str], Document]) -> Document:
        """Return what *parse* makes of *text*, TOML that was read from *path*; raises what that raises.

        *named* is the list of tables that are its entries.
        """
        found = self._with_known(path, named, text, parse, toml_spans, f"[[{named}]]\n{{}} = {{}}\n")
        if found is None:
            found = parse(text)
        self._read[path, named] = text, found
        return found

    def yaml(
        self, path: str, named: str, text: str, read: Callable[[str, dict[str, Line]], Document | None]
    ) -> Document | None:
        """Return what *read*, which is ``yaml_lines.read_lines``, makes of *text*, which was read from *path*.

        *named* is the list that holds its entries.
        """

        def parse(text: str) -> Document | None:
            return read(text, self._lines)

        found = self._with_known(path, named, text, parse, yaml_spans, "- {}: {}\n")
        if found is None:
            found = parse(text)
        if found is not None:
            self._read[path, named] = text, found
        return found

    def made(self, of: object, what: str, given: object, make: Callable[[], T]) -> T:
        """Return what *make* makes of the value *of*, given *given*; what it made of the very same value before, where that was made.

        *what* tells apart what is made of one value.
        """
        kept = self._made.get((id(of), what))
        if kept is not None and kept[0] is of and kept[1] == given:
            value: T = kept[2]
            return value
        value = make()
        # The value is kept as well, so that no other can have its identity.
        self._made[id(of), what] = of, given, value
        return value

    def _with_known(
        self,
        path: str,
        named: str,
        text: str,
        parse: Callable[[str], Document | None],
        split: Callable[[str, str], Spans | None],
        stand_in: str,
    ) -> Document | None:
        """Return the document *text* with the entries that are known; None where it has to be read as a whole."""
        before = self._read.get((path, named))
        known = _known(*before, named, split) if before is not None else None
        spans = split(text, named) if known else None
        if not known or not spans:
            return None
        # Nobody who wrote the text can have known it.
        mark = os.urandom(16).hex()
        runs: list[list[Any]] = []
        left: list[str] = []
        at = 0
        for start, end in spans:
            entry = known.get(text[start:end])
            if entry is None:
                continue
            if runs and at == start:
                runs[-1].append(entry)
            else:
                left += (text[at:start], stand_in.format(mark, len(runs)))
                runs.append([entry])
            at = end
        if not runs:
            return None
        try:
            document = parse("".join((*left, text[at:])))
        except (ValueError, RecursionError):
            # What is wrong is said of the whole text.
            return None
        found = _put_back(document.get(named) if document is not None else None, mark, runs)
        if document is None or found is None:
            return None
        document[named] = found
        return document


def _put_back(entries: Any, mark: str, runs: list[list[Any]]) -> list[Any] | None:
    """Return *entries* with the *runs* in the place of what stands for them; None where not all of that is there in its order."""
    found: list[Any] = []
    number = 0
    for entry in entries if type(entries) is list else ():
        if type(entry) is not dict or mark not in entry:
            found.append(entry)
        elif entry != {mark: number}:
            return None
        else:
            found += runs[number]
            number += 1
    return found if number == len(runs) else None


def _known(
    text: str, document: Document, named: str, split: Callable[[str, str], Spans | None]
) -> dict[str, Any] | None:
    """Return the entries of *document*, which was read from *text*, by their texts; None where these cannot be told."""
    spans, entries = split(text, named), document.get(named)
    if spans is None or type(entries) is not list or len(spans) != len(entries):
        return None
    return {text[start:end]: entry for (start, end), entry in zip(spans, entries, strict=True)}


def toml_spans(text: str, named: str) -> Spans | None:
    """Return where the tables of the list *named* begin and end in *text*, if that is TOML, with all that is inside of them.

    None where that cannot be told without a parser: a line that begins with a bracket could be part of a text, or of a list.
    """
    if '"""' in text or "'''" in text:
        return None
    first, inside = f"[[{named}]]", (f"[{named}.", f"[[{named}.")
    spans: Spans = []
    opened: int | None = None
    # The first line is one, too.
    for match in _BRACKET.finditer(f"\n{text}"):
        header = match[2]
        if match[1]:
            return None
        if header.startswith(inside):
            if opened is None:
                return None
            continue
        if opened is not None:
            spans.append((opened, match.start()))
        opened = match.start() if header == first else None
        word = _HEADER.match(header) if opened is None else None
        if opened is None and (word is None or word[1] == named):
            return None
    if opened is not None:
        spans.append((opened, len(text)))
    return spans


def yaml_spans(text: str, named: str) -> Spans | None:
    """Return where the elements of the list *named* begin and end in *text*, a mapping in YAML of one line a scalar.

    None where there is no such list that begins in the first column.
    """
    key = f"\n{named}:\n"
    start = f"\n{text}".find(key) + len(key) - 1
    if start < len(key) - 1:
        return None
    after = _OUTSIDE.search(text, start - 1)
    end = after.start() + 1 if after is not None else len(text)
    if not text.startswith("- ", start):
        return None
    starts = [start]
    while (at := text.find("\n- ", starts[-1], end)) >= 0:
        starts.append(at + 1)
    return list(zip(starts, (*starts[1:], end), strict=True))
