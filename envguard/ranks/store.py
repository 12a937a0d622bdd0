"""Talks over a store of torch.distributed: the group's, torchrun's, or one that rank 0 opens where the group will open its own."""

from __future__ import annotations

import os
import sys
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any
from zlib import crc32

from ..errors import RanksError
from ..launch import ENVIRONMENT, GROUP, JOB_NAMES, LOCAL_SIZES, TORCHRUN
from .exchange import MissingError, UnaskedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..launch import Job

# Every server that this process opened, by port: they stay open, because the group that comes later shares them, and because
# ranks that are late would find nobody.
_opened: dict[int, Any] = {}
_NODES = ("SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST", "SLURM_NODELIST")
# Below the ports that systems hand out by themselves, so that nobody has one by chance.
_FIRST_PORT, _PORTS = 15_000, 16_000
_LINGER = 5.0
_FRESH = 1.0


class Store:
    """Where the ranks meet: a store of torch.distributed, what it is in words, and whether this process serves it."""

    __slots__ = ("how", "serves", "store")

    def __init__(self, store: Any, how: str, *, serves: bool) -> None:
        self.store = store
        self.how = how
        self.serves = serves


def connect(job: Job, limit: float, environ: Mapping[str, str] | None = None) -> Store:
    """Return the store over which the ranks of *job* talk; waiting for it takes no longer than *limit* seconds.

    RanksError where there is none: torch is not installed, nobody says where rank 0 is, or nothing answers there.
    """
    environ = os.environ if environ is None else environ
    distributed = _distributed()
    from datetime import timedelta

    if job.launcher == GROUP:
        store = _of_group(distributed)
        if hasattr(store, "clone"):
            # A connection of our own, so that a time-out of ours is none of the group's.
            store = store.clone()
            store.set_timeout(timedelta(seconds=limit))
        # It is rank 0's process that has it, unless torchrun's agent has: what is lost by waiting then is a moment.
        shared = _prefixed(distributed, store, environ)
        return Store(shared, "the store of the process group", serves=job.rank == 0)
    host, port, where = _address(job, environ)
    agent = environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
    serves = job.rank == 0 and not agent
    if not serves:
        _await(host, port, where, limit)
    try:
        store = distributed.TCPStore(
            host, port, None, serves, timedelta(seconds=limit), wait_for_workers=False, multi_tenant=serves
        )
    except (RuntimeError, ValueError) as error:
        raise _unreachable(error, where, limit, serves=serves) from error
    if serves:
        _opened[port] = store
    how = f"the store of torchrun at {where}" if agent else f"a store at {where}"
    return Store(_prefixed(distributed, store, environ), how, serves=serves)


def _distributed() -> Any:
    """Return torch.distributed. A job of several ranks loads it anyway, as soon as its script goes on."""
    loaded = sys.modules.get("torch.distributed")
    if loaded is None:
        try:
            loaded = import_module("torch.distributed")
        except ImportError as error:
            raise UnaskedError(
                f"torch.distributed cannot be imported, over which ranks compare what they see: {error}",
                hint="install torch, import mpi4py.MPI before envguard, or give a function: enforce(gather=...)",
            ) from None
    if not loaded.is_available():
        raise UnaskedError(
            "this build of torch has no torch.distributed, over which ranks compare what they see",
            hint="import mpi4py.MPI before envguard, or give a function: enforce(gather=...)",
        )
    return loaded


def _of_group(distributed: Any) -> Any:
    core = getattr(distributed, "distributed_c10d", None)
    find = getattr(core, "_get_default_store", None)
    if find is None:
        raise UnaskedError("this version of torch does not say which store its group has", hint="enforce(gather=...)")
    store = find()
    if store is None:
        raise UnaskedError(
            "the process group has no store", hint="import mpi4py.MPI before envguard, or enforce(gather=...)"
        )
    return store


def _prefixed(distributed: Any, store: Any, environ: Mapping[str, str]) -> Any:
    restart = environ.get("TORCHELASTIC_RESTART_COUNT") or environ.get("SLURM_RESTART_COUNT") or "0"
    identity = [environ[name] for name in JOB_NAMES if environ.get(name)]
    return distributed.PrefixStore("/".join(["envguard", restart, *identity]), store)


