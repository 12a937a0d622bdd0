from __future__ import annotations

import json
import os
import tomllib
from typing import TYPE_CHECKING

import pytest

from envguard.cli.manifest import TABLE

if TYPE_CHECKING:
    from .conftest import Cli, Project


def test_a_project_is_set_up_and_clean(cli: Cli, project: Project) -> None:
    before = project.manifest.read_bytes()
    result = cli("init")
    assert (result.status, result.err) == (0, "")
    assert project.manifest.read_bytes() == before + b"\n" + TABLE.encode()
    machine = json.loads(project.baseline.read_bytes())["machines"]["default"]
    assert machine["selection"] == {"default-groups": True, "extras": [], "groups": [], "packages": []}
    assert sorted(machine["packages"]) == ["numpy", "pytest"]
    assert "  selection" in result.out
    assert "default groups (told from what is installed)\n" in result.out
    assert "\nadded [tool.envguard] to pyproject.toml\nrecorded machine 'default' in envguard.lock: " in result.out
    assert "\nclean at host-to-host: " in result.out
    assert result.out.endswith("""
Next:
  git add pyproject.toml envguard.lock
  envguard check                                 here, in CI, in a container build
  import envguard; envguard.enforce(seed=42)     at the top of a training script
""")
    assert cli("check").status == 0


def test_without_a_manifest_of_its_kind_the_settings_have_a_file_of_their_own(cli: Cli, project: Project) -> None:
    project.manifest.unlink()
    result = cli("init")
    assert (result.status, result.err) == (0, "")
    assert "\nwrote envguard.toml\nrecorded machine 'default' in envguard.lock: " in result.out
    assert "\n  git add envguard.toml envguard.lock\n" in result.out
    own = project.folder / "envguard.toml"
    text = own.read_text(encoding="utf-8")
    assert tomllib.loads(text) == tomllib.loads(TABLE)["tool"]["envguard"]
    assert "# [[waivers]]\n" in text
    assert not project.manifest.exists()
    again = cli("init")
    assert again.out == ". is set up already: nothing was changed\n\nTo record this machine anew: envguard record\n"
    assert own.read_text(encoding="utf-8") == text


def test_run_twice_it_changes_nothing_and_says_so(cli: Cli, project: Project) -> None:
    cli("init")
    before = project.state()
    stamps = {path: os.stat(project.folder / path).st_mtime_ns for path in before}
    result = cli("init")
    assert result.status == 0
    assert result.out == ". is set up already: nothing was changed\n\nTo record this machine anew: envguard record\n"
    assert project.state() == before
    assert {path: os.stat(project.folder / path).st_mtime_ns for path in before} == stamps


def test_the_selection_is_told_from_what_is_installed(cli: Cli, project: Project) -> None:
    project.install("matplotlib", "3.10.1")
    project.uninstall("pytest")
    cli("init")
    selection = json.loads(project.baseline.read_bytes())["machines"]["default"]["selection"]
    assert selection == {"default-groups": False, "extras": ["plot"], "groups": [], "packages": []}
    assert cli("check").status == 0


def test_an_extra_in_another_version_is_not_told(cli: Cli, project: Project) -> None:
    project.install("matplotlib", "3.9.0")
    cli("init")
    assert json.loads(project.baseline.read_bytes())["machines"]["default"]["selection"]["extras"] == []


def test_the_selection_can_be_given(cli: Cli, project: Project) -> None:
    result = cli("init", "--extra", "plot", "--machine", "laptop")
    assert result.status == 0
    machines = json.loads(project.baseline.read_bytes())["machines"]
    assert list(machines) == ["laptop"]
    assert machines["laptop"]["selection"]["extras"] == ["plot"]
    assert "(told from what is installed)" not in result.out


def test_an_environment_that_differs_from_the_lock_is_recorded_and_said(cli: Cli, project: Project) -> None:
    project.install("numpy", "2.4.5")
    result = cli("init")
    assert result.status == 0
    assert "\ndrift at host-to-host: 1 error" in result.out
    assert "\n\nWhat was recorded is not what the lock asks for." in result.out


