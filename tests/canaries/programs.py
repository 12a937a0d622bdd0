"""Running the canaries in processes of their own, as a training script would meet them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# What decides which code computes; a developer's shell may hold some of them.
DECIDING = (
    "ATEN_CPU_CAPABILITY",
    "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS",
    "MKL_NUM_THREADS",
    "NPY_DISABLE_CPU_FEATURES",
    "OMP_NUM_THREADS",
    "ONEDNN_MAX_CPU_ISA",
    "DNNL_MAX_CPU_ISA",
    "OPENBLAS_CORETYPE",
    "OPENBLAS_NUM_THREADS",
)


def python(code: str, **environ: str) -> str:
    """Return what the program *code* writes; it has the package on its path and none of the deciding variables but *environ*."""
    own = {name: value for name, value in os.environ.items() if name not in DECIDING}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**own, "PYTHONPATH": str(ROOT), **environ},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def said(libraries: str, **environ: str) -> dict[str, Any]:
    """Return what the canaries of *libraries* (``numpy, torch``) say in a process of their own, as plain JSON values."""
    code = f"import {libraries}\nfrom envguard.canaries.live import live\nprint(live().text())"
    document: dict[str, Any] = json.loads(python(code, **environ))
    return document


def changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """Return the ``library family`` pairs of which a digest is another one."""
    assert before["digests"].keys() == after["digests"].keys()
    keys = [key for key, value in before["digests"].items() if after["digests"][key] != value]
    return {f"{key.split('.')[0]} {key.split('.')[2]}" for key in keys}
