"""Which job this process is a rank of, as its launcher, torch.distributed or MPI says it: the one place that is asked for it.

The agreement between ranks, the receipt, samplers, data loaders and checkpoints all take it from here: two answers to this question
would have ranks that agree, and draw the same samples all the same. It lies on the path of every ``enforce()``: it looks at variables
and at modules that are loaded, and imports nothing.
"""

from __future__ import annotations

import os
import sys

from .errors import RanksError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

ENV = ("RANK", "WORLD_SIZE", "LOCAL_RANK")
# Launcher, and its variables for the rank, for how many there are, and for the rank on this host; the innermost first:
# a launcher of MPI may itself have been started by Slurm. torchrun: PyTorch, "torchrun (Elastic Launch)". Open MPI:
# "Environment variables set by mpirun". Slurm: srun(1), "OUTPUT ENVIRONMENT VARIABLES"; SLURM_NTASKS is not among them, since a batch
# script sees it too, beside SLURM_PROCID=0, and is one process. PMI: MPICH's Hydra and Intel MPI.
LAUNCHERS = (
    ("Open MPI", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"),
    ("MVAPICH2", "MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_LOCAL_RANK"),
    ("PMI", "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID"),
    ("Slurm", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID"),
    ("Flux", "FLUX_TASK_RANK", "FLUX_JOB_SIZE", "FLUX_TASK_LOCAL_ID"),
    ("jsrun", "JSM_NAMESPACE_RANK", "JSM_NAMESPACE_SIZE", "JSM_NAMESPACE_LOCAL_RANK"),
)
# What each launcher calls the number of its ranks on this host. Flux and Slurm tell it another way, below.
LOCAL_SIZES = (
    "LOCAL_WORLD_SIZE",
    "OMPI_COMM_WORLD_LOCAL_SIZE",
    "MV2_COMM_WORLD_LOCAL_SIZE",
    "MPI_LOCALNRANKS",
    "JSM_NAMESPACE_LOCAL_SIZE",
)
# What tells one start of a job from every other that a host has seen.
JOB_NAMES = ("SLURM_JOB_ID", "SLURM_STEP_ID", "PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid", "PMI_JOBID", "FLUX_JOB_ID")
TORCHRUN = "torchrun"
ENVIRONMENT = "RANK and WORLD_SIZE"
GROUP = "torch.distributed"
MPI = "MPI"
AGREED = "gather"
# Slurm numbers the steps of batch scripts and interactive shells from the top of 32 bits; those of srun from 0.
_FIRST_SPECIAL_STEP = 0xFFFF_FFF0


class Job:
    """A job of *size* ranks, of which this process is *rank*; *launcher* says who says so.

    A plain class: a dataclass would cost every start of a training script a millisecond.
    """

    __slots__ = ("launcher", "rank", "size")

    def __init__(self, *, launcher: str, rank: int, size: int) -> None:
        self.launcher = launcher
        self.rank = rank
        self.size = size


def find(environ: Mapping[str, str] | None = None, modules: Mapping[str, Any] | None = None) -> Job | None:
    """Return the job of several ranks that this process belongs to; None where it is alone.

    RanksError names the variables where they contradict one another.
    """
    environ = os.environ if environ is None else environ
    modules = sys.modules if modules is None else modules
    job = _group(modules) or _variables(environ) or _mpi(modules)
    return job if job is not None and job.size > 1 else None


class Place:
    """Where in its job a run is, whenever it is asked: a group may be initialised long after ``enforce()``.

    *agreed* is the job whose ranks have agreed, which is the only one to know where a function gathers; *apart* says that no
    others were asked (``ranks = "off"``), so that what a launcher has started may as well be runs of their own.
    """

    __slots__ = ("_agreed", "apart")

    def __init__(self, agreed: Job | None = None, *, apart: bool = False) -> None:
        self._agreed = agreed
        self.apart = apart

    def job(self) -> Job | None:
        """Return the job; None where this process is alone. RanksError where what says who is a rank contradicts itself."""
        # A group that somebody has initialised with one process in it is what that process computes in.
        return _group(sys.modules, of_one=True) or find() or self._agreed

    def rank_and_size(self) -> tuple[int, int]:
        """Return the rank of this process and how many there are; (0, 1) where it is alone. The errors are those of ``job``."""
        return _numbers(self.job())

    def share(self) -> tuple[int, int]:
        """Return rank and size for who parts the samples of one job among its ranks; RanksError, too, where it may be none."""
        job = self.job()
        if self.apart and job is not None and job.launcher not in (GROUP, TORCHRUN, ENVIRONMENT, AGREED):
            raise RanksError(
                f"{job.launcher} says that this is rank {job.rank} of {job.size}, and enforce() has not asked the others: whether these "
                "processes share the samples of one job, or each is a run of its own that takes all of them, nobody has said",
                hint=f"name them: num_replicas={job.size}, rank={job.rank} for one job, num_replicas=1, rank=0 for a run of its own",
            )
        return _numbers(job)


def _numbers(job: Job | None) -> tuple[int, int]:
    return (0, 1) if job is None else (job.rank, job.size)


def by_torchrun(environ: Mapping[str, str] | None = None) -> bool:
    """Return whether torchrun has started this process: PyTorch, "torchrun (Elastic Launch)"."""
    return "TORCHELASTIC_RUN_ID" in (os.environ if environ is None else environ)


def several_here(environ: Mapping[str, str] | None = None) -> bool:
    """Return whether the launcher of this process says that several of its ranks are on this host."""
    environ = os.environ if environ is None else environ
    counts = [environ.get(name, "") for name in (*LOCAL_SIZES, "SLURM_NTASKS_PER_NODE")]
    # Slurm writes the tasks of each node as "4(x2),3" and does not say which of them this node is: any will do.
    counts += [part.partition("(")[0] for part in environ.get("SLURM_STEP_TASKS_PER_NODE", "").split(",")]
    if any(count.isdecimal() and int(count) > 1 for count in counts):
        return True
    # flux-environment(7): more tasks than nodes are several on some node, and any will do here, too.
    tasks, nodes = environ.get("FLUX_JOB_SIZE", ""), environ.get("FLUX_JOB_NNODES", "")
    return tasks.isdecimal() and nodes.isdecimal() and int(tasks) > int(nodes)


def local_rank(environ: Mapping[str, str] | None = None) -> str:
    """Return which of the ranks on this host this process is, as its launcher writes it; empty where none says so."""
    environ = os.environ if environ is None else environ
    return next((environ[name] for name in (ENV[2], *(names[3] for names in LAUNCHERS)) if environ.get(name)), "")


def world(modules: Mapping[str, Any]) -> Any:
    """Return the world communicator of MPI where mpi4py is loaded and has it up; else None."""
    mpi = modules.get("mpi4py.MPI")
    if mpi is None or not mpi.Is_initialized() or mpi.Is_finalized():
        return None
    return mpi.COMM_WORLD


def _group(modules: Mapping[str, Any], *, of_one: bool = False) -> Job | None:
    distributed: Any = modules.get("torch.distributed")
    # While torch is being imported its modules are there and have no names yet.
    ready = getattr(distributed, "is_initialized", None)
    if ready is None or not distributed.is_available() or not ready():
        return None
    size = distributed.get_world_size()
    # A group of one says nothing about how many processes there are.
    return Job(launcher=GROUP, rank=distributed.get_rank(), size=size) if size > 1 or of_one else None


def _mpi(modules: Mapping[str, Any]) -> Job | None:
    comm = world(modules)
    return None if comm is None else Job(launcher=MPI, rank=comm.Get_rank(), size=comm.Get_size())


def _variables(environ: Mapping[str, str]) -> Job | None:
    launched = next((job for names in LAUNCHERS if (job := _launched(environ, *names)) is not None), None)
    torchrun = by_torchrun(environ)
    told = _pair(environ, TORCHRUN if torchrun else ENVIRONMENT, *ENV)
    if told is None:
        return launched
    local, count = _number(environ, "LOCAL_RANK"), _number(environ, "LOCAL_WORLD_SIZE")
    if local is not None and count is not None and local >= count:
        raise _contradiction(environ, "LOCAL_RANK", "LOCAL_WORLD_SIZE")
    if count is not None and count > told.size:
        raise _contradiction(environ, "LOCAL_WORLD_SIZE", "WORLD_SIZE")
    # Whoever starts several ranks for each task of a launcher says more ranks than it, and other numbers. Fewer ranks than
    # there are tasks, or as many in another order, are left over from another job.
    if launched is not None and not torchrun:
        names = next(names for names in LAUNCHERS if names[0] == launched.launcher)
        if told.size < launched.size:
            raise _contradiction(environ, "WORLD_SIZE", names[2])
        if told.size == launched.size and told.rank != launched.rank:
            raise _contradiction(environ, "RANK", names[1])
    return told


def _launched(environ: Mapping[str, str], launcher: str, rank: str, size: str, local: str) -> Job | None:
    if launcher == "Slurm" and _is_special(environ.get("SLURM_STEP_ID", "")):
        return None
    # One without the other is set by launchers that have another way to say it.
    return _pair(environ, launcher, rank, size, local) if environ.get(rank) and environ.get(size) else None


def _is_special(step: str) -> bool:
    return step.isdecimal() and len(step) < 20 and int(step) >= _FIRST_SPECIAL_STEP


def _pair(environ: Mapping[str, str], launcher: str, rank: str, size: str, local: str) -> Job | None:
    mine, count = _number(environ, rank), _number(environ, size)
    _number(environ, local)
    if mine is None and count is None:
        return None
    if mine is None or count is None:
        # WORLD_SIZE=1 or RANK=0 alone, as some systems set them, make nobody wait for anybody.
        if (count or 1) > 1 or (mine or 0) > 0:
            raise _contradiction(environ, rank, size)
        return None
    if mine >= count:
        raise _contradiction(environ, rank, size)
    return Job(launcher=launcher, rank=mine, size=count)


def _number(environ: Mapping[str, str], name: str) -> int | None:
    text = environ.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise RanksError(
            f"{name} is '{text}': expected a whole number, as launchers of several ranks set it",
            hint=f"unset {name}, or start the ranks with torchrun, srun or mpirun",
        )
    return int(text)


def _contradiction(environ: Mapping[str, str], *names: str) -> RanksError:
    told = " and ".join(f"{name} is {environ[name]}" if environ.get(name) else f"{name} is not set" for name in names)
    return RanksError(
        f"the variables of the launcher contradict one another: {told}",
        hint=f"unset {' '.join(names)} where they are left over from another job, or start the ranks with torchrun, srun or mpirun",
    )
