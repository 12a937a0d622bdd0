"""envguard data add: what is recorded of a tree, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .trees import MANIFESTS, entry, fill, manifest_of, root_of

if TYPE_CHECKING:
    from .conftest import Cli, Project


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


@pytest.mark.parametrize(
    ("own", "why"),
    [
        (".envguard", "it changes when something is recorded"),
        (".venv", "it is no data, and changes with every command"),
    ],
)
def test_where_the_manifests_and_packages_are_kept_is_no_data(cli: Cli, added: Path, own: str, why: str) -> None:
    result = cli("data", "add", own)
    assert result.status == 2
    assert f"{own} cannot be recorded: {why}\n\nhint: name a folder that holds data alone\n" in result.err


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
