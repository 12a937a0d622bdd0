"""``envguard code show``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.repository.conftest import Repository, another

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli, Project


@pytest.fixture
def code(project: Project, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """The project in a repository of its own."""
    monkeypatch.chdir(project.folder)
    made = Repository(project.folder)
    made.git("init", "-q", "-b", "main")
    made.write(".gitignore", ".venv/\n")
    made.write("train.py", "1\n")
    made.git("add", "-A")
    made.commit()
    return made


def commit(repository: Repository) -> str:
    return repository.git("rev-parse", "HEAD").strip()


def test_what_is_committed(cli: Cli, code: Repository) -> None:
    code.git("remote", "add", "origin", "https://ada:secret@index.example/demo.git")
    result = cli("code", "show")
    assert (result.status, result.err) == (0, "")
    assert result.out == (
        f"repository  {code.folder}\n"
        f"commit      {commit(code)}\n"
        "branch      main\n"
        "remote      https://index.example/demo.git\n"
        "pushed      no\n"
        f"tree        {code.git('rev-parse', 'HEAD^{tree}').strip()}\n"
        "state       as committed\n"
    )


def test_what_differs_is_shown_whatever_the_settings_hide(cli: Cli, code: Repository, tmp_path: Path) -> None:
    source = another(tmp_path / "source")
    source.write("a.py", "1\n")
    source.commit()
    code.git("submodule", "--quiet", "add", str(source.folder), "vendor")
    code.commit()
    code.git("config", "status.showUntrackedFiles", "no")
    code.git("update-index", "--assume-unchanged", "train.py")
    code.write("train.py", "2\n", add=False)
    for number in range(10):
        code.write(f"new{number}.py", "1\n", add=False)
    (code.folder / "vendor/a.py").write_text("2\n")
    code.git("checkout", "-q", "--detach")
    code.write(".git/MERGE_HEAD", "x", add=False)
    lines = cli("code", "show").out.splitlines()
    inner = commit(Repository(code.folder / "vendor"))
    assert "branch      none: HEAD is detached" in lines
    assert "unfinished  merge" in lines
    assert lines[lines.index("state       differs from the commit") + 1 :] == [
        "  changed   train.py",
        "  untracked new0.py, new1.py, new2.py, new3.py, new4.py, new5.py, new6.py, new7.py and 2 more",
        "  hidden    train.py",
        f"submodule   vendor: at {inner}, recorded is {inner}, 1 change of its own",
    ]


def test_with_diff_what_a_patch_leaves_out_is_shown(cli: Cli, code: Repository) -> None:
    manifest = code.folder / "pyproject.toml"
    manifest.write_text(manifest.read_text() + '\n[tool.envguard]\ncode = "diff"\n')
    code.write(".env", "PASSWORD=letmein\n", add=False)
    lines = cli("code", "show").out.splitlines()
    assert lines[-2].startswith("patch       ")
    assert lines[-2].endswith(", without 1 change")
    assert lines[-1] == "  left out  .env: its name is one of files with secrets"


def test_as_json_it_is_what_a_receipt_says(cli: Cli, code: Repository) -> None:
    told = json.loads(cli("code", "show", "--format", "json").out)
    assert told["schema"] == {"name": "envguard.code", "version": 1}
    assert (told["root"], told["project"]) == (str(code.folder), ".")
    assert (told["commit"], told["clean"], told["policy"]) == (commit(code), True, "committed-imports")


def test_it_is_shown_where_checks_are_told_not_to_look(cli: Cli, code: Repository) -> None:
    manifest = code.folder / "pyproject.toml"
    manifest.write_text(manifest.read_text() + '\n[tool.envguard]\ncode = "off"\n')
    assert "  changed   pyproject.toml" in cli("code", "show").out.splitlines()


def test_without_a_repository_it_is_undecided(cli: Cli, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.folder)
    result = cli("code", "show")
    assert (result.status, result.err) == (3, "")
    assert result.out == (
        "unknown     the project is in no git repository\n"
        '  hint      git init; or, if the code is not to be looked at: code = "off" in the settings\n'
    )