def _address(job: Job, environ: Mapping[str, str]) -> tuple[str, int, str]:
    """Return where rank 0 is met: host, port, and both in words."""
    host, text = environ.get("MASTER_ADDR", ""), environ.get("MASTER_PORT", "")
    if host and text:
        if not (text.isascii() and text.isdecimal() and 0 < int(text[:9]) < 2**16):
            raise RanksError(f"MASTER_PORT is '{text}': expected the number of a port")
        return host, int(text), f"{host}:{text}"
    if job.launcher in (TORCHRUN, ENVIRONMENT):
        absent = " and ".join(name for name in ("MASTER_ADDR", "MASTER_PORT") if not environ.get(name))
        raise UnaskedError(
            f"{absent} {'are' if 'and' in absent else 'is'} not set, so nobody says where rank 0 is met",
            hint="set MASTER_ADDR and MASTER_PORT, or start the ranks with torchrun",
        )
    identity = " ".join(environ[name] for name in JOB_NAMES if environ.get(name))
    if not host:
        nodes = next((environ[name] for name in _NODES if environ.get(name)), "")
        alone = any(environ.get(name) == str(job.size) for name in LOCAL_SIZES)
        host = "127.0.0.1" if alone else first_node(nodes)
    if not host or not identity:
        raise UnaskedError(
            f"{job.launcher} does not say where rank 0 is met",
            hint="set MASTER_ADDR and MASTER_PORT for all ranks, import mpi4py.MPI before envguard, or enforce(gather=...)",
        )
    port = int(text) if text.isdecimal() else _FIRST_PORT + crc32(identity.encode()) % _PORTS
    return host, port, f"{host}:{port}, which follows from the job"


def first_node(nodes: str) -> str:
    """Return the first host of a list as Slurm writes it: ``node[003-007,9],gpu1`` begins with node003."""
    head, bracket, rest = nodes.partition("[")
    if not bracket or "," in head:
        return head.partition(",")[0]
    inside, _, tail = rest.partition("]")
    first = inside.partition(",")[0].partition("-")[0]
    return (
        head + first + tail.partition(",")[0] if "[" not in tail.partition(",")[0] else first_node(head + first + tail)
    )


def _await(host: str, port: int, where: str, limit: float) -> None:
    """Wait until somebody listens at *host* and *port*: torch would log a backtrace for each attempt that fails."""
    import socket

    until = time.monotonic() + limit
    pause = 0.01
    while True:
        try:
            socket.create_connection((host, port), timeout=max(0.1, until - time.monotonic())).close()
        except OSError as error:
            if time.monotonic() + pause >= until:
                reason = (error.strerror or str(error)).lower()
                raise MissingError("0", limit, f"nothing answers at {where}: {reason}") from None
        else:
            return
        time.sleep(pause)
        pause = min(0.5, pause * 1.5)


def _unreachable(error: Exception, where: str, limit: float, *, serves: bool) -> RanksError:
    reason = str(error).strip().partition("\n")[0] or type(error).__name__
    if serves:
        hint = "set MASTER_PORT to a port that is free on the host of rank 0"
        return UnaskedError(f"the ranks cannot meet at {where}: {reason}", hint=hint)
    return MissingError("0", limit, f"nothing answers at {where}: {reason}")


