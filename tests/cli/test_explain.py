from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from envguard.facts import FactClass, table
from envguard.rules.registry import all_rules

if TYPE_CHECKING:
    from .conftest import Cli

CODES = [rule.code for rule in all_rules()]


def test_without_a_rule_all_are_listed(cli: Cli) -> None:
    result = cli("explain")
    assert result.status == 0
    assert [line.split()[0] for line in result.out.splitlines()] == CODES
    assert "EG203  version-mismatch          an installed package has another version than the lock\n" in result.out


@pytest.mark.parametrize("code", CODES)
def test_every_rule_says_what_why_and_how_to_mend_or_waive(cli: Cli, code: str) -> None:
    result = cli("explain", code)
    assert result.status == 0
    headings = [line for line in result.out.splitlines() if line.startswith("#")]
    assert headings[0].startswith(f"# {code} ")
    assert headings[1:] == ["## What it sees", "## Why it matters", "## How to mend", "## How to waive"]
    assert all(len(line) <= 120 for line in result.out.splitlines())


def test_code_and_name_give_the_same_text(cli: Cli) -> None:
    assert cli("explain", "eg203").out == cli("explain", "version-mismatch").out


def test_the_severities_are_shown_for_each_level(cli: Cli) -> None:
    assert (
        "    run-to-run      error\n    host-to-host    error\n    cross-hardware  error\n"
        in cli("explain", "EG203").out
    )


def test_a_rule_that_does_not_exist_is_an_error_that_names_the_nearest(cli: Cli) -> None:
    result = cli("explain", "version-mismatc")
    assert result.status == 2
    assert result.err.startswith("error: there is no rule 'version-mismatc'\n\nhint: did you mean version-mismatch")


def test_headings_are_bold_where_colour_is_wanted(cli: Cli) -> None:
    assert "\x1b[1m## What it sees\x1b[0m\n" in cli("explain", "--color", "always", "EG203").out


def test_the_table_of_facts_says_for_each_what_a_difference_is_at_each_level_and_why(cli: Cli) -> None:
    result = cli("explain", "levels")
    assert result.status == 0
    lines = result.out.splitlines()
    assert max(map(len, lines)) <= 100
    words = [line.split() for line in lines if line.startswith("  ")]
    rows = {key: rest for key, *rest in words if rest[0] in list(FactClass) and len(rest) == 4}
    known = table()
    keys = {*known.exact, *(f"{prefix}*" for prefix, _ in known.prefixes)}
    assert set(rows) == keys
    assert rows["cpu.model"] == ["identity", "error", "error", "note"]
    assert rows["platform.kernel"] == ["class", "note", "-", "-"]
    assert rows["nvidia.uuid"] == ["audit", "-", "-", "-"]
    for part in known.sections:
        at = lines.index(part.title)
        assert part.why.startswith(lines[at + 1].removeprefix("  why  "))


def test_the_table_of_facts_for_machines(cli: Cli) -> None:
    document = json.loads(cli("explain", "levels", "--format", "json").out)
    assert document["schema"] == {"name": "envguard.levels", "version": 1}
    facts = [fact for part in document["sections"] for fact in part["facts"]]
    assert [fact["fact"] for fact in facts[:2]] == ["canary.*", "nvidia.gpus"]
    (libc,) = (fact for fact in facts if fact["fact"] == "platform.libc")
    assert libc == {
        "fact": "platform.libc",
        "class": "identity",
        "since": 1,
        "severities": {"run-to-run": "error", "host-to-host": "error", "cross-hardware": "note"},
    }


def test_rules_for_machines(cli: Cli) -> None:
    every = json.loads(cli("explain", "--format", "json").out)
    assert [rule["code"] for rule in every["rules"]] == CODES
    (one,) = json.loads(cli("explain", "EG303", "--format", "json").out)["rules"]
    assert (one["name"], one["severities"]["run-to-run"]) == ("cpu-mismatch", "error")
    assert "## Why it matters" in one["text"]
