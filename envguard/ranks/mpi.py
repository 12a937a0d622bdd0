"""Talks over MPI, where mpi4py is loaded: bytes from point to point, in buffers; nothing is pickled, and no collective is used."""

from __future__ import annotations

import atexit
import time
from typing import Any

# Any program may use COMM_WORLD; this number is ours. MPI promises that there are tags up to 32,767.
_TAG = 0x6567
_LINGER = 5.0
_HERE = b"here"


class MPIMailbox:
    """Messages over the communicator *comm* of *mpi*, the module ``mpi4py.MPI``."""

    def __init__(self, mpi: Any, comm: Any) -> None:
        self._mpi = mpi
        self._comm = comm
        self._rank = comm.Get_rank()
        self._size = comm.Get_size()
        self.faults: list[str] = []
        self._under_way: list[tuple[Any, bytes]] = []
        self._here = False

    def send(self, talk: str, data: bytes) -> None:
        """Send *data* to rank 0."""
        self._post(0, talk.encode() + b"\n" + data)

    def received(self, talk: str) -> dict[int, bytes]:
        """Return what came since the last time; what belongs to another round is that of a rank which was late for it."""
        if not self._here:
            # Whoever hears it knows that it is this rank now that waits, for as long as that waits.
            self._here = True
            for rank in range(1, self._size):
                self._post(rank, _HERE + b"\n")
        self._left()
        found = {}
        while (came := self._take(self._mpi.ANY_SOURCE)) is not None:
            head, _, data = came[1].partition(b"\n")
            if head == talk.encode():
                found[came[0]] = data
        return found

    def reply(self, talk: str, data: bytes) -> None:
        """Answer everybody, and see to it that the answers leave: MPI may move nothing unless it is called."""
        for rank in range(1, self._size):
            self._post(rank, talk.encode() + b"\n" + data)
        until = time.monotonic() + _LINGER
        while not self._left() and time.monotonic() < until:
            time.sleep(0.001)

    def replied(self, talk: str) -> bytes | None:
        """Return the answer, once it is there."""
        self._left()
        while (came := self._take(0)) is not None:
            head, _, data = came[1].partition(b"\n")
            if head == talk.encode():
                return data
            self._here = self._here or head == _HERE
        return None

    def heard(self) -> bool:
        """Return whether rank 0 has said that it is there."""
        return self._here

    def beat(self) -> None:
        """Move what is under way: nobody is told."""
        self._left()

    def beats(self) -> int:
        """Return another number each time: over MPI only rank 0 could be told, so a patient round has no limit."""
        return time.monotonic_ns()

    def absent(self) -> list[int] | None:
        """Return None: only rank 0 knows."""
        return None

    def abandon(self) -> None:
        """See to it that this process ends though ranks are missing: MPI_Finalize would wait for them, for as long as the job may last.

        When it ends, not now: what is raised has to be said first. MPI then ends all processes of the job.
        """
        atexit.register(_abort, self._mpi, self._comm)

    def close(self) -> None:
        """Do nothing: what was sent has left."""

    def _post(self, rank: int, data: bytes) -> None:
        # The buffer must live as long as it is under way.
        self._under_way.append((self._comm.Isend([data, self._mpi.BYTE], dest=rank, tag=_TAG), data))

    def _left(self) -> bool:
        self._under_way = [(request, data) for request, data in self._under_way if not request.Test()]
        return not self._under_way

    def _take(self, source: int) -> tuple[int, bytes] | None:
        status = self._mpi.Status()
        if not self._comm.Iprobe(source=source, tag=_TAG, status=status):
            return None
        buffer = bytearray(status.Get_count(self._mpi.BYTE))
        sender = status.Get_source()
        self._comm.Recv([buffer, self._mpi.BYTE], source=sender, tag=_TAG)
        return sender, bytes(buffer)


def _abort(mpi: Any, comm: Any) -> None:
    if not mpi.Is_finalized():
        comm.Abort(1)
