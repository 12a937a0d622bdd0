"""The table of facts says the same in both of its ways, and nothing is added to it in silence."""

from __future__ import annotations

import hashlib

import pytest

from envguard.facts import EDITION_KEY, FactClass, edition_of, is_audit, table
from envguard.model import Level, Severity

EVERY = {**table().exact, **{f"{prefix}*": entry for prefix, entry in table().prefixes}}


@pytest.mark.parametrize("key", EVERY)
def test_the_class_of_a_fact_is_what_its_levels_say(key: str) -> None:
    entry = EVERY[key]
    levels = [entry.severities.at(level) for level in Level]
    expected = FactClass.AUDIT
    if any(levels):
        expected = FactClass.IDENTITY if Severity.ERROR in levels else FactClass.CLASS
    assert entry.fact_class is expected
    assert 1 <= entry.since <= table().edition


def test_a_looser_level_is_never_stricter() -> None:
    for key, entry in EVERY.items():
        levels = [entry.severities.at(level) or 0 for level in Level]
        assert levels == sorted(levels, reverse=True), key


def test_an_edition_never_changes_its_facts() -> None:
    """Older records are read by what their edition observed: whoever adds a fact raises the edition, and adds a line here."""
    names = {
        edition: sorted(key for key, entry in EVERY.items() if entry.since == edition)
        for edition in range(1, table().edition + 1)
    }
    digests = {edition: hashlib.sha256("\n".join(keys).encode()).hexdigest()[:12] for edition, keys in names.items()}
    assert digests == {1: "6bb126de2736", 2: "6a0c1c50f5d2", 3: "866d83f3c549"}


def test_the_longest_prefix_counts() -> None:
    for prefix, entry in table().prefixes:
        assert table().entry(f"{prefix}x") is entry
    assert table().entry("no.such.fact") is None
    assert not is_audit("no.such.fact")


@pytest.mark.parametrize(("told", "edition"), [("2", 2), ("x", 1), ("", 1), ("-3", 1), ("9" * 5000, 1), (None, 1)])
def test_an_edition_that_makes_no_sense_is_the_first(told: str | None, edition: int) -> None:
    assert edition_of({EDITION_KEY: told}) == edition
    assert edition_of({}) == 1
