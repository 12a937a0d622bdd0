"""The table of facts (``facts.toml``): what each fact of a machine is worth, and how grave a difference in it is."""

from __future__ import annotations

import enum
import functools
import os

from .errors import ConfigError
from .model import Severities, Severity
from .toml import parse_toml
from .values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

EDITION_KEY = "observation.edition"
"""The fact that says with which edition of the table a machine was observed; the first edition did not have it."""

VARIABLE = "variable."
"""What the keys of environment variables begin with. One that is not set has no key."""

NOT_SET = "not set"


class FactClass(enum.StrEnum):
    """What a fact is worth: it must match, it tells the kind of machine, or it is recorded for people."""

    IDENTITY = "identity"
    CLASS = "class"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the table; *severities* are those of a difference, *since* is the first edition that has the fact."""

    fact_class: FactClass
    severities: Severities
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Facts that matter for one reason, *why*; *facts* are patterns of their keys, the likeliest to change numbers first."""

    title: str
    why: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The whole table: its *edition*, the *exact* keys and the *prefixes*, the longest first.

    *sections* hold all of them, in the order of how likely a difference changes numbers.
    """

    edition: int
    exact: Mapping[str, Entry]
    prefixes: tuple[tuple[str, Entry], ...]
    sections: tuple[Section, ...]

    def entry(self, key: str) -> Entry | None:
        """Return the line for the fact *key*; None where this version of envguard does not know it."""
        found = self.exact.get(key)
        if found is None:
            found = next((entry for prefix, entry in self.prefixes if key.startswith(prefix)), None)
        return found

    def rank(self, key: str) -> tuple[int, int]:
        """Return where the fact *key* stands among all: its section, and the pattern in that. Smaller changes numbers likelier."""
        for number, section in enumerate(self.sections):
            for place, pattern in enumerate(section.facts):
                if key == pattern or (pattern.endswith("*") and key.startswith(pattern[:-1])):
                    return number, place
        return len(self.sections), 0


@functools.cache
def table() -> Table:
    """Return the table that comes with this version of envguard."""
    path = os.path.join(os.path.dirname(__file__), "facts.toml")
    with open(path, encoding="utf-8") as file:
        document = parse_toml(file.read(), path, ConfigError)
    entries = {key: _entry(**line) for key, line in document["facts"].items()}
    prefixes = [(key[:-1], entry) for key, entry in entries.items() if key.endswith("*")]
    return Table(
        edition=document["edition"],
        exact={key: entry for key, entry in entries.items() if not key.endswith("*")},
        prefixes=tuple(sorted(prefixes, key=lambda pair: -len(pair[0]))),
        sections=tuple(
            Section(title=part["title"], why=part["why"], facts=tuple(part["facts"])) for part in document["sections"]
        ),
    )


def is_audit(key: str) -> bool:
    """Return whether the fact *key* is only recorded and shown."""
    entry = table().entry(key)
    return entry is not None and entry.fact_class is FactClass.AUDIT


def edition_of(facts: Mapping[str, object]) -> int:
    """Return the edition of the table with which *facts* were observed."""
    told = facts.get(EDITION_KEY, "1")
    return int(told) if isinstance(told, str) and told.isdecimal() and len(told) < 10 else 1


def _entry(*, levels: tuple[str, str, str] = ("-", "-", "-"), since: int = 1, **words: str) -> Entry:
    run, host, cross = (None if word == "-" else Severity.parse(word) for word in levels)
    return Entry(
        fact_class=FactClass(words["class"]),
        severities=Severities(run_to_run=run, host_to_host=host, cross_hardware=cross),
        since=since,
    )
