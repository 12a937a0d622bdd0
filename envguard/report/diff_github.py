"""A change of a lock as annotations of GitHub Actions, on the lines of what changed.

GitHub shows ten annotations of a kind of one step, so that what the change means comes first, and only what computes numbers
is shown one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from .github import data, property_, relative
from .locator import Locator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .meaning import Told

_SHOWN = 8


def write(told: Iterable[Told], stream: TextIO, *, root: str | None = None, locate: Locator | None = None) -> None:
    """Write all that is *told* to *stream* as workflow commands; *root* is the folder that GitHub's paths are relative to."""
    locate = locate or Locator()
    for one in told:
        found = one.meaning
        kind = "warning" if found.numbers else "notice"
        lines = (found.counts, *found.environments, *found.builds, found.verdict)
        stream.write(f"::{kind} title={property_(one.title)}::{data(chr(10).join(lines))}\n")
        stream.writelines(f"::notice {line}\n" for line in _rows(one, root, locate))


def _rows(told: Told, root: str | None, locate: Locator) -> Iterator[str]:
    rows = [row for section in told.meaning.sections if section.numbers for row in section.rows]
    lock = told.diff.new if told.diff is not None else None
    for row in rows[:_SHOWN]:
        arrow = " -> " if row.old and row.new else " "
        properties = {"title": " ".join(f"{row.name} {row.old}{arrow}{row.new}".split())}
        if lock is not None and row.place is not None:
            position = locate(row.place)
            line = str(position.line if position else 1)
            properties = {"file": relative(row.place.path, root), "line": line, **properties}
        joined = ",".join(f"{key}={property_(value)}" for key, value in properties.items())
        yield f"{joined}::{data(chr(10).join(filter(None, (row.what, row.why, *row.notes))))}"
    if len(rows) > _SHOWN:
        yield f"title={property_(told.title)}::and {len(rows) - _SHOWN} more that compute numbers"
