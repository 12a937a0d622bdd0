"""The training scripts of the examples, where ``make demo`` does not bring them: into an environment with torch."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
LOCK = """\
version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "{name}"
version = "0.1.0"
source = { virtual = "." }
"""


class Project:
    """A copy of an example, whose environment is the one that the tests run in."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder / name
        shutil.copytree(EXAMPLES / name, self.folder)
        manifest = self.folder / "pyproject.toml"
        lines = manifest.read_text(encoding="utf-8").splitlines(keepends=True)
        manifest.write_text("".join(line for line in lines if not line.startswith("dependencies")), encoding="utf-8")
        # torch comes from wherever this environment has it: to the lock it is one package more.
        (self.folder / "uv.lock").write_text(LOCK.replace("{name}", name), encoding="utf-8")

    def run(self, *arguments: str, status: int = 0, **environ: str) -> str:
        command = [sys.executable, *arguments]
        # The examples say python, as people do.
        path = os.pathsep.join((os.path.dirname(sys.executable), os.environ["PATH"]))
        environment = {**os.environ, "PATH": path, **environ}
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr


def digests(output: str) -> list[str]:
    """Return the lines about the epochs: torch warns of more workers than processors."""
    return [line for line in output.splitlines() if line.startswith("epoch ")]


@pytest.mark.torch
@pytest.mark.slow
def test_two_guarded_runs_with_torch_give_the_same_weights(folder: Path) -> None:
    project = Project(folder, "small-project")
    assert "EG902 [missing-baseline]" in project.run("train_torch.py", status=1)
    project.run("-m", "envguard", "init", "--python", sys.prefix)
    first, second = project.run("train_torch.py"), project.run("train_torch.py")
    assert first == second
    assert first.startswith("verdict clean seed 42\nweights ")
    script = project.folder / "train_torch.py"
    script.write_text(script.read_text(encoding="utf-8").replace("seed=42", "seed=43"), encoding="utf-8")
    assert project.run("train_torch.py").splitlines()[1] != first.splitlines()[1]


@pytest.mark.torch
@pytest.mark.slow
@pytest.mark.parametrize("model", ["conv", "transformer"])
def test_a_guarded_training_gives_the_same_bits_and_an_unguarded_one_does_not(folder: Path, model: str) -> None:
    project = Project(folder, "torch-training")
    project.run("-m", "envguard", "init", "--python", sys.prefix)

    def guarded(*options: str, seed: int = 42) -> list[str]:
        start = ("-m", "envguard", "run", "--seed", str(seed), "--", sys.executable)
        return digests(project.run(*start, "train_nets.py", model, *options))

    first = guarded()
    assert [line.split(":")[0] for line in first] == ["epoch 0", "epoch 1"]
    assert guarded() == first
    assert guarded("--workers", "0") == first
    assert guarded("--workers", "3") == first
    assert guarded(seed=43) != first
    # The same seeds for every library, as most scripts set them.
    unguarded = [digests(project.run("train_nets.py", model, "--unguarded")) for _ in range(2)]
    assert unguarded[0] != unguarded[1]


@pytest.mark.torch
@pytest.mark.slow
def test_of_two_ranks_that_differ_none_trains(folder: Path) -> None:
    project = Project(folder, "ranks-that-differ")
    project.run("-m", "envguard", "init", "--python", sys.prefix, OMP_NUM_THREADS="1")
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    trained = [project.run(*torchrun, "train_ranks.py", OMP_NUM_THREADS="1") for _ in range(2)]
    # What Gloo writes may stand on the same line.
    weights = [sorted(re.findall(r"rank \d of 2: weights [0-9a-f]{16}", output)) for output in trained]
    assert [line[:12] for line in weights[0]] == ["rank 0 of 2:", "rank 1 of 2:"]
    assert len({line.split()[-1] for line in weights[0]}) == 1
    assert weights[0] == weights[1]
    output = project.run(*torchrun, "--no-python", "sh", "node.sh", status=1, OMP_NUM_THREADS="1")
    assert "weights" not in output
    told = " ".join(output.split())
    host = os.uname().nodename
    # As the text beside the examples shows it.
    assert "EG310 [thread-mismatch] threads.openmp is 2, recorded was 1" in told
    assert f"rank 1 ({host}) of 2 would not go on for this reason" in told
    assert f"EG803 [rank-refused] rank 1 ({host}) would not go on: EG3" in told
    kept = sorted((project.folder / ".envguard/runs").glob("*.json"))
    refused = [json.loads(path.read_text()) for path in kept[2:]]
    assert {(item["verdict"], (item["rank"] or {}).get("rank")) for item in refused} == {("refused", 0), ("refused", 1)}
