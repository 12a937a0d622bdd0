"""envguard run with the real torchrun: around it, and in each of its ranks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guarded import LOCK, MANIFEST

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
SHOW = """\
import os, sys
told = [os.environ[n] for n in ("RANK", "PYTHONHASHSEED", "CUBLAS_WORKSPACE_CONFIG", "ENVGUARD_SEED")]
told.append(str(hash("abc")))
# One write a rank, so that the lines of two ranks do not mix.
os.write(1, (" ".join(told) + "\\n").encode())
sys.exit(int(os.environ["RANK"]) * int(os.environ.get("FAIL", "0")))
"""

pytestmark = pytest.mark.torch


def run(folder: Path, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **environ}
    environment.pop("PYTHONHASHSEED", None)
    environment.pop("CUBLAS_WORKSPACE_CONFIG", None)
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def ranks(done: subprocess.CompletedProcess[str]) -> list[list[str]]:
    assert done.returncode == 0, done.stderr
    return sorted(line.split() for line in done.stdout.splitlines())


ENVGUARD = (sys.executable, "-m", "envguard", "run", "--no-check", "--seed", "42", "--")
TORCHRUN = (str(BIN / "torchrun"), "--standalone", "--nproc-per-node", "2")


def test_around_torchrun_and_in_each_rank_every_rank_starts_alike(folder: Path) -> None:
    pytest.importorskip("torch")
    (folder / "train.py").write_text(SHOW)
    around = ranks(run(folder, *ENVGUARD, *TORCHRUN, "train.py"))
    inside = ranks(run(folder, *TORCHRUN, "--no-python", *ENVGUARD, sys.executable, "train.py"))
    assert around == inside
    first, second = around
    assert first[:4] == ["0", "0", ":4096:8", "42"]
    assert second[:4] == ["1", "0", ":4096:8", "42"]
    assert first[4] == second[4], "sets of text have one order in all ranks"


def test_a_rank_that_fails_ends_the_job_as_it_would_without_envguard(folder: Path) -> None:
    pytest.importorskip("torch")
    (folder / "train.py").write_text(SHOW)
    plain = run(folder, *TORCHRUN, "--no-python", *ENVGUARD, sys.executable, "train.py", FAIL="9")
    assert plain.returncode == 1
    assert "exitcode  : 9" in plain.stderr


AGAIN = """\
import os, envguard
os.write(1, f"start {os.environ['RANK']} {os.getpid()}\\n".encode())
run = envguard.enforce(seed=42, reexec="auto", level="cross-hardware", data=False)
os.write(1, f"run {os.environ['RANK']} {os.environ['PYTHONHASHSEED']} {hash('abc')}\\n".encode())
"""


def test_each_rank_of_torchrun_starts_itself_again_once_and_all_go_on_as_one(folder: Path) -> None:
    pytest.importorskip("torch")
    (folder / "uv.lock").write_text(LOCK)
    (folder / "pyproject.toml").write_text(MANIFEST)
    recorded = run(folder, sys.executable, "-m", "envguard", "record", "--python", sys.executable)
    assert recorded.returncode == 0, recorded.stderr
    (folder / "train.py").write_text(AGAIN)
    lines = ranks(run(folder, *TORCHRUN, "train.py"))
    runs = [line[1:] for line in lines if line[0] == "run"]
    starts = [line[1:] for line in lines if line[0] == "start"]
    assert [line[:2] for line in runs] == [["0", "0"], ["1", "0"]]
    assert runs[0][2] == runs[1][2]
    assert len(starts) == 4
    assert len({tuple(line) for line in starts}) == 2, "each in the same process"
