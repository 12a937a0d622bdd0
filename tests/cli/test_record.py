from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Cli, Project


def machines(project: Project) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(project.baseline.read_bytes())["machines"]
    return document


@pytest.mark.usefixtures("project")
def test_a_first_record_needs_no_init(cli: Cli) -> None:
    result = cli("record")
    assert (result.status, result.err) == (0, "")
    assert result.out.startswith("recorded machine 'default' in envguard.lock: ")
    assert "\n  selection    default groups (told from what is installed)\n" in result.out
    assert cli("check").status == 0


def test_a_record_of_what_was_recorded_changes_nothing(cli: Cli, recorded: Project) -> None:
    before = recorded.state()
    result = cli("record")
    assert result.status == 0
    assert result.out.startswith("nothing changed for machine 'default': envguard.lock is left as it is\n")
    assert recorded.state() == before


def test_what_changed_is_shown(cli: Cli, recorded: Project) -> None:
    text = recorded.lock.read_text(encoding="utf-8").replace("2.4.6", "2.4.7")
    recorded.lock.write_text(text, encoding="utf-8")
    recorded.install("numpy", "2.4.7")
    recorded.install("pytest", "9.2.0", content="# built again\n")
    recorded.install("ipdb", "0.13")
    result = cli("record")
    assert result.status == 0
    lines = result.out.splitlines()
    assert lines[0] == "recorded machine 'default' again in envguard.lock: 4 changed"
    subjects = [line.split()[0] for line in lines[1:5]]
    assert subjects == ["lock", "ipdb", "numpy", "pytest"]
    assert lines[1].startswith("  lock         uv.lock, blake3:")
    assert " -> blake3:" in lines[1]
    assert lines[2].startswith("  ipdb         added: 0.13 ")
    assert lines[3].startswith("  numpy        2.4.6 ")
    assert " -> 2.4.7 " in lines[3]
    assert lines[4].startswith("  pytest       9.2.0, ")
    assert lines[5] == ""
    assert cli("check").status == 0


def test_a_package_that_went_away_is_shown(cli: Cli, recorded: Project) -> None:
    recorded.uninstall("pytest")
    result = cli("record", "--no-default-groups")
    assert "\n  selection    default groups -> no default groups\n" in result.out
    assert "\n  pytest       removed: 9.2.0 " in result.out
    assert cli("check").status == 0


def test_another_machine_is_added_and_the_first_kept(cli: Cli, recorded: Project) -> None:
    first = machines(recorded)["default"]
    result = cli("record", "--machine", "h100")
    assert result.status == 0
    assert result.out.startswith("recorded machine 'h100' in envguard.lock: ")
    assert machines(recorded)["default"] == first
    assert sorted(machines(recorded)) == ["default", "h100"]


def test_one_machine_is_replaced_and_the_other_kept(cli: Cli, recorded: Project) -> None:
    cli("record", "--machine", "h100")
    first = machines(recorded)["default"]
    recorded.install("ipdb", "0.13")
    assert cli("record", "--machine", "h100").status == 0
    assert machines(recorded)["default"] == first
    assert "ipdb" in machines(recorded)["h100"]["packages"]


def test_with_several_machines_one_must_be_named(cli: Cli, recorded: Project) -> None:
    cli("record", "--machine", "h100")
    before = recorded.state()
    result = cli("record")
    assert result.status == 2
    assert "several machines are recorded (default, h100), and none was named" in result.err
    assert result.err.endswith("\nhint: envguard record --machine default\n")
    assert recorded.state() == before


def test_a_recorded_extra_that_is_gone_from_the_lock_does_not_stop_a_new_record(cli: Cli, project: Project) -> None:
    project.install("matplotlib", "3.10.1")
    cli("record", "--extra", "plot")
    for path in (project.lock, project.manifest):
        text = path.read_text(encoding="utf-8").replace("plot = [", "charts = [").replace('["plot"]', '["charts"]')
        path.write_text(text, encoding="utf-8")
    result = cli("record")
    assert result.status == 0, result.err
    assert machines(project)["default"]["selection"]["extras"] == ["charts"]


def test_an_extra_that_does_not_exist_is_refused(cli: Cli, recorded: Project) -> None:
    before = recorded.state()
    result = cli("record", "--extra", "nope")
    assert result.status == 2
    assert "nope" in result.err
    assert recorded.state() == before


@pytest.mark.parametrize("content", [b"{", b"<<<<<<< HEAD\n", b"[]"])
def test_a_corrupt_record_is_not_overwritten(cli: Cli, recorded: Project, content: bytes) -> None:
    recorded.baseline.write_bytes(content)
    result = cli("record")
    assert result.status == 2
    assert result.err.startswith("error: envguard.lock:")
    assert recorded.baseline.read_bytes() == content


def test_sections_of_a_later_version_survive(cli: Cli, recorded: Project) -> None:
    document = json.loads(recorded.baseline.read_bytes())
    document["stores"] = {"data/train": "blake3:00"}
    document["machines"]["default"]["oracles"] = {"matmul": "blake3:11"}
    recorded.baseline.write_text(json.dumps(document), encoding="utf-8")
    assert cli("record").status == 0
    after = json.loads(recorded.baseline.read_bytes())
    assert after["stores"] == {"data/train": "blake3:00"}
    assert after["machines"]["default"]["oracles"] == {"matmul": "blake3:11"}


def test_the_hint_names_the_environment_that_was_checked_and_not_the_usual_one(
    cli: Cli, project: Project, tmp_path: Path
) -> None:
    """The project's own would have been recorded in the place of the one that was asked about."""
    other = tmp_path / "other env"
    shutil.copytree(project.folder / ".venv", other, symlinks=True)
    result = cli("check", "--python", str(other))
    assert result.status == 3
    assert f"hint: envguard record --python '{other}/bin/python'\n" in result.out
    assert cli("record", "--python", f"{other}/bin/python", "--machine", "a b").status == 0
    # Where the settings name it, the command takes it from there.
    text = project.manifest.read_text(encoding="utf-8")
    project.manifest.write_text(f'{text}\n[tool.envguard]\npython = "../other env"\n', encoding="utf-8")
    document = json.loads(project.baseline.read_bytes())
    document["machines"]["other"] = json.loads(json.dumps(document["machines"]["a b"]))
    del document["machines"]["a b"]["facts"]["cpu.vendor"]
    project.baseline.write_text(json.dumps(document), encoding="utf-8")
    assert "envguard record --machine 'a b'\n" in cli("check", "--machine", "a b").out
    assert "hint: envguard record --machine 'c d'" in cli("check", "--machine", "c d").err
