"""Several ranks of one host, as real processes: one walks, and nobody takes a word that an own walk could not have said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

import pytest

from envguard.trees import ranks
from envguard.trees.probe import identify

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
# Each walk leaves a line; it takes as long as PAUSE says, so that the others have to wait for it.
RANK = """
import os, sys, time
from envguard.trees import probe
real = probe.walk
def walk(identity, **more):
    with open(os.environ["COUNTER"], "a") as file:
        file.write(os.environ.get("LOCAL_RANK", "-") + "\\n")
    time.sleep(float(os.environ.get("PAUSE", "0")))
    return real(identity, **more)
probe.walk = walk
for _ in range(int(os.environ.get("TIMES", "1"))):
    print(probe.tell(probe.identify(sys.argv[1], ()))[0], flush=True)
sys.stdin.readline()
"""
LAUNCHERS = {
    "torchrun": {
        "LOCAL_WORLD_SIZE": "4",
        "LOCAL_RANK": "{rank}",
        "TORCHELASTIC_RUN_ID": "none",
        "TORCHELASTIC_RESTART_COUNT": "0",
        "MASTER_ADDR": "localhost",
        "MASTER_PORT": "29500",
    },
    "slurm": {
        "SLURM_STEP_TASKS_PER_NODE": "1,4(x2)",
        "SLURM_LOCALID": "{rank}",
        "SLURM_JOB_ID": "17",
        "SLURM_STEP_ID": "0",
    },
    "mpirun_rsh": {
        "MV2_COMM_WORLD_LOCAL_SIZE": "4",
        "MV2_COMM_WORLD_LOCAL_RANK": "{rank}",
    },
    "flux": {
        "FLUX_JOB_SIZE": "8",
        "FLUX_JOB_NNODES": "2",
        "FLUX_TASK_LOCAL_ID": "{rank}",
        "FLUX_JOB_ID": "42",
    },
    "jsrun": {
        "JSM_NAMESPACE_LOCAL_SIZE": "4",
        "JSM_NAMESPACE_LOCAL_RANK": "{rank}",
        "LSB_JOBID": "17",
    },
    "mpirun": {
        "OMPI_COMM_WORLD_LOCAL_SIZE": "4",
        "OMPI_COMM_WORLD_LOCAL_RANK": "{rank}",
        "PMIX_NAMESPACE": "prterun-node-17@1",
    },
}


class Job:
    """Starts ranks; each lives until ``end``, as a training run outlives the check at its beginning."""

    def __init__(self, folder: Path, launcher: str = "torchrun") -> None:
        self.launcher = launcher
        self.tree = folder / "data"
        self.tree.mkdir()
        for name in "abc":
            (self.tree / name).write_text(name)
        self.counter = folder / "walks"
        self.counter.touch()
        self.running: list[subprocess.Popen[str]] = []

    def start(self, rank: int, **environ: str) -> subprocess.Popen[str]:
        own = {name: value.format(rank=rank) for name, value in LAUNCHERS[self.launcher].items()}
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "COUNTER": str(self.counter), **own, **environ}
        process = subprocess.Popen(
            [sys.executable, "-c", RANK, str(self.tree)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.running.append(process)
        return process

    @staticmethod
    def said(process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        return process.stdout.readline().strip()

    @staticmethod
    def end(process: subprocess.Popen[str]) -> None:
        process.communicate("\n")

    def walks(self) -> list[str]:
        return self.counter.read_text().split()

    def wait_for_walk(self) -> None:
        limit = time.monotonic() + 30
        while not self.walks():
            assert time.monotonic() < limit
            time.sleep(0.01)


@pytest.fixture
def job(folder: Path) -> Iterator[Job]:
    made = Job(folder)
    yield made
    for process in made.running:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_of_four_ranks_one_walks_and_all_say_the_same(job: Job, launcher: str) -> None:
    job.launcher = launcher
    said = {job.said(process) for process in [job.start(rank, PAUSE="1") for rank in range(4)]}
    assert len(job.walks()) == 1
    (text,) = said
    assert text.endswith(":3:3:content")


def test_a_rank_that_the_launcher_starts_later_takes_the_word_of_its_sibling(job: Job) -> None:
    text = job.said(job.start(0))
    time.sleep(0.5)
    assert job.said(job.start(1)) == text
    assert job.walks() == ["0"]


def test_a_killed_rank_lets_the_next_one_walk(job: Job) -> None:
    first = job.start(0, PAUSE="60")
    job.wait_for_walk()
    others = [job.start(rank) for rank in (1, 2, 3)]
    time.sleep(0.3)
    first.send_signal(signal.SIGKILL)
    said = {job.said(process) for process in others}
    assert len(said) == 1
    assert len(job.walks()) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"MASTER_PORT": "29501"},
        {"TORCHELASTIC_RUN_ID": "other"},
        {"TORCHELASTIC_RESTART_COUNT": "1"},
        {"SLURM_JOB_ID": "18"},
    ],
    ids=["port", "run", "restart", "slurm"],
)
def test_a_rank_of_another_job_walks_itself(job: Job, other: dict[str, str]) -> None:
    job.said(job.start(0))
    job.said(job.start(1, **other))
    assert job.walks() == ["0", "1"]


def test_the_next_job_of_the_same_launcher_walks_itself(job: Job) -> None:
    first = job.start(0)
    before = job.said(first)
    job.end(first)
    (job.tree / "a").write_text("changed between two jobs")
    after = job.said(job.start(1))
    assert after != before
    assert job.walks() == ["0", "1"]


def test_the_same_rank_started_again_walks_itself(job: Job) -> None:
    job.said(job.start(0))
    job.said(job.start(0))
    assert job.walks() == ["0", "0"]


def test_a_rank_behind_a_script_of_its_own_trusts_only_what_is_younger_than_itself(job: Job) -> None:
    job.said(job.start(0))
    own = {name: value.format(rank=1) for name, value in LAUNCHERS["torchrun"].items()}
    done = subprocess.run(
        ["sh", "-c", '"$@"; true', "sh", sys.executable, "-c", RANK, str(job.tree)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "COUNTER": str(job.counter), **own},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    assert done.stdout
    assert job.walks() == ["0", "1"]


def test_who_asks_twice_gets_no_word_older_than_the_first_answer(job: Job) -> None:
    process = job.start(0, TIMES="2")
    assert job.said(process) == job.said(process)
    assert job.walks() == ["0", "0"]


def test_what_a_rank_walked_the_second_time_is_word_for_the_others(job: Job) -> None:
    first = job.start(0, TIMES="2")
    job.said(first), job.said(first)
    job.said(job.start(1))
    assert job.walks() == ["0", "0"]


def test_without_several_ranks_everybody_walks(job: Job) -> None:
    for rank in range(2):
        job.said(job.start(rank, LOCAL_WORLD_SIZE="1"))
    assert job.walks() == ["0", "1"]


@pytest.mark.parametrize("cache", ["/dev/null", "/proc/none"])
def test_without_a_folder_for_the_lock_everybody_walks(job: Job, cache: str) -> None:
    said = [job.said(job.start(rank, ENVGUARD_CACHE_DIR=cache)) for rank in range(2)]
    assert said[0] == said[1]
    assert job.walks() == ["0", "1"]


@pytest.mark.parametrize("damage", [b"", b"0" * 8, b"\xff" * 100, b"00000000 1 2 3"])
def test_a_damaged_word_is_none(job: Job, damage: bytes) -> None:
    job.said(job.start(0))
    (path,) = (Path(os.environ["ENVGUARD_CACHE_DIR"]) / "ranks").iterdir()
    path.write_bytes(damage)
    job.said(job.start(1))
    assert job.walks() == ["0", "1"]


def test_a_word_with_a_right_checksum_and_no_sense_is_none(job: Job) -> None:
    job.said(job.start(0))
    (path,) = (Path(os.environ["ENVGUARD_CACHE_DIR"]) / "ranks").iterdir()
    for rest in (b"", b"a b c d e f", b"9" * 30, "1 2 3 4 5 \u00e9".encode()):
        path.write_bytes(f"{crc32(rest):08x} ".encode() + rest)
        job.said(job.start(1))
    assert len(job.walks()) == 5


def test_problems_are_found_by_each_rank_itself(job: Job) -> None:
    (job.tree / "gone").symlink_to("nowhere")
    said = {job.said(process) for process in [job.start(rank) for rank in range(2)]}
    assert said == {""}
    assert sorted(job.walks()) == ["0", "1"]


def test_who_is_alone_on_its_host_asks_nobody_and_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Path(os.environ["ENVGUARD_CACHE_DIR"]) / "ranks"
    words = iter("ab")
    for size in ("1", ""):
        monkeypatch.setenv("LOCAL_WORLD_SIZE", size)
        said = next(words)
        assert ranks.shared(identify(str(folder), ()), lambda said=said: said) == said  # type: ignore[misc]
    assert not home.exists()


def test_what_earlier_days_left_is_taken_away(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    home = Path(os.environ["ENVGUARD_CACHE_DIR"]) / "ranks"
    home.mkdir(parents=True)
    old, young = home / "old", home / "young"
    old.touch()
    young.touch()
    os.utime(old, (0, 0))
    assert ranks.shared(identify(str(folder), ()), lambda: "root:0:0:content") == "root:0:0:content"
    assert not old.exists()
    assert young.exists()
    assert len(list(home.iterdir())) == 2


def test_a_folder_that_is_not_there_is_for_the_walk_to_say(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    assert ranks.shared(identify(str(folder / "none"), ()), lambda: "said") == "said"
