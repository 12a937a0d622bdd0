from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from .conftest import Runs

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Cli, Project


def test_a_fresh_lock_is_clean_and_no_environment_is_needed(cli: Cli, project: Project) -> None:
    shutil.rmtree(project.folder / ".venv")
    result = cli("lock", "check")
    assert (result.status, result.err) == (0, "")
    assert result.out == "lock         uv.lock\n\nclean: nothing differs\n"


def test_a_stale_lock_is_status_1_and_names_the_requirement(cli: Cli, project: Project) -> None:
    text = project.manifest.read_text(encoding="utf-8").replace("numpy>=2", "numpy>=2.1")
    project.manifest.write_text(text, encoding="utf-8")
    result = cli("lock", "check", "pyproject.toml")
    assert result.status == 1
    assert "pyproject.toml:5: EG101 [stale-lock] " in result.out
    assert "numpy" in result.out
    assert "\n  hint: uv lock\n" in result.out
    assert result.out.endswith("\ndrift: 1 error\n")
    assert "reachable" not in result.out


def test_a_lock_that_contradicts_itself_is_status_1(cli: Cli, project: Project) -> None:
    text = project.lock.read_text(encoding="utf-8").replace("numpy-2.4.6-py3", "numpy-2.4.5-py3")
    project.lock.write_text(text, encoding="utf-8")
    result = cli("lock", "check")
    assert result.status == 1
    assert "EG104 [artifact-mismatch]" in result.out


def test_a_project_without_a_lock_is_undecided(cli: Cli, project: Project) -> None:
    project.lock.unlink()
    result = cli("lock", "check")
    assert result.status == 3
    assert "EG901 [missing-lock]" in result.out


