"""What ``envguard explain levels`` prints: the table of facts, likeliest to change numbers first."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

from ..facts import FactClass, table
from ..model import Level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..facts import Entry, Section

WIDTH = 100
_CLASSES = {
    FactClass.IDENTITY: "must match: a difference is an error at one level at least",
    FactClass.CLASS: "tells the kind of machine: a difference is a warning or a note",
    FactClass.AUDIT: "is recorded and shown, and never a finding",
}
_INTRODUCTION = (
    "The facts of a machine, and how grave a difference in each is. Sections and facts stand in the order of how likely a "
    "difference changes numbers, and a report gives the reasons of each level in this order. A key that ends in * stands for "
    "every key that begins so; the longest one counts. What cannot be read is as grave as a difference, and unknown."
)
_MINOR = "interpreter.version.minor"


def levels_text(*, bold: bool) -> str:
    """Return the table as text of at most 100 columns."""
    entries = _entries()
    width = max(len(key) for _, facts in entries for key, _ in facts)
    head = f"  {'':{width}}  {'class':8}  {'  '.join(str(level) for level in Level)}"
    lines = [*textwrap.wrap(_INTRODUCTION, WIDTH), ""]
    lines += [f"  {name:8}  {words}" for name, words in _CLASSES.items()]
    lines += ["", head]
    for section, facts in entries:
        lines += ["", f"\x1b[1m{section.title}\x1b[0m" if bold else section.title]
        lines += textwrap.wrap(section.why, WIDTH, initial_indent="  why  ", subsequent_indent="       ")
        for key, entry in facts:
            grades = "  ".join(f"{_word(entry, level) or '-':{len(level)}}" for level in Level)
            lines.append(f"  {key:{width}}  {entry.fact_class:8}  {grades}".rstrip())
    lines += [
        "",
        *textwrap.wrap(f"{_MINOR} is a difference in {_MINOR.rpartition('.')[0]} before its patch release.", WIDTH),
    ]
    return "\n".join(lines) + "\n"


def levels_json() -> str:
    """Return the table as one JSON object: ``envguard.levels`` version 1."""
    document = {
        "schema": {"name": "envguard.levels", "version": 1},
        "edition": table().edition,
        "levels": [str(level) for level in Level],
        "classes": {str(name): words for name, words in _CLASSES.items()},
        "sections": [
            {"title": section.title, "why": section.why, "facts": [_fact(key, entry) for key, entry in facts]}
            for section, facts in _entries()
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _fact(key: str, entry: Entry) -> dict[str, Any]:
    return {
        "fact": key,
        "class": str(entry.fact_class),
        "since": entry.since,
        "severities": {str(level): _word(entry, level) for level in Level},
    }


def _word(entry: Entry, level: Level) -> str | None:
    severity = entry.severities.at(level)
    return None if severity is None else str(severity)


def _entries() -> list[tuple[Section, list[tuple[str, Entry]]]]:
    return [(section, list(_of(number))) for number, section in enumerate(table().sections)]


def _of(number: int) -> Iterator[tuple[str, Entry]]:
    known = table()
    every = {**known.exact, **{f"{prefix}*": entry for prefix, entry in known.prefixes}}
    ranked = sorted((known.rank(key), key) for key in every)
    yield from ((key, every[key]) for (section, _), key in ranked if section == number)
