"""``%envguard`` in a real IPython, as a notebook runs its cells."""

from __future__ import annotations

import json

import pytest

from tests.guarded import Project, drift

# What a kernel does with the cells of "run all": the first that fails is the last.
CELLS = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance(colors="nocolor", history_length=0)
for cell in json.load(sys.stdin):
    result = shell.run_cell(cell)
    if not result.success:
        error = result.error_before_exec or result.error_in_exec
        print("stopped by", type(error).__name__)
        break
"""


@pytest.fixture
def project(project: Project) -> Project:
    (project.folder / "cells.py").write_text(CELLS)
    return project


def cells(project: Project, *lines: str) -> str:
    done = project.python("cells.py", stdin=json.dumps(["%load_ext envguard", *lines]), IPYTHONDIR=str(project.folder))
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return done.stderr + done.stdout


pytestmark = pytest.mark.integrations


def test_the_magic_is_enforce_and_gives_the_run(project: Project) -> None:
    output = cells(
        project,
        "run = %envguard --seed 42 --level run-to-run",
        "print(run.receipt.verdict, run.seed, run.level)",
        "import random; print(random.random())",
        "import envguard; envguard.enforce(42); print(random.random())",
    )
    said, first, second = output.splitlines()
    assert said == "clean 42 run-to-run"
    assert first == second


def test_a_refusal_is_one_message_and_stops_the_cells_after_it(project: Project) -> None:
    drift(project)
    output = cells(project, "%envguard", "print('trained')")
    assert "EG303 [cpu-mismatch] cpu.vendor is " in output
    assert output.splitlines()[-2:] == ["drift at host-to-host: 1 error", "stopped by UsageError"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%envguard --seed -1", "UsageError: a seed is at least 0 and below 2**256, not -1"),
        ("%envguard --level somewhere", "UsageError: there is no level 'somewhere'"),
        ("%envguard --fast", "UsageError: unrecognized arguments: --fast"),
    ],
)
def test_a_mistake_is_one_message(project: Project, line: str, said: str) -> None:
    output = cells(project, line, "print('trained')").splitlines()
    assert output[0] == said
    assert output[-1] == "stopped by UsageError"


def test_unloading_takes_it_away(project: Project) -> None:
    assert "UsageError: Line magic function `%envguard` not found." in cells(
        project, "%unload_ext envguard", "%envguard"
    )
