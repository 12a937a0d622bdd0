"""All of enforce() under what a launcher starts: the real torchrun, the real srun where Slurm is, and one that stands in for srun and for mpirun."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.guarded import MANIFEST, ROOT, Project
from tests.ranks.slurm import available, cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.torch, pytest.mark.slow]

STANDIN = str(Path(__file__).with_name("standin.py"))
SIZE = 3
# Each walk of a tree leaves a line. Nothing initialises a group.
SCRIPT = """
import json, os, sys
from envguard.trees import probe
real = probe.walk
def walk(identity, **more):
    with open("walks", "a") as file:
        file.write(".")
    return real(identity, **more)
probe.walk = walk
import envguard
seed = 43 if os.environ.get("TWIST") and os.environ.get(os.environ["TWIST"]) == "1" else 42
run = envguard.enforce(seed, ranks_timeout=300)
sampler = run.distributed_sampler(range(30))
run.set_epoch(0)
state = run.state_dict()
told = {
    "order": list(sampler),
    "loader": run.dataloader_kwargs("train")["worker_init_fn"].rank,
    "state": [state["rank"], state["world_size"]],
    "receipt": run.receipt.to_dict()["rank"],
    "path": run.receipt.path,
    "ranks": run.receipt.to_dict()["ranks"],
}
with open(f"rank-{state['rank']}.json", "w") as file:
    json.dump(told, file)
"""
LAUNCHERS = {
    "torchrun": (
        [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={SIZE}"],
        "torchrun",
        "RANK",
    ),
    "srun": ([sys.executable, STANDIN, "srun", str(SIZE), sys.executable], "Slurm", "SLURM_PROCID"),
    "mpirun": ([sys.executable, STANDIN, "mpirun", str(SIZE), sys.executable], "Open MPI", "OMPI_COMM_WORLD_RANK"),
    "Slurm": (["srun", f"--ntasks={SIZE}", "--overcommit", sys.executable], "Slurm", "SLURM_PROCID"),
}


@pytest.fixture
def project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = Project(folder)
    (folder / "pyproject.toml").write_text(MANIFEST + 'code = "off"\n')
    (folder / "data").mkdir()
    (folder / "data" / "file").write_text("cat")
    (folder / "train.py").write_text(SCRIPT)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.setenv("RES_OPTIONS", "timeout:1 attempts:1")
    made.record()
    done = made.python("-m", "envguard", "data", "add", "data")
    assert done.returncode == 0, done.stderr
    return made


def launch(project: Project, launcher: str, **environ: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **environ}
    return subprocess.run(
        [*LAUNCHERS[launcher][0], "train.py"],
        cwd=project.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not available():
        pytest.skip("Slurm is not installed: apt-get install slurmctld slurmd slurm-client")
    with cluster(tmp_path_factory.mktemp("slurm")) as conf:
        yield conf


@pytest.fixture
def _cluster(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.node.callspec.params["launcher"] == "Slurm":
        monkeypatch.setenv("SLURM_CONF", request.getfixturevalue("slurm"))


@pytest.mark.usefixtures("_cluster")
@pytest.mark.parametrize(
    "launcher", [pytest.param(name, marks=pytest.mark.cluster if name == "Slurm" else ()) for name in LAUNCHERS]
)
def test_all_of_enforce_under_a_launcher(project: Project, launcher: str) -> None:
    _, name, variable = LAUNCHERS[launcher]
    done = launch(project, launcher)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = [
        json.loads((project.folder / f"rank-{rank}.json").read_text()) for rank in range(SIZE)
    ]
    # One rank of the host walks; the others wait, and take its word.
    assert (project.folder / "walks").read_text() == "."
    assert sorted(index for item in found for index in item["order"]) == list(range(30))
    for rank, item in enumerate(found):
        assert (item["loader"], item["state"]) == (rank, [rank, SIZE])
        assert item["receipt"] == {"launcher": name, "rank": rank, "size": SIZE}
        assert (item["ranks"]["agreed"], item["ranks"]["launcher"]) == (True, name)
    assert [item["path"] is not None for item in found] == [True, False, False]
    done = launch(project, launcher, TWIST=variable)
    assert done.returncode == 1
    assert f"seed.root is 43 on rank 1 ({os.uname().nodename}), and 42 on the others" in " ".join(done.stderr.split())
    kept = [json.loads(path.read_text()) for path in sorted((project.folder / ".envguard/runs").glob("*.json"))]
    assert [(item["verdict"], item["rank"]["rank"]) for item in kept] == [("clean", 0), ("refused", 0)]
    assert kept[1]["ranks"]["groups"] == {"seed.root": [{"ranks": "0,2", "value": "42"}, {"ranks": "1", "value": "43"}]}


@pytest.mark.cluster
def test_srun_sends_its_signals_to_the_training_and_gets_its_exit_status(
    project: Project, slurm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``envguard run`` becomes the training, so that nothing stands between it and Slurm."""
    monkeypatch.setenv("SLURM_CONF", slurm)
    code = """
import os, signal, sys, time
import envguard
envguard.enforce(ranks_timeout=300)
signal.signal(signal.SIGUSR1, lambda *_: sys.exit(9))
open("ready-" + os.environ["SLURM_PROCID"], "w").close()
time.sleep(600)
"""
    (project.folder / "train.py").write_text(code)
    command = ["srun", "--ntasks=2", "--overcommit", "--job-name=signalled", sys.executable, "-m", "envguard", "run"]
    process = subprocess.Popen(
        [*command, "--seed", "5", "--", sys.executable, "train.py"],
        cwd=project.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + 300
    while time.monotonic() < end and not all((project.folder / f"ready-{rank}").exists() for rank in range(2)):
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.1)
    subprocess.run(["scancel", "--signal=USR1", "--name=signalled"], check=True)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 9, errors
