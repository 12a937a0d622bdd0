"""The training scripts of the examples, where ``make demo`` does not bring them: into an environment with torch."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[1] / "examples" / "small-project"
LOCK = """\
version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "small-project"
version = "0.1.0"
source = { virtual = "." }
"""


@pytest.mark.torch
@pytest.mark.slow
def test_two_guarded_runs_with_torch_give_the_same_weights(folder: Path) -> None:
    project = folder / "small-project"
    shutil.copytree(EXAMPLE, project)
    manifest = (project / "pyproject.toml").read_text(encoding="utf-8")
    kept = [line for line in manifest.splitlines(keepends=True) if not line.startswith("dependencies")]
    (project / "pyproject.toml").write_text("".join(kept), encoding="utf-8")
    # torch comes from wherever this environment has it: to the lock it is one package more.
    (project / "uv.lock").write_text(LOCK, encoding="utf-8")

    def run(*arguments: str, status: int = 0) -> str:
        done = subprocess.run([sys.executable, *arguments], cwd=project, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    assert "EG902 [missing-baseline]" in run("train_torch.py", status=1)
    run("-m", "envguard", "init", "--python", sys.prefix)
    first, second = run("train_torch.py"), run("train_torch.py")
    assert first == second
    assert first.startswith("verdict clean seed 42\nweights ")
    script = project / "train_torch.py"
    script.write_text(script.read_text(encoding="utf-8").replace("seed=42", "seed=43"), encoding="utf-8")
    assert run("train_torch.py").splitlines()[1] != first.splitlines()[1]
