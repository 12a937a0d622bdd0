"""envguard data, and what check makes of recorded trees: as a person runs it, from add to remove."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from blake3 import blake3

from envguard import _native
from envguard.data import quick
from envguard.trees import edit, probe
from envguard.walked import Problem

from .conftest import Runs

if TYPE_CHECKING:
    from .conftest import Cli, Project, Result

CORE = ("envguard._native._core", "envguard._native._core.lib", "envguard._native.trees")
MANIFESTS = Path(".envguard") / "manifests"


def digest(data: bytes) -> str:
    return blake3(data).hexdigest()


def manifest_of(folder: Path) -> bytes:
    """Return the manifest of *folder*, written by hand."""
    paths = sorted(os.fsencode(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    lines = (f"{digest((folder / os.fsdecode(path)).read_bytes())}  ".encode() + path + b"\n" for path in paths)
    return b"".join(lines)


def root_of(folder: Path) -> str:
    return f"blake3:{digest(manifest_of(folder))}"


def fill(folder: Path) -> Path:
    (folder / "sub").mkdir(parents=True)
    (folder / "a").write_bytes(b"first")
    (folder / "sub" / "b").write_bytes(b"second")
    (folder / "c").write_bytes(b"third")
    return folder


@pytest.fixture
def raw(recorded: Project) -> Path:
    """Data in a recorded project."""
    return fill(recorded.folder / "data" / "raw")


@pytest.fixture
def added(cli: Cli, raw: Path) -> Path:
    """Data that is recorded."""
    assert cli("data", "add", "data/raw").status == 0
    return raw


def entry(name: str = "raw") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path("envguard.lock").read_bytes())["data"][name]
    return found


def test_a_tree_is_recorded_with_its_manifest(cli: Cli, raw: Path) -> None:
    result = cli("data", "add", "data/raw")
    assert (result.status, result.err) == (0, "")
    assert result.out == (
        "recorded tree 'raw' in envguard.lock: 3 files, 16 bytes\n"
        "  path      data/raw\n"
        f"  root      {root_of(raw)}\n"
        "  manifest  .envguard/manifests/raw.b3 (208 bytes)\n"
        "\n"
        "Commit envguard.lock. Commit the manifest as well, and colleagues can be told which files differ;\n"
        "without it they are told that something does.\n"
    )
    assert entry() == {"bytes": 16, "files": 3, "ignore": [], "path": "data/raw", "root": root_of(raw)}
    assert (MANIFESTS / "raw.b3").read_bytes() == manifest_of(raw)


def test_machines_stay_as_they_are(cli: Cli, recorded: Project, raw: Path) -> None:
    before = json.loads(recorded.baseline.read_bytes())
    cli("data", "add", "data/raw")
    after = json.loads(recorded.baseline.read_bytes())
    assert {key: value for key, value in after.items() if key != "data"} == before
    cli("data", "remove", "raw")
    assert json.loads(recorded.baseline.read_bytes()) == before


def test_patterns_are_part_of_the_record(cli: Cli, raw: Path) -> None:
    (raw / "x.tmp").write_bytes(b"x")
    result = cli("data", "add", "data/raw", "--ignore", "*.tmp", "--ignore", "/sub/")
    assert "\n  ignore    *.tmp, /sub/\n" in result.out
    assert (entry()["files"], entry()["ignore"]) == (2, ["*.tmp", "/sub/"])
    (raw / "y.tmp").write_bytes(b"y")
    assert cli("data", "verify").status == 0


def test_a_pattern_that_means_nothing_is_refused(cli: Cli, recorded: Project, raw: Path) -> None:
    before = recorded.state()
    result = cli("data", "add", "data/raw", "--ignore", "a[")
    assert result.status == 2
    assert result.err.startswith("error: the ignore pattern 'a['")
    assert recorded.state() == before
    assert not MANIFESTS.exists()


def test_from_a_folder_below_the_paths_are_still_those_of_the_project(
    cli: Cli, raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(raw.parent)
    result = cli("data", "add", "raw", "--name", "train")
    assert result.status == 0, result.err
    monkeypatch.chdir(raw.parents[1])
    assert entry("train")["path"] == "data/raw"
    assert cli("data", "verify", "train").status == 0


@pytest.mark.parametrize("given", ["{outside}", "../elsewhere"])
def test_a_tree_outside_the_project_is_recorded_as_it_was_given(cli: Cli, recorded: Project, given: str) -> None:
    outside = fill(recorded.folder.parent / "elsewhere")
    path = given.replace("{outside}", str(outside))
    assert cli("data", "add", path).status == 0
    assert entry("elsewhere")["path"] == path
    assert cli("data", "verify").status == 0


@pytest.mark.parametrize("path", ["$DATA_ROOT/imagenet", "${DATA_ROOT}/imagenet"])
def test_a_variable_is_looked_up_at_every_check(
    cli: Cli, recorded: Project, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = (recorded.folder.parent / name for name in ("here", "there"))
    fill(here / "imagenet")
    fill(there / "imagenet")
    result = cli("data", "add", path)
    assert result.status == 2
    assert result.err == (
        f"error: {path} cannot be found: the environment variable DATA_ROOT is not set\n\nhint: export DATA_ROOT=…\n"
    )
    monkeypatch.setenv("DATA_ROOT", str(here))
    assert cli("data", "add", path).status == 0
    assert entry("imagenet")["path"] == path
    monkeypatch.setenv("DATA_ROOT", str(there))
    assert cli("data", "verify").status == 0
    assert cli("data", "status").out == (f"imagenet  {path}  3 files, 16 bytes  present ({there}/imagenet)\n")
    (there / "imagenet" / "a").write_bytes(b"other")
    assert cli("data", "verify").status == 1
    monkeypatch.delenv("DATA_ROOT")
    result = cli("data", "verify")
    assert result.status == 3
    assert result.out == (
        "EG502 [data-missing] imagenet cannot be found: the environment variable DATA_ROOT is not set\n"
        "  hint: export DATA_ROOT=…\n"
    )
    assert cli("data", "status").out.endswith("  unknown: DATA_ROOT is not set\n")
    assert cli("data", "update").status == 2
    check = cli("check")
    assert check.status == 3
    assert "EG502 [data-missing] imagenet cannot be found" in " ".join(check.out.split())


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nope", "error: nope: there is no such folder\n"),
        ("uv.lock", "error: uv.lock: is no folder\n"),
        (".envguard/manifests", "error: .envguard/manifests: there is no such folder\n"),
        ("$", "error: '$' begins with no environment variable\n"),
    ],
)
@pytest.mark.usefixtures("recorded")
def test_what_cannot_be_recorded_is_refused(cli: Cli, path: str, message: str) -> None:
    result = cli("data", "add", path)
    assert result.status == 2
    assert result.err.startswith(message)
    assert not Path(".envguard").exists()


def test_the_project_itself_is_no_data(cli: Cli, recorded: Project) -> None:
    (recorded.folder / ".git").mkdir()
    before = recorded.state()
    result = cli("data", "add", ".")
    assert result.status == 2
    assert result.err == (
        f"error: {recorded.folder}: the tree holds envguard.lock, .envguard, .git, .venv of this very project, which change "
        "when it is recorded or used\n\nhint: name a folder that holds data alone, or: envguard data add . "
        "--ignore /envguard.lock --ignore /.envguard/ --ignore /.git/ --ignore /.venv/\n"
    ).replace(str(recorded.folder), ".")
    assert recorded.state() == before
    options = result.err.split("add . ")[1].split()
    assert cli("data", "add", ".", *options).status == 0
    assert entry("app")["path"] == "."
    assert cli("data", "verify").status == 0
    cli("record", "--machine", "other")
    assert cli("data", "verify").status == 0


def test_a_folder_that_holds_the_project_is_no_data(cli: Cli, recorded: Project) -> None:
    result = cli("data", "add", "..")
    assert result.status == 2
    assert "--ignore /app/envguard.lock --ignore /app/.envguard/ --ignore /app/.venv/\n" in result.err
    assert cli("data", "add", "..", "--ignore", "app", "--name", "above").status == 0


def test_where_the_manifests_are_kept_is_no_data(cli: Cli, added: Path) -> None:
    result = cli("data", "add", ".envguard")
    assert result.status == 2
    assert "cannot be recorded: it changes when something is recorded" in result.err


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".x", "-x", "a\nb"])
def test_a_name_that_could_be_no_file_is_refused(cli: Cli, raw: Path, name: str) -> None:
    result = cli("data", "add", "data/raw", f"--name={name}")
    assert result.status == 2
    assert "is no name for a tree: a name" in result.err
    assert not Path(".envguard").exists()


def test_a_name_is_taken_once(cli: Cli, added: Path) -> None:
    before = Path("envguard.lock").read_bytes()
    result = cli("data", "add", "data/raw")
    assert result.status == 2
    assert result.err == ("error: a tree 'raw' is recorded already: data/raw\n\nhint: envguard data update raw\n")
    fill(Path("other") / "raw")
    result = cli("data", "add", "other/raw")
    assert result.err == (
        "error: a tree 'raw' is recorded already: data/raw\n\nhint: envguard data add PATH --name NAME\n"
    )
    result = cli("data", "add", "data/raw", "--name", "again")
    assert result.err == "error: data/raw is recorded already, as 'raw'\n\nhint: envguard data update raw\n"
    assert Path("envguard.lock").read_bytes() == before
    assert cli("data", "add", "other/raw", "--name", "other").status == 0


def test_a_tree_with_problems_is_not_recorded(cli: Cli, recorded: Project, raw: Path) -> None:
    (raw / "gone").symlink_to("nowhere")
    before = recorded.state()
    result = cli("data", "add", "data/raw")
    assert (result.status, result.out) == (2, "")
    assert result.err == (
        f"error: {raw}/gone: is a link to nothing\n{raw} has no root: 1 problem\n".replace(
            f"{recorded.folder}/data", "data"
        )
    )
    assert recorded.state() == before
    assert not MANIFESTS.exists()


def test_an_empty_folder_is_recorded_with_a_doubt(cli: Cli, recorded: Project) -> None:
    Path("empty").mkdir()
    result = cli("data", "add", "empty")
    assert result.status == 0
    assert "\nThe folder is empty: is the data mounted?\n" in result.out
    assert cli("data", "verify").status == 0


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


def change(raw: Path) -> None:
    (raw / "a").write_bytes(b"FIRST")
    (raw / "sub" / "b").rename(raw / "sub" / "moved")
    (raw / "c").unlink()
    (raw / "new").write_bytes(b"x" * 1234)


def test_what_is_as_recorded_is_the_same(cli: Cli, added: Path) -> None:
    for arguments in ((), ("raw",), ("--full",)):
        result = cli("data", "verify", *arguments)
        assert (result.status, result.err) == (0, "")
        assert result.out == "raw: the same, 3 files, 16 bytes (every file was read)\n"
    assert cli("data", "diff").out == "raw: the same, 3 files, 16 bytes\n"


def settle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust files as young as those of a test."""
    monkeypatch.setattr("envguard.trace.LOCAL_SLACK_NS", 0)
    monkeypatch.setattr("envguard.trace.FOREIGN_SLACK_NS", 0)


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


