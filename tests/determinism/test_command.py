"""The command at the end of a refusal starts what was started: of a rank that is the whole job."""

from __future__ import annotations

import sys

import pytest

from envguard.determinism.command import right_command
from tests.test_launch import HYDRA, MPIRUN, SRUN, TORCHRUN

SET = {"OMP_NUM_THREADS": "3"}
PLAIN = "envguard run --seed 7 -- python -u train.py --name 'my run'"


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(sys, "orig_argv", ["python", "-u", "train.py", "--name", "my run"])
    monkeypatch.setattr(sys, "argv", ["train.py", "--name", "my run"])
    for name in (*TORCHRUN, *SRUN, *MPIRUN, *HYDRA):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, f"OMP_NUM_THREADS=3 {PLAIN}"),
        (TORCHRUN, "OMP_NUM_THREADS=3 envguard run --seed 7 -- torchrun ... train.py --name 'my run'"),
        (SRUN, f"srun ... env OMP_NUM_THREADS=3 {PLAIN}"),
        (MPIRUN, f"mpirun ... env OMP_NUM_THREADS=3 {PLAIN}"),
        ({"FLUX_TASK_RANK": "1", "FLUX_JOB_SIZE": "4"}, f"flux run ... env OMP_NUM_THREADS=3 {PLAIN}"),
        ({"RANK": "1", "WORLD_SIZE": "4"}, f"OMP_NUM_THREADS=3 {PLAIN}"),
        ({"RANK": "many", "WORLD_SIZE": "4"}, f"OMP_NUM_THREADS=3 {PLAIN}"),
    ],
    ids=["alone", "torchrun", "srun", "mpirun", "flux", "by hand", "nonsense"],
)
def test_a_rank_is_told_how_to_start_the_job(
    running: pytest.MonkeyPatch, environ: dict[str, str], expected: str
) -> None:
    for name, value in environ.items():
        running.setenv(name, value)
    assert right_command(SET, seed=7, level=None) == expected


def test_what_has_to_go_and_nothing_to_set(running: pytest.MonkeyPatch) -> None:
    for name, value in SRUN.items():
        running.setenv(name, value)
    assert right_command({"X": None, **SET}, seed=7, level=None) == f"srun ... env -u X OMP_NUM_THREADS=3 {PLAIN}"
    assert right_command({}, seed=7, level=None) == f"srun ... {PLAIN}"
