"""Processes of their own for what can happen once in a process: starting, loading a library, being too late."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VARIABLES = (
    "ATEN_CPU_CAPABILITY", "CUBLAS_WORKSPACE_CONFIG", "MKL_CBWR", "MKL_NUM_THREADS", "NPY_DISABLE_CPU_FEATURES", "OMP_NUM_THREADS",
    "ONEDNN_MAX_CPU_ISA", "OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "PYTHONHASHSEED",
)  # fmt: skip


def python(*arguments: str, folder: Path | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run this interpreter with *arguments*, none of the watched variables but those in *environ*."""
    base = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    environment = {**base, "PYTHONPATH": str(ROOT), **environ}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def told(code: str, **environ: str) -> str:
    """Return what *code* prints in a process of its own; it must end well and say nothing else."""
    done = python("-c", code, folder=None, **environ)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout.rstrip("\n")
