"""Whether this process has others to agree with. On the path of every ``enforce()``: it imports nothing."""

from __future__ import annotations

import os

from .. import launch
from ..errors import RanksError, RefusedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..launch import Job

# What a rank that agreed leaves for its children: they inherit its variables, and are no ranks.
MARK = "ENVGUARD_AGREED"
_WORDS = ("require", "off")
_START = ("MASTER_PORT", "TORCHELASTIC_RESTART_COUNT", "SLURM_STEP_ID")


class Party:
    """The others: the *job*, or the *fault* that keeps it from being told; *gather*, *policy* and *timeout* as they were given."""

    __slots__ = ("fault", "gather", "job", "policy", "timeout")

    def __init__(
        self,
        *,
        job: Job | None,
        fault: RanksError | None,
        gather: Callable[[bytes], Sequence[bytes]] | None,
        policy: str | None,
        timeout: float | None,
    ) -> None:
        self.job = job
        self.fault = fault
        self.gather = gather
        self.policy = policy
        self.timeout = timeout


def party(policy: str | None, timeout: float | None, gather: Callable[[bytes], Sequence[bytes]] | None) -> Party | None:
    """Return the others that this process has to agree with; None where it is alone, or they are not to be asked.

    RefusedError for an argument of ``enforce`` that means nothing.
    """
    if policy is not None and policy not in _WORDS:
        raise RefusedError(f"ranks is {policy!r}; it can be {', '.join(_WORDS)}")
    if timeout is not None and not _is_time(timeout):
        raise RefusedError(f"ranks_timeout is {timeout!r}; it is a number of seconds above 0")
    if policy == "off":
        return None
    try:
        job, fault = launch.find(), None
    except RanksError as error:
        job, fault = None, error
    if gather is None and fault is None and (job is None or _is_child(job)):
        return None
    return Party(job=job, fault=fault, gather=gather, policy=policy, timeout=timeout)


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and 0 < value < float("inf")


def leave_mark(job: Job) -> None:
    """Let the children of this process know that it has agreed as a rank of *job*."""
    os.environ[MARK] = f"{os.getpid()} {_mark(job)}"


def _is_child(job: Job) -> bool:
    """Return whether a process before this one, whose variables it has, agreed as this rank of *job*."""
    pid, _, agreed = os.environ.get(MARK, "").partition(" ")
    return pid != str(os.getpid()) and agreed == _mark(job)


def _mark(job: Job) -> str:
    start = " ".join(os.environ.get(name, "-") for name in _START)
    return f"{job.rank} {job.size} {start}"