def test_a_manifest_of_one_tool_alone_says_which_lock_is_missing(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    (folder / "inside").mkdir(parents=True)
    (folder / "Pipfile").write_text("[packages]\n")
    result = cli("lock", "check", str(folder / "inside"))
    assert result.status == 3
    assert "EG901 [missing-lock] there is no Pipfile.lock, so nobody can say" in " ".join(result.out.split())
    assert "\n  hint: pipenv lock\n" in result.out
    result = cli("lock", "list", str(folder))
    assert (result.status, result.out) == (2, "")
    assert result.err.endswith(": there is no Pipfile.lock in the project\n\nhint: pipenv lock\n")
    (folder / "envguard.toml").write_text('lock = "locks/poetry.lock"\n')
    assert "\n  hint: poetry lock\n" in cli("lock", "check", str(folder)).out


@pytest.mark.parametrize(
    ("tables", "lock", "command"),
    [
        ("[tool.poetry]\npackage-mode = false\n", "poetry.lock", "poetry lock"),
        ('[build-system]\nbuild-backend = "poetry.core.masonry.api"\n', "poetry.lock", "poetry lock"),
        ("[tool.pdm]\ndistribution = false\n", "pdm.lock", "pdm lock"),
        ("[tool.pixi.workspace]\nchannels = []\nplatforms = []\n", "pixi.lock", "pixi lock"),
        ("[tool.poetry]\n[tool.uv]\npackage = false\n", "uv.lock", "uv lock"),
        ('[build-system]\nbuild-backend = "hatchling.build"\n', "uv.lock", "uv lock"),
    ],
)
def test_the_tool_that_a_manifest_is_written_for_says_which_lock_is_missing(
    cli: Cli, tmp_path: Path, tables: str, lock: str, command: str
) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(f'[project]\nname = "app"\nversion = "1"\n\n{tables}')
    result = cli("lock", "check", str(folder))
    assert result.status == 3
    assert f"EG901 [missing-lock] there is no {lock}, so nobody can say" in " ".join(result.out.split())
    assert f"\n  hint: {command}\n" in result.out
    result = cli("lock", "list", str(folder))
    assert result.err.endswith(f": there is no {lock} in the project\n\nhint: {command}\n")


def test_the_lock_that_was_recorded_is_the_one_that_is_missing(cli: Cli, recorded: Project) -> None:
    record = recorded.folder / "envguard.lock"
    record.write_text(record.read_text(encoding="utf-8").replace('"path": "uv.lock"', '"path": "poetry.lock"'))
    recorded.lock.unlink()
    for command in (("lock", "check"), ("check",)):
        result = cli(*command)
        assert result.status == 3
        assert "EG901 [missing-lock] there is no poetry.lock, so nobody can say" in " ".join(result.out.split())
        assert "\n  hint: poetry lock\n" in result.out
    # What is wrong with the record is no reason to call the lock nothing.
    record.write_text("{")
    assert "EG901 [missing-lock] there is no uv.lock" in cli("lock", "check").out


def test_files_are_hints_and_each_project_is_checked_once(
    cli: Cli, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(project.folder, tmp_path / "other", symlinks=True)
    text = project.manifest.read_text(encoding="utf-8").replace("numpy>=2", "numpy>=2.1")
    (tmp_path / "other" / "pyproject.toml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    files = ("app/uv.lock", "app/pyproject.toml", "other/uv.lock", "other/deleted.toml", "app/src/deleted.py")
    result = cli("lock", "check", *files)
    assert result.status == 1
    assert result.out.count("lock         ") == 2
    assert "lock         app/uv.lock\n\nclean: nothing differs\n\nlock         other/uv.lock\n" in result.out
    assert "\nother/pyproject.toml:5: EG101 [stale-lock] " in result.out


@pytest.mark.usefixtures("project")
def test_one_unreadable_project_does_not_hide_another(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "uv.lock").write_text("version = \n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    result = cli("lock", "check", "broken/uv.lock", "app/uv.lock")
    assert result.status == 2
    assert result.err.startswith("error: broken/uv.lock:1: is not valid TOML")
    assert "clean: nothing differs\n" in result.out


def test_annotations_of_a_stale_lock(cli: Cli, project: Project) -> None:
    text = project.manifest.read_text(encoding="utf-8").replace("numpy>=2", "numpy>=2.1")
    project.manifest.write_text(text, encoding="utf-8")
    result = cli("lock", "check", "--format", "github")
    assert result.status == 1
    assert result.out.startswith(
        "::error title=envguard::drift: 1 error\n::error file=pyproject.toml,line=5,title=EG101 "
    )


@pytest.mark.usefixtures("project")
def test_what_the_lock_selects_is_listed(cli: Cli) -> None:
    result = cli("lock", "list")
    assert (result.status, result.err) == (0, "")
    assert result.out == "numpy==2.4.6\npytest==9.2.0\n"


@pytest.mark.usefixtures("project")
def test_extras_and_groups_change_what_is_listed(cli: Cli) -> None:
    assert cli("lock", "list", "--extra", "plot").out == "matplotlib==3.10.1\nnumpy==2.4.6\npytest==9.2.0\n"
    assert cli("lock", "list", "--no-default-groups").out == "numpy==2.4.6\n"
    assert cli("lock", "list", "--no-default-groups", "--group", "dev").out == "numpy==2.4.6\npytest==9.2.0\n"
    assert cli("lock", "list", "--extra", "nope").status == 2


@pytest.mark.usefixtures("project")
def test_the_list_as_json_names_sources_and_hashes(cli: Cli) -> None:
    document = json.loads(cli("lock", "list", "--format", "json", "--no-default-groups").out)
    assert document["schema"] == {"name": "envguard.lock-list", "version": 1}
    assert document["packages"] == [
        {
            "name": "numpy",
            "version": "2.4.6",
            "source": {
                "kind": "registry",
                "location": "https://index.example/simple",
                "commit": None,
                "subdirectory": None,
            },
            "files": [{"filename": "numpy-2.4.6-py3-none-any.whl", "hash": f"sha256:{'1' * 64}", "size": 100}],
        }
    ]


def test_another_environment_can_be_named(cli: Cli, project: Project) -> None:
    text = project.lock.read_text(encoding="utf-8").replace(
        'dependencies = [\n    { name = "numpy" },\n]\n\n[package.optional',
        'dependencies = [\n    { name = "numpy", marker = "sys_platform == \'win32\'" },\n]\n\n[package.optional',
    )
    project.lock.write_text(text, encoding="utf-8")
    assert cli("lock", "list", "--platform", "linux").out == "pytest==9.2.0\n"
    assert cli("lock", "list", "--platform", "windows").out == "numpy==2.4.6\npytest==9.2.0\n"
    refused = cli("lock", "list", "--python-version", "3.9")
    assert refused.status == 2
    assert "3.9" in refused.err
    assert cli("lock", "list", "--platform", "amiga").status == 2


@pytest.mark.usefixtures("project")
def test_the_lock_itself_can_be_named(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli("lock", "list", "app/uv.lock").out == "numpy==2.4.6\npytest==9.2.0\n"
    assert cli("lock", "list", "app").out == "numpy==2.4.6\npytest==9.2.0\n"
    missing = cli("lock", "list", "nowhere/uv.lock")
    assert missing.status == 2
    assert missing.err.startswith("error: nowhere/uv.lock: cannot be read: no such file or directory")


def test_several_named_locks_are_each_checked_and_must_agree(cli: Cli, project: Project) -> None:
    settings = project.manifest.read_text(encoding="utf-8")
    (project.folder / "old").mkdir()
    (project.folder / "old" / "uv.lock").write_text(
        project.lock.read_text(encoding="utf-8").replace("2.4.6", "2.4.5"), encoding="utf-8"
    )
    shutil.copy(project.manifest, project.folder / "old" / "pyproject.toml")
    table = '[tool.envguard]\nlock = ["uv.lock", "old/uv.lock", "gone/uv.lock"]\n'
    project.manifest.write_text(
        settings.replace("[tool.envguard]\n", table) if "[tool.envguard]" in settings else settings + table,
        encoding="utf-8",
    )
    result = cli("lock", "check")
    assert result.status == 1
    assert "EG108 [lock-disagreement] uv.lock locks numpy 2.4.6, old/uv.lock locks 2.4.5" in result.out
    assert (
        "EG901 [missing-lock] there is no gone/uv.lock, so nobody can say which packages should be here" in result.out
    )


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Make answers of young files be kept, and count the commands."""
    monkeypatch.setattr("envguard.trace.LOCAL_SLACK_NS", 0)
    monkeypatch.setattr("envguard.trace.FOREIGN_SLACK_NS", 0)
    return Runs(monkeypatch)


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("question", [("lock", "check"), ("lock", "check", "uv.lock"), ("lock", "list")], ids=" ".join)
def test_the_same_question_is_answered_once(cli: Cli, runs: Runs, question: tuple[str, ...]) -> None:
    first = cli(*question)
    assert (first.status, first.err) == (0, "")
    assert cli(*question) == first
    assert runs.count == 1
    # Another question, and one that asks for a fresh look, are not answered by it.
    assert cli(*question[:2], "pyproject.toml" if question[1] == "check" else ".").status == 0
    assert runs.count == 2


@pytest.mark.parametrize("question", [("lock", "check"), ("lock", "list")], ids=" ".join)
@pytest.mark.parametrize("change", ["lock", "manifest", "settings", "moved", "environment"])
def test_no_answer_outlives_a_change(
    cli: Cli, runs: Runs, project: Project, question: tuple[str, ...], change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli(*question)
    cli(*question)
    assert runs.count == 1
    text = project.lock.read_text(encoding="utf-8")
    again = 2
    match change:
        case "lock":
            project.lock.write_text(text.replace("sha256:1", "sha1:1", 1), encoding="utf-8")
        case "manifest":
            project.manifest.write_text(f"{project.manifest.read_text(encoding='utf-8')}\n", encoding="utf-8")
        case "settings":
            (project.folder / "envguard.toml").write_text("[broken", encoding="utf-8")
        case "moved":
            project.lock.unlink()
        case _:
            monkeypatch.setenv("VIRTUAL_ENV", str(project.folder / ".venv"))
            # Which environment is active is none of the static check's business.
            again = 1 if question[1] == "check" else 2
    result = cli(*question)
    assert runs.count == again
    if change in ("settings", "moved"):
        assert result.status != 0
    if change == "lock" and question[1] == "check":
        assert "EG105 [weak-hash]" in result.out


def test_what_was_found_is_found_again_until_it_is_mended(cli: Cli, runs: Runs, project: Project) -> None:
    text = project.manifest.read_text(encoding="utf-8")
    project.manifest.write_text(text.replace("numpy>=2", "numpy>=2.1"), encoding="utf-8")
    first = cli("lock", "check")
    assert first.status == 1
    assert cli("lock", "check") == first
    assert runs.count == 1
    project.manifest.write_text(text, encoding="utf-8")
    assert cli("lock", "check").status == 0
    assert runs.count == 2


def test_what_could_not_be_asked_is_asked_again(cli: Cli, runs: Runs, project: Project) -> None:
    project.lock.write_text("[[package", encoding="utf-8")
    assert cli("lock", "check").status == 2
    assert cli("lock", "check").status == 2
    assert runs.count == 2


@pytest.mark.usefixtures("project")
def test_a_fresh_look_can_be_asked_for(cli: Cli, runs: Runs) -> None:
    first = cli("lock", "check", "--no-cache")
    assert cli("lock", "check", "--no-cache") == first
    assert runs.count == 2


@pytest.mark.usefixtures("project")
def test_of_several_projects_all_are_inputs_of_the_answer(
    cli: Cli, runs: Runs, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(project.folder, tmp_path / "other", symlinks=True)
    monkeypatch.chdir(tmp_path)
    first = cli("lock", "check", "app/uv.lock", "other/uv.lock")
    assert first.out.count("clean: nothing differs") == 2
    assert cli("lock", "check", "app/uv.lock", "other/uv.lock") == first
    assert runs.count == 1
    (tmp_path / "other" / "uv.lock").unlink()
    assert cli("lock", "check", "app/uv.lock", "other/uv.lock").status == 3
    assert runs.count == 2


def test_a_file_that_nobody_ever_had_is_no_hint(cli: Cli, project: Project) -> None:
    """A path with a typo was taken for a deleted file: the project around it was judged, and the answer was clean."""

    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=Ada", "-c", "user.email=ada@host.example")
        subprocess.run(["git", *identity, *arguments], cwd=project.folder, check=True)

    git("init", "--quiet")
    for typo in ("uv.lokc", "services/uv.lock"):
        result = cli("lock", "check", typo)
        assert (result.status, result.out) == (2, "")
        assert result.err.startswith(
            f"error: {typo}: is not there, and git knows no such file, so it belongs to no project\n"
        )
    (project.folder / "staged.in").touch()
    (project.folder / "old").mkdir()
    (project.folder / "old" / "committed.in").touch()
    git("add", "old/committed.in", "uv.lock")
    git("commit", "--quiet", "--message", "first")
    git("add", "staged.in")
    git("rm", "--quiet", "-r", "old")
    (project.folder / "staged.in").unlink()
    assert cli("lock", "check", "staged.in", "old/committed.in").status == 0
    assert cli("lock", "check", "uv.lokc").status == 2
