"""The process that runs: its command line, its variables, the libraries that it has loaded. No secret is kept.

On the path of every clean check: imports nothing heavy.
"""

from __future__ import annotations

import os
import sys

from ..redact import REDACTED, looks_secret, redact_arguments, redact_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

# What a receipt names whatever was observed: which environment this is, and which part of which job. Variables that numeric
# libraries read are those of the table of facts. Nothing else is kept, since any of it may be a secret.
_NAMES = (
    "CONDA_DEFAULT_ENV",
    "CONDA_PREFIX",
    "CUBLAS_WORKSPACE_CONFIG",
    "CUDA_VISIBLE_DEVICES",
    "ENVGUARD",
    "ENVGUARD_CACHE_DIR",
    "ENVGUARD_RUNS",
    "GROUP_RANK",
    "LANG",
    "LC_ALL",
    "LOCAL_RANK",
    "LOCAL_WORLD_SIZE",
    "MASTER_ADDR",
    "MASTER_PORT",
    "MKL_NUM_THREADS",
    "OMPI_COMM_WORLD_RANK",
    "OMPI_COMM_WORLD_SIZE",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "PMIX_RANK",
    "PMI_RANK",
    "PMI_SIZE",
    "PYTHONHASHSEED",
    "PYTHONNOUSERSITE",
    "PYTHONOPTIMIZE",
    "PYTHONPATH",
    "PYTHONSAFEPATH",
    "PYTHONUTF8",
    "RANK",
    "SLURM_JOB_ID",
    "SLURM_LOCALID",
    "SLURM_NNODES",
    "SLURM_NODEID",
    "SLURM_NTASKS",
    "SLURM_PROCID",
    "SLURM_RESTART_COUNT",
    "SLURM_STEP_ID",
    "SLURM_STEP_NUM_TASKS",
    "TORCHELASTIC_RESTART_COUNT",
    "TORCHELASTIC_RUN_ID",
    "TZ",
    "VIRTUAL_ENV",
    "WORLD_SIZE",
)
_LIBRARIES = (
    "accelerate",
    "cupy",
    "cv2",
    "datasets",
    "deepspeed",
    "flax",
    "jax",
    "jaxlib",
    "keras",
    "lightgbm",
    "lightning",
    "numba",
    "numpy",
    "pandas",
    "polars",
    "pytorch_lightning",
    "scipy",
    "sklearn",
    "tensorflow",
    "torch",
    "torchaudio",
    "torchvision",
    "transformers",
    "triton",
    "xgboost",
)


def process(names: Iterable[str] = ()) -> dict[str, Any]:
    """Return the command line, the folder and the allow-listed variables of this process; *names* are allowed as well."""
    try:
        folder: str | None = os.getcwd()
    except OSError:
        folder = None
    return {
        "argv": redact_arguments(sys.argv),
        "command": redact_arguments(sys.orig_argv),
        "python": sys.executable,
        "folder": folder,
        "pid": os.getpid(),
        "environment": environment(names),
    }


def environment(names: Iterable[str] = ()) -> dict[str, str]:
    """Return the allow-listed variables that are set; *names* are allowed as well. What looks like a secret is replaced."""
    found = {}
    for name in sorted({*_NAMES, *names}):
        value = os.environ.get(name)
        if value is not None:
            found[name] = REDACTED if looks_secret(name, value) else redact_text(value)
    return found


def is_worker() -> bool:
    """Return whether ``multiprocessing`` has started this process: as it spawns workers, it runs the script again in each."""
    module = sys.modules.get("multiprocessing.process")
    if module is None:
        return False
    # While a worker that is spawned runs the script, it does not know its parent yet, only that it is about to inherit.
    return module.parent_process() is not None or getattr(module.current_process(), "_inheriting", False)


def loaded() -> frozenset[str]:
    """Return which of the numeric libraries are loaded."""
    return frozenset(name for name in _LIBRARIES if name in sys.modules)


def libraries(before: frozenset[str]) -> dict[str, dict[str, str]]:
    """Return the numeric libraries that are loaded: which version each says it is, and whether it was loaded *before*."""
    found = {}
    for name in sorted(loaded()):
        # Not getattr(): some modules import half of themselves when they are asked for something.
        version = vars(sys.modules[name]).get("__version__")
        found[name] = {
            "version": version if isinstance(version, str) else "unknown",
            "loaded": "before enforce()" if name in before else "later",
        }
    return found


def hostname() -> str:
    """Return the name of this host; empty where the system does not tell."""
    return os.uname().nodename if hasattr(os, "uname") else ""


def uncaught() -> str | None:
    """Return the class of the exception that ends this process, as far as the interpreter has shown one."""
    shown = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    return type(shown).__name__ if shown is not None and not hasattr(sys, "ps1") else None
