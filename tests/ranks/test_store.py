"""Where the ranks meet, without torch: what their variables say, and what is said where they do not."""

from __future__ import annotations

import socket
import sys
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest

from envguard.launch import Job
from envguard.ranks import store
from envguard.ranks.exchange import MissingError, UnaskedError
from envguard.ranks.store import connect, first_node


class Distributed:
    """What of torch.distributed is used to meet: it writes down how."""

    def __init__(self, *, available: bool = True, default: Any = None) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.available = available
        self.distributed_c10d = SimpleNamespace(_get_default_store=lambda: default)

    def is_available(self) -> bool:
        return self.available

    def TCPStore(self, host: str, port: int, size: None, serves: bool, timeout: Any, **more: Any) -> Any:  # noqa: N802
        assert (size, more["wait_for_workers"]) == (None, False), "nobody else's count of workers is touched"
        self.calls.append((host, port, serves, timeout.total_seconds(), more["multi_tenant"]))
        return "a store"

    def PrefixStore(self, prefix: str, inner: Any) -> Any:  # noqa: N802
        return prefix, inner


@pytest.fixture
def distributed(monkeypatch: pytest.MonkeyPatch) -> Distributed:
    made = Distributed()
    monkeypatch.setitem(sys.modules, "torch.distributed", made)
    monkeypatch.setattr(store, "_await", lambda *_: None)
    return made


MASTER = {"MASTER_ADDR": "node-a", "MASTER_PORT": "29500"}


def job(launcher: str = "torchrun", rank: int = 0, size: int = 8) -> Job:
    return Job(launcher=launcher, rank=rank, size=size)


def test_rank_0_opens_a_store_that_the_later_group_shares(distributed: Distributed) -> None:
    place = connect(job(), 60.0, MASTER)
    assert distributed.calls == [("node-a", 29500, True, 60.0, True)]
    assert place.serves
    assert place.store == ("envguard/0", "a store")
    other = connect(job(rank=3), 60.0, MASTER)
    assert distributed.calls[1] == ("node-a", 29500, False, 60.0, False)
    assert (other.serves, other.how) == (False, "a store at node-a:29500")


def test_where_an_agent_has_a_store_nobody_opens_one(distributed: Distributed) -> None:
    agent = {**MASTER, "TORCHELASTIC_USE_AGENT_STORE": "True", "TORCHELASTIC_RESTART_COUNT": "2"}
    place = connect(job(), 60.0, agent)
    assert distributed.calls == [("node-a", 29500, False, 60.0, False)]
    assert (place.serves, place.how) == (False, "the store of torchrun at node-a:29500")
    assert place.store == ("envguard/2", "a store")


def test_a_group_that_is_up_lends_its_store_by_a_connection_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = []
    clone = SimpleNamespace(set_timeout=lambda limit: limits.append(limit.total_seconds()))
    made = Distributed(default=SimpleNamespace(clone=lambda: clone))
    monkeypatch.setitem(sys.modules, "torch.distributed", made)
    place = connect(job("torch.distributed"), 7.0, {})
    assert place.store == ("envguard/0", clone)
    # Rank 0 waits a moment for the others to have its answer: where torchrun has no store, its process has the group's.
    assert (limits, made.calls, place.serves) == ([7.0], [], True)
    assert not connect(job("torch.distributed", rank=1), 7.0, {}).serves


def test_under_slurm_the_address_follows_from_the_step(distributed: Distributed) -> None:
    step = {"SLURM_JOB_ID": "17", "SLURM_STEP_ID": "0", "SLURM_STEP_NODELIST": "node[03-07,9],gpu1"}
    place = connect(job("Slurm"), 60.0, step)
    again = connect(job("Slurm", rank=5), 60.0, step)
    (host, port, *_), (its_host, its_port, *_) = distributed.calls
    assert (host, port) == (its_host, its_port)
    assert host == "node03"
    # Neither where systems begin to hand out ports by themselves, nor where only root may listen.
    assert 15_000 <= port < 31_000
    assert place.how == again.how == f"a store at node03:{port}, which follows from the job"
    connect(job("Slurm"), 60.0, {**step, "SLURM_STEP_ID": "1"})
    assert distributed.calls[2][1] != port


def test_on_one_host_no_address_is_needed(distributed: Distributed) -> None:
    connect(job("Open MPI", size=4), 60.0, {"OMPI_COMM_WORLD_LOCAL_SIZE": "4", "PMIX_NAMESPACE": "prterun-17@1"})
    assert distributed.calls[0][0] == "127.0.0.1"


@pytest.mark.parametrize(
    ("launcher", "environ", "message"),
    [
        ("torchrun", {}, "MASTER_ADDR and MASTER_PORT are not set, so nobody says where rank 0 is met"),
        ("torchrun", {"MASTER_ADDR": "a"}, "MASTER_PORT is not set, so nobody says where rank 0 is met"),
        (
            "Open MPI",
            {"OMPI_COMM_WORLD_LOCAL_SIZE": "2", "PMIX_NAMESPACE": "x"},
            "Open MPI does not say where rank 0 is met",
        ),
        ("PMI", {}, "PMI does not say where rank 0 is met"),
    ],
)
def test_where_nobody_says_where_to_meet_that_is_said(
    distributed: Distributed, launcher: str, environ: dict[str, str], message: str
) -> None:
    with pytest.raises(UnaskedError) as caught:
        connect(job(launcher), 60.0, environ)
    assert caught.value.message == message
    assert caught.value.hint


@pytest.mark.parametrize("port", ["0", "65536", "-1", "x", "9" * 30])
def test_a_port_that_is_none_is_named(distributed: Distributed, port: str) -> None:
    with pytest.raises(Exception, match=f"^MASTER_PORT is '{port}': expected the number of a port$"):
        connect(job(), 60.0, {"MASTER_ADDR": "a", "MASTER_PORT": port})


def test_without_torch_they_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.distributed", None)
    monkeypatch.setattr(
        store, "import_module", lambda name: (_ for _ in ()).throw(ImportError(f"No module named '{name}'"))
    )
    with pytest.raises(
        UnaskedError, match=r"^torch\.distributed cannot be imported, over which ranks compare what they see"
    ):
        connect(job(), 60.0, MASTER)
    monkeypatch.setitem(sys.modules, "torch.distributed", Distributed(available=False))
    with pytest.raises(UnaskedError, match=r"^this build of torch has no torch\.distributed"):
        connect(job(), 60.0, MASTER)


@pytest.mark.parametrize(
    ("nodes", "first"),
    [
        ("node1", "node1"),
        ("node1,node2", "node1"),
        ("node[003-007,9],gpu1", "node003"),
        ("node[3]", "node3"),
        ("a1,node[3-4]", "a1"),
        ("rack[1-2]node[05-06]", "rack1node05"),
        ("n[1-2].cluster", "n1.cluster"),
        ("", ""),
    ],
)
def test_the_first_of_a_list_of_nodes(nodes: str, first: str) -> None:
    assert first_node(nodes) == first


def test_rank_0_is_waited_for_and_named_where_it_does_not_come() -> None:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    with pytest.raises(MissingError) as caught:
        store._await("127.0.0.1", port, "here", 0.3)
    assert (caught.value.missing, caught.value.more) == ("0", "nothing answers at here: connection refused")

    def serve() -> None:
        time.sleep(0.2)
        with socket.create_server(("127.0.0.1", port)) as server:
            server.accept()[0].close()

    thread = threading.Thread(target=serve)
    thread.start()
    store._await("127.0.0.1", port, "here", 20.0)
    thread.join()
