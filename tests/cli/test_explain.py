from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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
