"""``envguard machine show``."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from envguard.facts import table

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli, Project


def test_every_fact_is_shown_or_named_as_absent(cli: Cli, project: Project) -> None:
    result = cli("machine", "show")
    assert (result.status, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0] == f"environment  {project.folder}/.venv (.venv of the project)"
    assert "intel: none of gpus" in lines
    words = result.out.split()
    for key in table().exact:
        if not key.startswith("variable.") and key != "interpreter.version.minor":
            assert key in words or f"{key.partition('.')[2]}" in result.out, key


def test_what_is_shown_is_what_is_recorded(cli: Cli, recorded: Project) -> None:
    shown = json.loads(cli("machine", "show", "--format", "json").out)
    assert shown["schema"] == {"name": "envguard.machine", "version": 1}
    assert shown["environment"] == {"prefix": f"{recorded.folder}/.venv", "chosen-by": ".venv of the project"}
    assert shown["disagreements"] == []
    machine = json.loads(recorded.baseline.read_bytes())["machines"]["default"]
    kept = {**machine["facts"], **machine["audit"]}
    assert {key: item.get("value", f"unknown: {item.get('unknown')}") for key, item in shown["facts"].items()} == kept
    assert {key for key, item in shown["facts"].items() if item["class"] == "audit"} == set(machine["audit"])


def test_no_project_is_needed(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = cli("machine", "show")
    assert (result.status, result.err) == (0, "")
    assert "(the running interpreter)" in result.out


def test_nothing_heavy_is_imported_for_it(project: Project) -> None:
    program = "import sys; from envguard.cli import main; code = main(); print(*sorted(sys.modules), file=sys.stderr); sys.exit(code)"
    command = [sys.executable, "-c", program, "machine", "show"]
    done = subprocess.run(command, cwd=project.folder, capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert "envguard.machine" in loaded
    # What a look at the machine needs none of: libraries with their numbers, the command line's parser, locks, rules, git.
    heavy = {
        "asyncio",
        "click",
        "ctypes",
        "multiprocessing",
        "numpy",
        "packaging",
        "pynvml",
        "socket",
        "torch",
        "threading",
    }
    assert not heavy & loaded
    ours = ("canaries", "check", "determinism", "files", "lockfiles", "observe", "ranks", "repository", "rules")
    assert not [name for name in loaded if name.startswith(tuple(f"envguard.{part}" for part in ours))]


def test_a_variable_and_a_conflict_are_shown(cli: Cli, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MKL_CBWR", "AVX2")
    for place in ("first", "second"):
        (project.folder / place / "torch").mkdir(parents=True)
        (project.folder / place / "torch/__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", f"{project.folder}/first:{project.folder}/second")
    out = cli("machine", "show").out
    # This process was started without it.
    assert "variable.MKL_CBWR" in out
    assert f"torch: torch is on the path twice: {project.folder}/first/torch comes before" in out


def test_an_environment_that_is_not_there_is_an_error(cli: Cli) -> None:
    result = cli("machine", "show", "--python", "nowhere")
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("error: 'nowhere' is neither an interpreter nor the folder of an environment")
