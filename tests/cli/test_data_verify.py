"""envguard data status, verify and diff: what is said of a recorded tree, and with which status."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.trees import probe

from .trees import MANIFESTS, change, digest, entry, fill, root_of, settle

if TYPE_CHECKING:
    from .conftest import Cli


def test_status_lists_what_is_recorded_and_reads_nothing(
    cli: Cli, added: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(Path("b"))
    cli("data", "add", "b", "--name", "longer-name")
    shutil.rmtree("b")
    monkeypatch.setattr(probe, "walk", None)
    result = cli("data", "status")
    assert (result.status, result.err) == (0, "")
    assert result.out == (
        "longer-name  b         3 files, 16 bytes  missing\nraw          data/raw  3 files, 16 bytes  present\n"
    )


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(("command", "status"), [("status", 0), ("verify", 3), ("diff", 3), ("update", 0)])
def test_where_nothing_is_recorded_it_says_how_to(cli: Cli, command: str, status: int) -> None:
    result = cli("data", command)
    assert (result.status, result.err) == (status, "")
    assert result.out == "no data is recorded\n\nTo record a tree: envguard data add PATH\n"


@pytest.mark.parametrize("command", ["verify", "diff", "update", "remove"])
def test_a_name_that_is_not_recorded_is_said(cli: Cli, added: Path, command: str) -> None:
    result = cli("data", command, "../raw")
    assert (result.status, result.out) == (2, "")
    assert result.err == ("error: no tree '../raw' is recorded; recorded are: raw\n\nhint: envguard data status\n")


def test_what_is_as_recorded_is_the_same(cli: Cli, added: Path) -> None:
    for arguments in ((), ("raw",), ("--full",)):
        result = cli("data", "verify", *arguments)
        assert (result.status, result.err) == (0, "")
        assert result.out == "raw: the same, 3 files, 16 bytes (every file was read)\n"
    assert cli("data", "diff").out == "raw: the same, 3 files, 16 bytes\n"


def test_unchanged_files_are_known_by_the_stat_cache_unless_all_are_asked_for(
    cli: Cli, added: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(monkeypatch)
    cli("data", "verify")
    assert cli("data", "verify").out == "raw: the same, 3 files, 16 bytes (unchanged files by the stat cache)\n"
    assert cli("data", "verify", "--full").out == "raw: the same, 3 files, 16 bytes (every file was read)\n"


def test_a_change_is_named_with_the_way_out(cli: Cli, added: Path) -> None:
    before = root_of(added)
    change(added)
    result = cli("data", "verify")
    assert (result.status, result.err) == (1, "")
    assert result.out == (
        "EG501 [data-changed] raw is not the data that was recorded: 1 added (new), 1 removed (c), 1 changed (a), "
        "1 renamed (sub/b -> sub/moved)\n"
        f"  expected  {before} (3 files, 16 bytes)\n"
        f"  found     {root_of(added)} (3 files, 1.2 kB, data/raw)\n"
        "  hint: `envguard data diff raw`, or where the change is wanted: `envguard data update raw`\n"
    )


def test_a_diff_names_every_kind_with_its_size_now(cli: Cli, added: Path) -> None:
    change(added)
    result = cli("data", "diff", "raw")
    assert (result.status, result.err) == (1, "")
    assert result.out == (
        "raw: 1 added, 1 removed, 1 changed, 1 renamed\n"
        "  added    new (1.2 kB)\n"
        "  removed  c\n"
        "  changed  a (5 bytes)\n"
        "  renamed  sub/b -> sub/moved (6 bytes)\n"
        "  now 3 files, 1.2 kB; recorded 3 files, 16 bytes\n"
    )


def test_a_long_diff_is_cut_unless_all_is_asked_for(cli: Cli, added: Path) -> None:
    for number in range(25):
        (added / f"n{number:02}").write_bytes(b"")
    lines = cli("data", "diff").out.splitlines()
    assert lines[0] == "raw: 25 added"
    assert lines[10] == "  added    n09 (0 bytes)"
    assert lines[11] == "  added    … and 15 more (--all names them)"
    assert len(cli("data", "diff", "--all").out.splitlines()) == 27


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (None, "its manifest is not kept here (.envguard/manifests/raw.b3)"),
        (b"", "the kept manifest (.envguard/manifests/raw.b3) is of another state of it"),
        (b"\xff", "the kept manifest (.envguard/manifests/raw.b3) is of another state of it"),
    ],
)
def test_without_a_manifest_of_its_own_only_the_totals_are_told(
    cli: Cli, added: Path, damage: bytes | None, why: str
) -> None:
    path = MANIFESTS / "raw.b3"
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage)
    assert cli("data", "verify").status == 0
    change(added)
    result = cli("data", "diff")
    assert result.status == 1
    assert result.out == (
        f"raw: differs; which files cannot be told: {why}\n  now 3 files, 1.2 kB; recorded 3 files, 16 bytes\n"
    )
    assert f"which files differ cannot be told: {why}\n" in cli("data", "verify").out
    assert cli("data", "update").out.startswith(
        "recorded tree 'raw' again in envguard.lock: 3 files, 1.2 kB; what changed cannot be told\n"
    )


def test_a_manifest_with_the_right_digest_and_wrong_lines_is_not_used(cli: Cli, added: Path) -> None:
    junk = b"no manifest\n"
    text = Path("envguard.lock").read_text(encoding="utf-8")
    Path("envguard.lock").write_text(text.replace(entry()["root"], f"blake3:{digest(junk)}"), encoding="utf-8")
    (MANIFESTS / "raw.b3").write_bytes(junk)
    result = cli("data", "diff")
    assert result.status == 1
    assert (
        "raw: differs; which files cannot be told: the kept manifest (.envguard/manifests/raw.b3) the line "
        in result.out
    )


def test_a_missing_tree_is_a_difference_and_an_unreadable_one_unknown(cli: Cli, added: Path) -> None:
    (added / "gone").symlink_to("nowhere")
    result = cli("data", "verify")
    assert result.status == 3
    assert result.out == (
        "EG503 [data-unreadable] raw cannot be compared: gone is a link to nothing\n"
        "  hint: mend what is named, then: envguard data verify raw\n"
    )
    assert cli("data", "diff").out == "raw cannot be compared: gone is a link to nothing\n"
    shutil.rmtree(added)
    result = cli("data", "verify")
    assert result.status == 1
    assert result.out.startswith("EG502 [data-missing] raw is not there: nothing is at data/raw\n")
    added.write_text("a file")
    result = cli("data", "verify")
    assert result.status == 3
    assert result.out.startswith("EG503 [data-unreadable] raw cannot be compared: is no folder")