def test_update_records_what_is_there_and_says_what_changed(cli: Cli, added: Path) -> None:
    change(added)
    result = cli("data", "update")
    assert (result.status, result.err) == (0, "")
    assert result.out == (
        "recorded tree 'raw' again in envguard.lock: 3 files, 1.2 kB; 1 added, 1 removed, 1 changed, 1 renamed\n"
        "  added    new (1.2 kB)\n"
        "  removed  c\n"
        "  changed  a (5 bytes)\n"
        "  renamed  sub/b -> sub/moved (6 bytes)\n"
        "  manifest .envguard/manifests/raw.b3 (214 bytes)\n"
    )
    assert entry()["root"] == root_of(added)
    assert (MANIFESTS / "raw.b3").read_bytes() == manifest_of(added)
    assert cli("data", "verify").status == 0
    assert cli("data", "update", "raw").out == "nothing changed in tree 'raw': 3 files, 1.2 kB\n"


def test_update_brings_back_a_manifest_that_was_lost(cli: Cli, added: Path) -> None:
    (MANIFESTS / "raw.b3").unlink()
    assert cli("data", "update").out == "nothing changed in tree 'raw': 3 files, 16 bytes\n"
    assert (MANIFESTS / "raw.b3").read_bytes() == manifest_of(added)


