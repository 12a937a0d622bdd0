"""Locks that are often exports of another one, at the command line: pylock.toml."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.lockfiles.pylock.documents import MANIFEST, PACKAGES, digest, lock, package

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Cli

WAIVER = """
[[tool.envguard.waivers]]
rule = "undecided-freshness"
subject = "pylock.toml"
reason = "CI exports it anew and compares"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a pylock.toml; the current folder."""
    (tmp_path / "pyproject.toml").write_text(MANIFEST)
    (tmp_path / "pylock.toml").write_text(lock())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_lock_that_records_no_inputs_is_undecided_until_somebody_accepts_that(cli: Cli, folder: Path) -> None:
    result = cli("lock", "check")
    assert result.status == 3
    assert result.out == (
        "lock         pylock.toml\n\n"
        "pylock.toml: EG102 [undecided-freshness] contradicts nothing in pyproject.toml, and records none of\n"
        "    the inputs that it was resolved from: what else changed cannot be told\n"
        "  error        could not be told\n"
        "  why          a lock that cannot be compared with its manifest may be stale\n\n"
        "  hint: make pylock.toml anew with 'hand'; if it stays so, waive undecided-freshness for 'pylock.toml' "
        "with the reason, see: envguard explain EG102\n\n"
        "undecided: 1 error (1 could not be told)\n"
    )
    (folder / "pyproject.toml").write_text(MANIFEST + WAIVER)
    assert cli("lock", "check").status == 0
    # What contradicts the manifest is not accepted with it.
    (folder / "pyproject.toml").write_text(MANIFEST.replace("alpha>=1", "alpha>=2") + WAIVER)
    result = cli("lock", "check")
    assert result.status == 1
    assert "pyproject.toml:6: EG101 [stale-lock] the requirement of the project on alpha" in result.out


def test_a_lock_that_is_no_use_is_status_2_with_its_place(cli: Cli, folder: Path) -> None:
    (folder / "pylock.toml").write_text(lock(package("one", "x")))
    result = cli("lock", "check")
    assert (result.status, result.out) == (2, "")
    assert result.err == (
        "error: pylock.toml:11: in 'packages[0].version': is not what PEP 751 asks for: Invalid version: 'x'\n\n"
        "hint: make it anew with the tool that it names in 'created-by'\n"
    )


def test_what_contradicts_itself_is_found_at_its_line(cli: Cli, folder: Path) -> None:
    (folder / "pylock.toml").write_text(lock(PACKAGES.replace("/gamma-1.0", "/gamma-2.0")))
    result = cli("lock", "check")
    assert result.status == 1
    assert "pylock.toml:37: EG104 [artifact-mismatch] gamma 1.0 lists gamma-2.0-py3-none-any.whl" in result.out


def test_the_lock_of_a_tool_comes_first(cli: Cli, folder: Path) -> None:
    (folder / "uv.lock").write_text("version = 1\n")
    assert cli("lock", "list").out == ""
    (folder / "pyproject.toml").write_text(MANIFEST + '[tool.envguard]\nlock = "pylock.toml"\n')
    assert cli("lock", "list", "--platform", "windows").out == "beta==1.0\ngamma==1.0\n"


def test_a_lock_with_a_word_in_its_name_counts_where_it_is_named(cli: Cli, folder: Path) -> None:
    (folder / "pylock.toml").rename(folder / "pylock.train.toml")
    assert cli("lock", "check").status == 3
    assert "there is no uv.lock" in cli("lock", "check").out
    assert cli("lock", "list", "pylock.train.toml", "--platform", "linux").out == "alpha==1.5\nbeta==1.0\ngamma==1.0\n"


def test_a_change_is_told_as_of_any_lock(cli: Cli, folder: Path) -> None:
    (folder / "pylock.new.toml").write_text(
        lock(
            PACKAGES.replace('version = "1.5"', 'version = "1.6"')
            .replace("alpha-1.5", "alpha-1.6")
            .replace("'more' in dependency_groups\"", "'test' in dependency_groups\"")
            .replace(
                f'beta-1.0-py3-none-any.whl", hashes = {{ sha256 = "{digest("beta", "1.0")}',
                f'beta-1.0-py3-none-any.whl", hashes = {{ sha256 = "{"0" * 64}',
            )
        )
    )
    result = cli("diff", "pylock.toml", "pylock.new.toml", "--format", "json")
    assert result.status == 1
    document = json.loads(result.out)
    changes = {item["name"]: item["change"] for item in document["locks"][0]["packages"]}
    assert changes == {"alpha": "upgraded", "beta": "same version", "epsilon": "same version"}
    assert [finding["code"] for finding in document["findings"]] == ["EG110"]
