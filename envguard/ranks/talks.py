"""The talks of one ``enforce()``: open them over what there is, exchange digests, then details, and tell what came out."""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING, Any

from .. import launch
from ..errors import RanksError
from ..launch import AGREED, Job
from . import verdict
from .exchange import Gathered, MissingError, Star, UnaskedError, gathered
from .messages import details, encode, hello
from .model import Agreement
from .sections import digest
from .words import parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .mpi import MPIMailbox
    from .sections import Sections
    from .store import StoreMailbox

_MAX_HOST = 253
_MAX_TEXT = 2000
# How many talks this process has had: every rank counts alike.
_turns: list[int] = []


class Talks:
    """The talks that the ranks of *job* have; *how* says over what, *exchange* is one round of them."""

    def __init__(
        self, job: Job, exchange: Star | Gathered, how: str, mailbox: StoreMailbox | MPIMailbox | None
    ) -> None:
        self.job = job
        self.exchange = exchange
        self.how = how
        self._mailbox = mailbox

    def close(self) -> None:
        """End the talks, not before the others have heard what came out."""
        if self._mailbox is not None:
            try:
                self._mailbox.close()
            except RuntimeError:
                return

    def abandon(self) -> None:
        """Let this process end, once it does, without those ranks that were not heard."""
        leave = getattr(self._mailbox, "abandon", None)
        if leave is not None:
            leave()


def open_talks(job: Job, limit: float) -> Talks:
    """Return the talks of *job*, over a store of torch.distributed or over MPI.

    UnaskedError where there is nothing to talk over, MissingError where rank 0 is not there within *limit* seconds.
    """
    _turns.append(len(_turns))
    comm = launch.world(sys.modules)
    if comm is not None and job.launcher not in (launch.GROUP, launch.TORCHRUN) and comm.Get_size() == job.size:
        from .mpi import MPIMailbox

        over = MPIMailbox(sys.modules["mpi4py.MPI"], comm)
        job = Job(launcher=job.launcher, rank=comm.Get_rank(), size=job.size)
        return Talks(job, Star(over, rank=job.rank, size=job.size, limit=limit), "MPI", over)
    from .store import StoreMailbox, connect

    place = connect(job, limit)
    try:
        mailbox = StoreMailbox(place, rank=job.rank, size=job.size, turn=len(_turns))
    except RuntimeError as error:
        raise MissingError("0", 0.0, gone(error)) from error
    return Talks(job, Star(mailbox, rank=job.rank, size=job.size, limit=limit), place.how, mailbox)


def gather_talks(job: Job | None, gather: Callable[[bytes], Sequence[bytes]]) -> Talks | None:
    """Return the talks over the function *gather*; None where it says that this process is alone."""
    mark = os.urandom(16)
    whole = gathered(gather, mark)
    rank, size = whole.index(mark), len(whole)
    if len(set(whole)) != size or any(len(item) != len(mark) for item in whole):
        raise RanksError("the function that gathers gave what no rank has sent")
    if job is not None and (job.rank, job.size) != (rank, size):
        raise RanksError(
            f"the function that gathers says that this is rank {rank} of {size}, {job.launcher} says rank {job.rank} of {job.size}"
        )
    if size == 1:
        return None
    return Talks(Job(launcher=AGREED, rank=rank, size=size), Gathered(gather), "a function of the script", None)


def confer(
    talks: Talks, found: Sections, *, strict: bool, refusal: Mapping[str, Any] | None, root: int | None
) -> Agreement:
    """Return what all ranks together make of what each *found*, and of the *refusal* of those that would not go on.

    *strict* says whether this rank enforces, *root* is the seed that it drew, where none was given.
    """
    job = talks.job
    known: dict[str, Any] = {"rank": job.rank, "size": job.size, "launcher": job.launcher, "how": talks.how}
    first = {
        "rank": job.rank,
        "size": job.size,
        "host": socket.gethostname()[:_MAX_HOST],
        "strict": strict,
        "sections": {name: digest(values) for name, values in found.items()},
        "refusal": None if refusal is None else {**refusal, "text": str(refusal["text"])[:_MAX_TEXT]},
        "root": None if root is None else str(root),
    }
    try:
        made = talks.exchange(
            "digests",
            first,
            lambda came, waited: verdict.plan({rank: hello(item) for rank, item in came.items()}, job.size, waited),
        )
        if job.rank in parsed(made["missing"]):
            late = "the others had stopped waiting before this rank answered"
            return Agreement(**known, broken=late, missing=made["missing"], waited=made["waited"], strict=strict)
        last: dict[str, Any] = {"splits": [], "more": {}}
        if made["differ"] and not made["refusals"]:
            last = _details(talks, made, found)
    except MissingError as error:
        return Agreement(
            **known,
            missing=error.missing,
            waited=error.waited,
            broken=error.more or None,
            speaker=error.speaker,
            strict=strict,
        )
    except RanksError as error:
        return Agreement(**known, broken=error.message, hint=error.hint, speaker=0, strict=strict)
    except RuntimeError as error:
        # What torch raises, and MPI: its store is served by rank 0, or by an agent that started it.
        return Agreement(**known, missing="0", broken=gone(error), strict=strict)
    return Agreement(
        **known,
        digest=made["digest"],
        splits=verdict.splits_of(last),
        more=tuple(sorted(last["more"].items())),
        rest=tuple(sorted(made["rest"].items())),
        refusals=verdict.refusals_of(made),
        missing=made["missing"],
        waited=made["waited"],
        root=None if made["root"] is None else int(made["root"]),
        speaker=made["speaker"],
        strict=made["strict"],
    )


def _details(talks: Talks, made: dict[str, Any], found: Sections) -> dict[str, Any]:
    wanted = verdict.representatives(made)
    message: dict[str, Any] | None = None
    if talks.job.rank in wanted:
        message = {"details": {name: found.get(name, {}) for name in wanted[talks.job.rank]}}
        try:
            encode(message)
        except RanksError:
            message = {"details": {}}
    return talks.exchange(
        "details",
        message,
        lambda came, _: verdict.outcome(made, {rank: details(item) for rank, item in came.items()}),
        wanted,
    )


def gone(error: Exception) -> str:
    """Return what is said where torch or MPI raises in the middle of talks."""
    reason = str(error).strip().partition("\n")[0] or type(error).__name__
    return f"what the ranks talk over went away: {reason}"


__all__ = ["MissingError", "Talks", "UnaskedError", "confer", "gather_talks", "gone", "open_talks"]
