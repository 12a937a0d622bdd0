"""Every snippet of docs/integrations.md runs as it stands, with the real libraries, and leaves a clean receipt of a run that ended."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.guarded import Project

pytestmark = [pytest.mark.integrations, pytest.mark.slow]

PAGE = (Path(__file__).resolve().parents[2] / "docs/integrations.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))
SCRIPTS = ("Lightning", "transformers", "accelerate", "MLflow", "Weights & Biases", "ClearML, and any other tracker")


def blocks(section: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", SECTIONS[section], re.DOTALL | re.MULTILINE)


def latest(project: Project) -> dict[str, Any]:
    path = max((project.folder / ".envguard/runs").glob("*.json"))
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_no_section_is_left_out() -> None:
    assert set(SECTIONS) == {*SCRIPTS, "pytest", "Notebooks"}


@pytest.mark.parametrize("section", SCRIPTS)
def test_a_script_runs_as_it_stands(project: Project, section: str) -> None:
    (code,) = blocks(section, "python")
    (project.folder / "snippet.py").write_text(code)
    # The only store that mlflow-skinny has, and no network.
    mlflow = {"MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_TRACKING_URI": "file:mlruns"}
    done = project.python("snippet.py", **mlflow, WANDB_MODE="offline", WANDB_SILENT="true")
    assert done.returncode == 0, done.stderr
    receipt = latest(project)
    assert (receipt["verdict"], receipt["seed"], receipt["end"]["how"]) == ("clean", "42", "finish()")
    kinds = [event["kind"] for event in receipt["events"]]
    if section in ("Lightning", "transformers", "accelerate"):
        assert kinds[0] == "seal"
        assert "verify" in kinds
        assert not any(event.get("changes") for event in receipt["events"])


def test_the_tests_of_the_page_pass_under_the_guard(project: Project) -> None:
    (code,) = blocks("pytest", "python")
    (project.folder / "test_page.py").write_text(code)
    (commands,) = blocks("pytest", "console")
    for line in commands.splitlines()[:2]:
        words = line.partition("#")[0].split()
        done = project.python("-m", *words, "-p", "no:cacheprovider")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "envguard: clean at host-to-host, again with --envguard-seed " in done.stdout
    assert latest(project)["seed"] == "42"


def test_the_cells_of_the_page_run_in_ipython(project: Project) -> None:
    (cells,) = blocks("Notebooks", "text")
    code = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        f"for cell in {cells.splitlines()!r}:\n"
        "    shell.run_cell(cell).raise_error()\n"
        "print(shell.user_ns['run'].seed)\n"
    )
    done = project.python("-c", code)
    assert (done.returncode, done.stdout) == (0, "42\n"), done.stderr
