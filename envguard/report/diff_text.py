"""A change of a lock for people: a table of at most 100 columns, what computes numbers first."""

from __future__ import annotations

import textwrap

from ..names import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from .meaning import Meaning, Row, Section

WIDTH = 100
# Of what cannot change numbers as far as anybody knows the first few will do.
_FEW = 10
_WIDEST = {"name": 34, "old": 18, "new": 18}
_WHAT = 12
_INDENT = " " * 6
# How the values say it, whoever renders them; an arrow where the stream has one.
ARROW = "->"
_NONE = "\0\0"
# What a row has besides the three: spaces, an arrow, and what it is called.
_REST = 9 + _WHAT


def write(
    meaning: Meaning, stream: TextIO, *, title: str, color: bool = False, every: bool = False, arrow: str = ARROW
) -> None:
    """Write *meaning* to *stream* under *title*; *every* row is written, or of long sections the first few.

    *arrow* stands between what was and what is.
    """
    # Where only one side is, there is as much room and no arrow.
    room = " " * len(arrow)
    for line in _lines(meaning, title, color=color, every=every):
        shown = line.replace(_NONE, room).replace(f" {ARROW} ", f" {arrow} ")
        stream.writelines((shown.rstrip(), "\n"))


def _lines(meaning: Meaning, title: str, *, color: bool, every: bool) -> Iterator[str]:
    yield printable(title)
    rows = [row for section in meaning.sections for row in section.rows]
    widths = {
        column: min(most, max((len(printable(getattr(row, column))) for row in rows), default=0))
        for column, most in _WIDEST.items()
    }
    for section in meaning.sections:
        yield ""
        yield f"\x1b[1m{section.title}\x1b[0m" if color else section.title
        yield from _section(section, widths, every=every)
    for lines in (meaning.environments, meaning.builds):
        if lines:
            yield ""
            yield from (wrapped for line in lines for wrapped in _wrapped(printable(line)))
    yield ""
    yield from _wrapped(meaning.counts)
    yield from _wrapped(printable(meaning.verdict))


def _section(section: Section, widths: dict[str, int], *, every: bool) -> Iterator[str]:
    shown = section.rows if every or section.numbers or len(section.rows) <= _FEW + 1 else section.rows[:_FEW]
    for row in shown:
        yield from _row(row, widths)
    if len(shown) < len(section.rows):
        yield f"  and {len(section.rows) - len(shown)} more: --all lists them"


def _row(row: Row, widths: dict[str, int]) -> Iterator[str]:
    arrow = ARROW if row.old and row.new else _NONE
    name, old, new = (f"{printable(getattr(row, column)):{width}}" for column, width in widths.items())
    if len(name) + len(old) + len(new) > WIDTH - _REST:
        # What is too long for the table has a line of its own.
        yield f"  {name.rstrip()}"
        name = " " * widths["name"] if len(old) + len(new) + widths["name"] <= WIDTH - _REST else "  "
        if row.old and row.new and len(name) + len(old) + len(new) > WIDTH - _REST:
            # A version with the build of a package of conda is long, and two of them do not fit beside one another.
            yield from _fitted(f"{_INDENT}{old.rstrip()}")
            name, old = "", ""
    before = f"  {name}  {old}" if name or old else _INDENT.removesuffix(" ")
    head, why = f"{before} {arrow} {new}  {row.what:<{_WHAT}}", printable(row.why)
    whole = f"{head} {why}".rstrip()
    if len(whole) <= WIDTH:
        yield whole
    else:
        yield from _fitted(head.rstrip())
        yield from _wrapped(why, _INDENT)
    for note in row.notes:
        yield from _wrapped(printable(note), _INDENT)


def _fitted(line: str) -> list[str]:
    """Return *line* as it is where it fits, else below its name, in as many lines as it takes."""
    return [line] if len(line) <= WIDTH else _wrapped(" ".join(line.replace(_NONE, "").split()), _INDENT)


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