class StoreMailbox:
    """Messages by way of a store: see the package for why there are random numbers in its keys.

    ``<n>/open`` is the number that rank 0 has drawn for this, its n-th talk; all that follows lies under it. ``count`` numbers
    the messages of a round, which lie one by one under ``m/<number>``; ``answer`` is rank 0's, and ``taken/<number of a process>`` says whose
    message it was made of. ``<n>/here/<rank>`` lets others than rank 0 say who never came.
    """

    def __init__(self, place: Store, *, rank: int, size: int, turn: int) -> None:
        self._store = place.store
        self._serves = place.serves
        self._rank = rank
        self._size = size
        self._turn = str(turn)
        self._number = os.urandom(8).hex()
        self._token = ""
        self._seen: dict[str, int] = {}
        self._told: dict[str, int] = {}
        self.faults: list[str] = []
        self._sent: dict[str, bytes] = {}
        self._asked = 0.0
        self._store.set(f"{self._turn}/here/{rank}", self._number)
        if rank == 0:
            self._token = self._number
            self._store.set(f"{self._turn}/open", self._token)

    def send(self, talk: str, data: bytes) -> None:
        """Send *data* under the number that rank 0 has drawn, and again under every other that it draws."""
        self._sent[talk] = data
        if self._token:
            self._post(talk, data)
        self._look()

    def received(self, talk: str) -> dict[int, bytes]:
        """Return what came since the last time."""
        count = self._store.add(self._key(talk, "count"), 0)
        found = {}
        while self._seen.get(talk, 0) < count:
            key = self._key(talk, f"m/{self._seen.get(talk, 0) + 1}")
            if not self._store.check([key]):
                break
            head, _, data = self._store.get(key).partition(b"\n")
            self._seen[talk] = self._seen.get(talk, 0) + 1
            word, _, number = head.decode("ascii", "replace").partition(" ")
            rank = int(word) if word.isdecimal() else -1
            if not 0 < rank < self._size:
                self.faults.append(f"a message came from rank '{word}', which is none of {self._size}")
            elif any(told == rank and other != number for other, told in self._told.items()):
                self.faults.append(f"two processes say that they are rank {rank} of {self._size}")
            else:
                found[rank] = data
            self._told[number] = rank
        return found

    def reply(self, talk: str, data: bytes) -> None:
        """Answer everybody who was heard."""
        self._store.set(self._key(talk, "answer"), data)
        for number in self._told:
            self._store.set(self._key(talk, f"taken/{number}"), b"")

    def replied(self, talk: str) -> bytes | None:
        """Return the answer, once there is one to this very process.

        One that was made without it is of a former life of the job, and then rank 0 will draw another number, or this process is
        late, and then nobody will.
        """
        self._look()
        answer = self._key(talk, "answer")
        if (
            self._token
            and self._store.check([answer])
            and self._store.check([self._key(talk, f"taken/{self._number}")])
        ):
            return bytes(self._store.get(answer))
        return None

    def heard(self) -> bool:
        """Return whether rank 0 has opened talks that have no answer yet."""
        return bool(self._token) and not any(self._store.check([self._key(talk, "answer")]) for talk in self._sent)

    def beat(self) -> None:
        """Tell everybody that this rank is still at work."""
        self._store.add(self._key("beats", "count"), 1)

    def beats(self) -> int:
        """Return how often anybody has said so."""
        return int(self._store.add(self._key("beats", "count"), 0))

    def absent(self) -> list[int]:
        """Return the ranks that have left no trace."""
        return [rank for rank in range(self._size) if not self._store.check([f"{self._turn}/here/{rank}"])]

    def close(self) -> None:
        """Say that this rank has its answer; who serves the store waits a moment for the others to have theirs."""
        key = self._key("close", "count")
        count = self._store.add(key, 1)
        until = time.monotonic() + _LINGER
        while self._serves and count <= len(self._told) and time.monotonic() < until:
            time.sleep(0.002)
            count = self._store.add(key, 0)

    def _key(self, talk: str, name: str) -> str:
        return f"{self._turn}/{self._token}/{talk}/{name}"

    def _look(self) -> None:
        """See whether rank 0 has drawn a number, or another one, and send what is to be sent under it."""
        if self._rank == 0:
            return
        now = time.monotonic()
        if not self._token or now - self._asked > _FRESH:
            self._asked = now
            key = f"{self._turn}/open"
            token = self._store.get(key).decode("ascii", "replace") if self._store.check([key]) else ""
            if token != self._token:
                self._token = token
                for talk, data in self._sent.items() if token else ():
                    self._post(talk, data)

    def _post(self, talk: str, data: bytes) -> None:
        place = self._store.add(self._key(talk, "count"), 1)
        self._store.set(self._key(talk, f"m/{place}"), f"{self._rank} {self._number}\n".encode() + data)