def test_update_keeps_patterns_and_what_a_later_version_says(cli: Cli, raw: Path) -> None:
    cli("data", "add", "data/raw", "--ignore", "*.tmp")
    document = json.loads(Path("envguard.lock").read_bytes())
    document["data"]["raw"]["store"] = "dvc"
    Path("envguard.lock").write_text(json.dumps(document), encoding="utf-8")
    change(raw)
    assert cli("data", "update").status == 0
    assert (entry()["ignore"], entry()["store"]) == (["*.tmp"], "dvc")


def test_update_with_problems_changes_nothing(cli: Cli, added: Path) -> None:
    (added / "gone").symlink_to("nowhere")
    before = Path("envguard.lock").read_bytes(), (MANIFESTS / "raw.b3").read_bytes()
    result = cli("data", "update")
    assert result.status == 2
    assert "data/raw/gone: is a link to nothing\n" in result.err
    assert (Path("envguard.lock").read_bytes(), (MANIFESTS / "raw.b3").read_bytes()) == before


def test_what_others_recorded_meanwhile_stays(cli: Cli, added: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = probe.walk

    def walk(*arguments: Any, **more: Any) -> Any:
        monkeypatch.setattr(edit, "walk", real)
        fill(Path("meanwhile"))
        assert cli("data", "add", "meanwhile").status == 0
        return real(*arguments, **more)

    change(added)
    monkeypatch.setattr(edit, "walk", walk)
    assert cli("data", "update", "raw").status == 0
    assert sorted(json.loads(Path("envguard.lock").read_bytes())["data"]) == ["meanwhile", "raw"]


def test_remove_takes_the_record_and_leaves_the_data(cli: Cli, added: Path) -> None:
    result = cli("data", "remove", "raw")
    assert (result.status, result.err) == (0, "")
    assert result.out == "removed tree 'raw' from envguard.lock; its data is where it was\n"
    assert "data" not in json.loads(Path("envguard.lock").read_bytes())
    assert not Path(".envguard").exists()
    assert (added / "a").read_bytes() == b"first"


def test_remove_leaves_what_else_is_kept(cli: Cli, added: Path) -> None:
    fill(Path("b"))
    cli("data", "add", "b")
    (MANIFESTS / "raw.b3").unlink()
    assert cli("data", "remove", "raw").status == 0
    assert [path.name for path in MANIFESTS.iterdir()] == ["b.b3"]


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


# What check makes of it.


def said(result: Result) -> str:
    return " ".join(result.out.split())


def test_a_check_verifies_what_is_recorded(cli: Cli, added: Path) -> None:
    result = cli("check")
    assert result.status == 0
    assert "\ndata         1 tree, 3 files, 16 bytes (every file was read)\n" in result.out
    (added / "a").write_bytes(b"FIRST")
    result = cli("check")
    assert result.status == 1
    line = Path("envguard.lock").read_text(encoding="utf-8").split("\n").index(f'      "root": "{entry()["root"]}"') + 1
    assert (
        f"\nenvguard.lock:{line}: EG501 [data-changed] raw is not the data that was recorded: 1 changed (a)\n"
        in result.out
    )
    assert "EG501 raw" in result.out.split("run-to-run")[1]


@pytest.mark.parametrize("form", ["text", "json", "github"])
def test_what_is_left_out_is_said(cli: Cli, added: Path, form: str) -> None:
    (added / "a").write_bytes(b"FIRST")
    result = cli("check", "--no-data", "--format", form)
    assert result.status == 0
    assert "1 tree recorded, not verified: left out, as was asked for" in said(result)
    if form == "json":
        assert json.loads(result.out)["notes"] == {"data": "1 tree recorded, not verified: left out, as was asked for"}


def test_a_setting_leaves_data_out_by_level_and_an_option_brings_it_back(
    cli: Cli, recorded: Project, added: Path
) -> None:
    text = recorded.manifest.read_text(encoding="utf-8")
    recorded.manifest.write_text(f'{text}\n[tool.envguard.data]\nlevels = ["run-to-run"]\n', encoding="utf-8")
    (added / "a").write_bytes(b"FIRST")
    result = cli("check")
    assert result.status == 0
    assert "1 tree recorded, not verified: left out at host-to-host by the settings" in said(result)
    assert cli("check", "--level", "run-to-run").status == 1
    assert cli("check", "--data").status == 1
    assert cli("check", "--level", "run-to-run", "--no-data").status == 0


def test_a_record_of_a_machine_does_not_wait_for_data(cli: Cli, added: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def walk(*_: Any, **__: Any) -> Any:
        raise AssertionError("the data was walked")

    monkeypatch.setattr(probe, "walk", walk)
    assert cli("record").status == 0
    assert cli("record", "--machine", "other").status == 0


def test_a_pattern_that_somebody_broke_in_the_record_is_named(cli: Cli, added: Path) -> None:
    document = json.loads(Path("envguard.lock").read_bytes())
    document["data"]["raw"]["ignore"] = ["a["]
    Path("envguard.lock").write_text(json.dumps(document, indent=2), encoding="utf-8")
    result = cli("check")
    assert result.status == 2
    assert "in 'data.raw.ignore': the ignore pattern 'a['" in result.err


def test_a_waived_change_is_clean_and_is_answered_again_while_it_stays(
    cli: Cli, recorded: Project, added: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = recorded.manifest.read_text(encoding="utf-8")
    waiver = '[[tool.envguard.waivers]]\nrule = "data-changed"\nsubject = "raw"\nreason = "a trial"\n'
    recorded.manifest.write_text(f"{text}\n{waiver}", encoding="utf-8")
    (added / "a").write_bytes(b"FIRST")
    settle(monkeypatch)
    first = cli("check")
    assert first.status == 0
    assert "a trial" in first.out
    (added / "a").write_bytes(b"SECOND")
    assert root_of(added) in said(cli("check", "--format", "json"))


class Walks:
    """Counts how often the data was walked, and how often a check was really made."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.walks: list[dict[str, Any]] = []
        self._runs = Runs(monkeypatch)
        real_walk = quick.walk

        def walk(path: str, patterns: Any = (), **more: Any) -> Any:
            self.walks.append(more)
            return real_walk(path, patterns, **more)

        monkeypatch.setattr(quick, "walk", walk)
        settle(monkeypatch)

    @property
    def checks(self) -> int:
        return self._runs.count


@pytest.fixture
def walks(added: Path, monkeypatch: pytest.MonkeyPatch) -> Walks:
    """Make answers of young files be kept, and count."""
    return Walks(monkeypatch)


ASKED = pytest.mark.parametrize("question", [("check",), ("data", "verify")], ids=" ".join)


def warm(cli: Cli, *question: str) -> Result:
    """Ask until the answer is one that the stat cache gave, and is kept."""
    for _ in range(3):
        result = cli(*(question or ("check",)))
        assert result.status == 0
    return result


@ASKED
def test_an_answer_is_given_again_and_the_data_walked_all_the_same(
    cli: Cli, walks: Walks, question: tuple[str, ...]
) -> None:
    kept = warm(cli, *question)
    assert "(unchanged files by the stat cache)" in kept.out
    walked, checked = len(walks.walks), walks.checks
    assert cli(*question) == kept
    assert (len(walks.walks), walks.checks) == (walked + 1, checked)


@ASKED
def test_an_answer_that_read_every_file_is_given_again_as_one_of_the_stat_cache(
    cli: Cli, walks: Walks, question: tuple[str, ...]
) -> None:
    shutil.rmtree(Path(os.environ["ENVGUARD_CACHE_DIR"]), ignore_errors=True)
    first = cli(*question)
    assert "(every file was read)" in first.out
    second = cli(*question)
    assert walks.checks == 1
    assert second.out == first.out.replace("(every file was read)", "(unchanged files by the stat cache)")
    assert cli(*question) == second
    assert walks.checks == 1


def test_a_waiver_of_data_is_unused_only_where_somebody_looked(cli: Cli, recorded: Project, added: Path) -> None:
    with recorded.manifest.open("a", encoding="utf-8") as file:
        file.write('[[tool.envguard.waivers]]\nrule = "data-changed"\nsubject = "raw"\nreason = "grows"\n')
    assert "unused-waiver" not in cli("check", "--no-data").out
    assert "unused-waiver" in cli("check").out


def test_an_answer_of_verify_does_not_outlive_another_record(cli: Cli, recorded: Project, walks: Walks) -> None:
    warm(cli, "data", "verify")
    baseline = recorded.folder / "envguard.lock"
    text = baseline.read_text(encoding="utf-8")
    baseline.write_text(re.sub(r'("root": "blake3:).{4}', r"\g<1>0000", text), encoding="utf-8")
    checked = walks.checks
    assert cli("data", "verify").status == 1
    assert walks.checks == checked + 1


def test_full_verification_neither_keeps_nor_takes_an_answer(cli: Cli, walks: Walks) -> None:
    for _ in range(2):
        assert "(every file was read)" in cli("data", "verify", "--full").out
    assert walks.checks == 2


@ASKED
@pytest.mark.parametrize("change", ["content", "restored", "added", "removed", "renamed", "gone", "problem"])
def test_no_answer_outlives_a_change_of_the_data(
    cli: Cli, added: Path, walks: Walks, change: str, question: tuple[str, ...]
) -> None:
    warm(cli, *question)
    checked = walks.checks
    path = added / "a"
    before = path.stat()
    match change:
        case "content":
            path.write_bytes(b"other words")
        case "restored":
            path.write_bytes(b"FIRST")
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        case "added":
            (added / "empty").touch()
        case "removed":
            path.unlink()
        case "renamed":
            path.rename(added / "z")
        case "gone":
            shutil.rmtree(added)
        case "problem":
            (added / "gone").symlink_to("nowhere")
        case _:
            raise AssertionError(change)
    result = cli(*question)
    assert walks.checks == checked + 1
    assert result.status == (3 if change == "problem" else 1)
    assert "EG50" in result.out


def test_a_tree_with_problems_is_never_an_answer_to_keep(
    cli: Cli, recorded: Project, added: Path, walks: Walks
) -> None:
    text = recorded.manifest.read_text(encoding="utf-8")
    waiver = '[[tool.envguard.waivers]]\nrule = "data-unreadable"\nsubject = "raw"\nreason = "a trial"\n'
    recorded.manifest.write_text(f"{text}\n{waiver}", encoding="utf-8")
    (added / "gone").symlink_to("nowhere")
    for _ in range(4):
        assert cli("check").status == 0
    assert walks.checks == 4


def test_another_sample_is_drawn_each_time_and_belongs_to_the_question(
    cli: Cli, recorded: Project, walks: Walks
) -> None:
    text = recorded.manifest.read_text(encoding="utf-8")
    recorded.manifest.write_text(f"{text}\n[tool.envguard.data]\nsample = 0.5\n", encoding="utf-8")
    warm(cli)
    cli("check")
    assert {walk["sample"] for walk in walks.walks} == {0.5}


def test_what_a_sample_finds_while_an_answer_is_looked_at_is_not_lost(
    cli: Cli, added: Path, walks: Walks, monkeypatch: pytest.MonkeyPatch
) -> None:
    warm(cli)
    counted = quick.walk

    def walk(*arguments: Any, **more: Any) -> Any:
        monkeypatch.setattr(quick, "walk", counted)
        problem = Problem(path=b"a", kind="silent", errno=0)
        found = SimpleNamespace(root=None, problems=(problem,), problem_count=1, files=2, bytes=11)
        return nullcontext(found)

    monkeypatch.setattr(quick, "walk", walk)
    result = cli("check")
    assert result.status == 1
    assert "EG504 [data-silent-change] raw changed without a trace: a" in said(result)


def test_without_the_cache_every_file_is_read(cli: Cli, walks: Walks) -> None:
    warm(cli)
    result = cli("check", "--no-cache")
    assert "(every file was read)" in result.out
    assert walks.walks[-1]["cache"] is False


@ASKED
def test_a_remembered_answer_with_data_imports_what_a_walk_needs(
    cli: Cli, recorded: Project, added: Path, question: tuple[str, ...]
) -> None:
    trust = "import envguard.trace as t; t.LOCAL_SLACK_NS = t.FOREIGN_SLACK_NS = 0"
    ask = f"import sys; before = set(sys.modules); from envguard.cli import main; status = main({list(question)})"
    tell = "print(status, *sorted(set(sys.modules) - before), file=sys.stderr)"
    environ = {**cli.environ, "ENVGUARD_CACHE_DIR": f"{recorded.folder}-cache"}

    def process(*code: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "; ".join(code)]
        return subprocess.run(command, cwd=recorded.folder, env=environ, capture_output=True, text=True, check=True)

    for _ in range(2):
        first = process(trust, ask)
    second = process(ask, tell)
    assert second.stdout == first.stdout
    assert "(unchanged files by the stat cache)" in second.stdout
    ours = [name for name in second.stderr.split() if re.match(r"envguard\.|0$", name)]
    if isinstance(_native._core, ImportError):
        return  # the walk in Python imports what it needs
    assert ours == [
        "0",
        "envguard._native",
        *CORE,
        "envguard.amounts",
        "envguard.answers",
        "envguard.cache",
        "envguard.cli",
        "envguard.cli.answered",
        "envguard.cli.color",
        "envguard.cli.progress",
        "envguard.cli.streams",
        "envguard.data",
        "envguard.data.quick",
        "envguard.data.records",
        "envguard.data.stat_cache",
        "envguard.errors",
        "envguard.launch",
        "envguard.probes",
        "envguard.probes.kernel",
        "envguard.probes.variables",
        "envguard.trace",
        "envguard.trees",
        "envguard.trees.probe",
        "envguard.trees.ranks",
    ]
    heavy = {"dataclasses", "inspect", "typing", "click", "packaging", "numpy", "importlib.metadata", "json", "tomli"}
    assert not heavy & set(second.stderr.split())
