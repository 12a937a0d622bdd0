"""The command that starts this very run as it has to be started: what every refusal of something too late ends with."""

from __future__ import annotations

import sys

from .. import launch
from ..errors import RanksError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


# What starts a rank is asked to start this command instead.
_STARTERS = {
    "Slurm": "srun",
    "Flux": "flux run",
    "jsrun": "jsrun",
    "Open MPI": "mpirun",
    "MVAPICH2": "mpirun",
    "PMI": "mpirun",
}


def right_command(variables: Mapping[str, str | None], *, seed: int | None, level: str | None) -> str:
    """Return ``NAME=value envguard run --seed S --level L -- python train.py ...`` for the running command.

    *variables* are to be set to those values, None: not at all. Of a rank it is the command that starts all of them, as far as a rank
    knows it: ``envguard run -- torchrun ... train.py``, ``srun ... envguard run -- python train.py``.
    """
    import shlex

    running = list(map(shlex.quote, _running()))
    starter = _starter()
    words = [f"{name}={shlex.quote(value)}" for name, value in variables.items() if value is not None]
    unset = [f"-u {name}" for name, value in variables.items() if value is None]
    if unset:
        words = ["env", *unset, *words]
    if in_notebook():
        return (
            f"start Jupyter with this: {' '.join(words)} jupyter lab"
            if words
            else "restart the kernel, and call enforce() first"
        )
    if starter == launch.TORCHRUN:
        # It hands its ranks the variables that it was started with; what stands before the script is the interpreter's.
        running = [launch.TORCHRUN, "...", *map(shlex.quote, sys.argv)]
    elif starter is not None:
        words = [starter, "...", *(("env", *words) if words and not unset else words)]
    words += ["envguard", "run"]
    words += ["--seed", str(seed)] if seed is not None else []
    words += ["--level", level] if level else []
    return " ".join([*words, "--", *running])


def _starter() -> str | None:
    """Return what starts the ranks that this process is one of; None where it is none, or nobody knows."""
    try:
        job = launch.find()
    except RanksError:
        return None
    if job is None:
        return None
    if job.launcher == launch.GROUP:
        return launch.TORCHRUN if launch.by_torchrun() else None
    return launch.TORCHRUN if job.launcher == launch.TORCHRUN else _STARTERS.get(job.launcher)


def in_notebook() -> bool:
    """Return whether this is a kernel of Jupyter, which its own server starts."""
    return "ipykernel" in sys.modules


def _running() -> Iterable[str]:
    return getattr(sys, "orig_argv", None) or ["python", "..."]
