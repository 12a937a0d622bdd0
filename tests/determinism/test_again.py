"""enforce(reexec="auto"): the script starts again, once, in the same process, where that is safe; else it says why not."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.determinism.processes import ROOT, VARIABLES, python
from tests.guarded import LOCK, MANIFEST

if TYPE_CHECKING:
    from pathlib import Path

TRAIN = """\
import os, sys
with open("starts", "a") as file:
    file.write(f"{os.getpid()}\\n")
BEFORE
import envguard
run = envguard.enforce(seed=42, data=False, reexec="auto")
print(os.environ["PYTHONHASHSEED"], run.receipt.switches["PYTHONHASHSEED"]["evidence"], sys.argv[1:], sys.flags.optimize)
"""
AGAIN = "0 a known text has the hash of this seed ['--epochs', '3 4'] 1\n"


@pytest.fixture
def folder(folder: Path) -> Path:
    """A project that was recorded."""
    (folder / "uv.lock").write_text(LOCK)
    (folder / "pyproject.toml").write_text(MANIFEST)
    code = "import sys; from envguard.cli import main; sys.exit(main(['record', '--python', sys.executable]))"
    done = python("-c", code, folder=folder)
    assert done.returncode == 0, done.stderr
    return folder


def train(folder: Path, before: str = "", *, code: str = TRAIN) -> None:
    (folder / "train.py").write_text(code.replace("BEFORE", before))


def starts(folder: Path) -> list[str]:
    return (folder / "starts").read_text().split()


def test_a_script_starts_again_once_in_the_same_process_with_all_its_arguments(folder: Path) -> None:
    train(folder)
    for way in (("train.py",), ("-m", "train")):
        (folder / "starts").unlink(missing_ok=True)
        done = python("-O", "-W", "error", *way, "--epochs", "3 4", folder=folder)
        assert (done.returncode, done.stdout, done.stderr) == (0, AGAIN, ""), way
        first, second = starts(folder)
        assert first == second


def test_code_on_the_command_line_starts_again_too(folder: Path) -> None:
    done = python("-O", "-c", TRAIN.replace("BEFORE", ""), "--epochs", "3 4", folder=folder)
    assert (done.stdout, done.stderr) == (AGAIN, "")
    assert len(starts(folder)) == 2


def test_what_needs_no_other_start_is_not_started_again(folder: Path) -> None:
    train(folder)
    done = python("train.py", folder=folder, PYTHONHASHSEED="17")
    assert (done.returncode, done.stdout.split()[0]) == (0, "17"), done.stderr
    assert len(starts(folder)) == 1


def test_a_late_variable_is_in_time_the_second_time(folder: Path) -> None:
    train(folder, "import numpy\nos.environ['OPENBLAS_NUM_THREADS'] = '1'")
    done = python("train.py", folder=folder, PYTHONHASHSEED="0", OPENBLAS_NUM_THREADS="2")
    assert len(starts(folder)) == 2, done.stderr


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ("import threading\nthreading.Thread(target=sys.stdin.read, daemon=True).start()", "it has threads"),
        ("sys.settrace(lambda *_: None)", "a debugger or a measurement of coverage is at work"),
        ("sys.setprofile(lambda *_: None)", "a profiler is at work"),
        ("import types\nsys.modules['ipykernel'] = types.ModuleType('ipykernel')", "this is a notebook, whose kernel the server starts"),
        ("os.chdir('/')", "the working folder is another one than at the start"),
        ("sys.modules['_pytest'] = os", "this is a test of pytest"),
        ("sys.ps1 = '>'", "this is an interactive session"),
        ("os.environ['ENVGUARD_STARTED_AGAIN'] = str(os.getpid())", "it was started again once already, and that did not help"),
    ],
)  # fmt: skip
def test_where_it_is_not_safe_it_says_why_and_the_command(folder: Path, before: str, reason: str) -> None:
    train(folder, before, code=TRAIN.replace("data=False", f"data=False, project={str(folder)!r}"))
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    with subprocess.Popen(
        [sys.executable, "train.py"], cwd=folder, env={**environment, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin and process.stdout and process.stderr  # noqa: PT018
        errors = process.stderr.read()
    assert process.returncode == 1
    lines = errors.splitlines()
    assert (
        lines[0]
        == f"the script should be started again with another PYTHONHASHSEED, and it cannot do so itself: {reason}"
    )
    assert lines[1] == "why: this is read only when a process starts"
    if "notebook" in reason:
        assert lines[2] == "hint: start Jupyter with this: PYTHONHASHSEED=0 jupyter lab"
    else:
        assert lines[2] == f"hint: PYTHONHASHSEED=0 envguard run --seed 42 -- {sys.executable} train.py"
    assert len(starts(folder)) == 1


def test_a_child_of_multiprocessing_and_a_script_from_standard_input_are_not_started_again(folder: Path) -> None:
    train(folder, code="""\
import envguard, multiprocessing, sys
def work():
    envguard.enforce(reexec="auto", data=False)
if __name__ == "__main__":
    child = multiprocessing.get_context("spawn").Process(target=work)
    child.start()
    child.join()
    sys.exit(10 + child.exitcode)
""")  # fmt: skip
    done = python("train.py", folder=folder)
    assert done.returncode == 11
    assert "this is a child of multiprocessing, which its parent talks to" in done.stderr
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    with (folder / "train.py").open() as script:
        code = script.read().replace('__name__ == "__main__"', "False") + "work()\n"
    done = subprocess.run(
        [sys.executable], cwd=folder, env={**environment, "PYTHONPATH": str(ROOT)}, input=code,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "the script came by standard input, and is read already" in done.stderr


def test_without_being_asked_nothing_is_started_again(folder: Path) -> None:
    train(folder, code=TRAIN.replace(', reexec="auto"', "").replace('os.environ["PYTHONHASHSEED"]', "0"))
    done = python("train.py", folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(starts(folder)) == 1