def test_settings_that_are_there_are_kept(cli: Cli, project: Project) -> None:
    text = project.manifest.read_text(encoding="utf-8") + '[tool.envguard]\nlevel = "run-to-run"\n'
    project.manifest.write_text(text, encoding="utf-8")
    result = cli("init")
    assert result.status == 0
    assert project.manifest.read_text(encoding="utf-8") == text
    assert "added [tool.envguard]" not in result.out
    assert "\n  git add envguard.lock\n" in result.out


def test_a_record_that_is_there_is_kept(cli: Cli, project: Project) -> None:
    cli("init")
    record = project.baseline.read_bytes()
    project.manifest.write_text(
        project.manifest.read_text(encoding="utf-8").split("\n[tool.envguard]")[0], encoding="utf-8"
    )
    project.install("numpy", "2.4.5")
    result = cli("init")
    assert result.status == 0
    assert "added [tool.envguard] to pyproject.toml\n" in result.out
    assert project.baseline.read_bytes() == record


def test_a_file_that_could_be_the_lock_is_named_where_there_is_none(cli: Cli, project: Project) -> None:
    (project.folder / "uv.lock").unlink()
    (project.folder / "requirements.txt").write_text("numpy==2.4.6\n")
    result = cli("init")
    assert (result.status, result.out) == (2, "")
    assert result.err.splitlines() == [
        "error: .: there is no uv.lock to record against",
        "",
        'hint: uv lock; or, if requirements.txt is the lock, name it: lock = "requirements.txt"',
    ]


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("pyproject.toml", b"[project\n", "pyproject.toml:1: is not valid TOML: "),
        ("pyproject.toml", b"tool = {}\n", "pyproject.toml:1: in 'tool': a [tool.envguard] table cannot be added"),
        (
            "pyproject.toml",
            b"[tool]\nenvguard = 1\n",
            "pyproject.toml:2: in 'tool.envguard': expected a table, found a ",
        ),
        ("pyproject.toml", b"\xff\xfe", "pyproject.toml:1: is not UTF-8 text: byte 0xff at offset 0"),
        ("uv.lock", b"", "uv.lock"),
        ("uv.lock", b"version = 7\n", "uv.lock"),
        ("uv.lock", None, "there is no uv.lock to record against"),
        ("envguard.lock", b"{", "envguard.lock:1: is not valid JSON: "),
        ("envguard.lock", b'{"schema": 1}', "envguard.lock:1: in 'schema': expected an object, found a number"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_written(
    cli: Cli, project: Project, file: str, content: bytes | None, message: str
) -> None:
    path = project.folder / file
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    before = project.state()
    result = cli("init")
    assert result.status == 2
    assert result.out == ""
    assert result.err.startswith("error: ")
    assert message in result.err
    assert project.state() == before


def test_a_read_only_project_is_said(cli: Cli, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def refuse(path: str, flags: int, mode: int = 0o777) -> int:
        # Root, as whom containers run tests, may write everywhere: only this stands in for a read-only folder.
        if flags & os.O_CREAT and str(path).startswith(str(project.folder)):
            raise PermissionError(13, "Permission denied")
        return real(path, flags, mode)

    before = project.state()
    monkeypatch.setattr(os, "open", refuse)
    result = cli("init")
    assert result.status == 2
    assert result.err.startswith("error: envguard.lock: cannot be written: permission denied")
    assert project.state() == before


@pytest.mark.parametrize("failing", [1, 2])
def test_a_write_that_fails_leaves_what_a_second_run_completes(
    cli: Cli, project: Project, failing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.replace
    calls = 0

    def replace(source: str, target: str) -> None:
        nonlocal calls
        if str(target).startswith(str(project.folder)):
            calls += 1
            if calls == failing:
                raise OSError(28, "No space left on device")
        real(source, target)

    before = project.state()
    monkeypatch.setattr(os, "replace", replace)
    result = cli("init")
    assert result.status == 2
    assert "cannot be written: no space left on device" in result.err
    assert project.manifest.read_bytes() == before["pyproject.toml"]
    assert set(project.state()) <= {*before, "envguard.lock"}
    monkeypatch.setattr(os, "replace", real)
    assert cli("init").status == 0
    assert "envguard" in tomllib.loads(project.manifest.read_text(encoding="utf-8"))["tool"]
    assert cli("check").status == 0


def test_a_folder_without_a_project_is_said(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("empty")
    result = cli("init", str(folder))
    assert result.status == 2
    assert "there is no project here" in result.err
    assert list(folder.iterdir()) == []
