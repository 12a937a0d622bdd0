"""Which job a process belongs to, by what launchers really set (recorded from them), and what contradicts itself."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from envguard.errors import RanksError
from envguard.launch import LAUNCHERS, Job, Place, find, local_rank, several_here

TORCHRUN = {
    "RANK": "5",
    "WORLD_SIZE": "8",
    "LOCAL_RANK": "1",
    "LOCAL_WORLD_SIZE": "4",
    "GROUP_RANK": "1",
    "ROLE_RANK": "5",
    "ROLE_WORLD_SIZE": "8",
    "MASTER_ADDR": "node-a",
    "MASTER_PORT": "29500",
    "TORCHELASTIC_RESTART_COUNT": "0",
    "TORCHELASTIC_RUN_ID": "none",
    "TORCHELASTIC_USE_AGENT_STORE": "True",
}
SRUN = {
    "SLURM_JOB_ID": "17",
    "SLURM_STEP_ID": "0",
    "SLURM_PROCID": "5",
    "SLURM_NTASKS": "8",
    "SLURM_STEP_NUM_TASKS": "8",
    "SLURM_LOCALID": "1",
    "SLURM_STEP_NODELIST": "node[1-2]",
}
MPIRUN = {
    "OMPI_COMM_WORLD_RANK": "5",
    "OMPI_COMM_WORLD_SIZE": "8",
    "OMPI_COMM_WORLD_LOCAL_RANK": "1",
    "OMPI_COMM_WORLD_LOCAL_SIZE": "4",
    "PMIX_NAMESPACE": "prterun-node-17@1",
    "PMIX_RANK": "5",
}
HYDRA = {"PMI_RANK": "5", "PMI_SIZE": "8", "MPI_LOCALRANKID": "1", "MPI_LOCALNRANKS": "4"}


def told(environ: dict[str, str], modules: dict[str, Any] | None = None) -> tuple[str, int, int] | None:
    job = find(environ, modules or {})
    return (job.launcher, job.rank, job.size) if job is not None else None


@pytest.mark.parametrize(
    ("environ", "launcher"),
    [(TORCHRUN, "torchrun"), (SRUN, "Slurm"), (MPIRUN, "Open MPI"), (HYDRA, "PMI")],
    ids=["torchrun", "srun", "mpirun", "mpiexec"],
)
def test_each_launcher_says_who_is_who(environ: dict[str, str], launcher: str) -> None:
    assert told(environ) == (launcher, 5, 8)


@pytest.mark.parametrize(
    ("environ", "several"),
    [
        ({}, False),
        ({"LOCAL_WORLD_SIZE": "1"}, False),
        ({"LOCAL_WORLD_SIZE": "8"}, True),
        ({"LOCAL_WORLD_SIZE": "many"}, False),
        ({"SLURM_NTASKS_PER_NODE": "2"}, True),
        ({"SLURM_STEP_TASKS_PER_NODE": "1"}, False),
        ({"SLURM_STEP_TASKS_PER_NODE": "1(x2)"}, False),
        ({"SLURM_STEP_TASKS_PER_NODE": "1,8(x2)"}, True),
        ({"OMPI_COMM_WORLD_LOCAL_SIZE": "2"}, True),
        ({"MPI_LOCALNRANKS": "2"}, True),
        ({"MV2_COMM_WORLD_LOCAL_SIZE": "2"}, True),
        ({"JSM_NAMESPACE_LOCAL_SIZE": "1"}, False),
        ({"JSM_NAMESPACE_LOCAL_SIZE": "6"}, True),
        ({"FLUX_JOB_SIZE": "8"}, False),
        ({"FLUX_JOB_SIZE": "8", "FLUX_JOB_NNODES": "8"}, False),
        ({"FLUX_JOB_SIZE": "9", "FLUX_JOB_NNODES": "8"}, True),
    ],
)
def test_who_announces_several_ranks_on_a_host(environ: dict[str, str], several: bool) -> None:
    assert several_here(environ) is several


@pytest.mark.parametrize("names", LAUNCHERS, ids=lambda names: names[0])
def test_every_launcher_says_which_rank_of_its_host_this_is(names: tuple[str, ...]) -> None:
    assert local_rank({names[3]: "3"}) == "3"
    assert local_rank({"LOCAL_RANK": "1", names[3]: "3"}) == "1", "the innermost"
    assert local_rank({}) == ""


def test_a_plain_rank_and_world_size_count() -> None:
    assert told({"RANK": "0", "WORLD_SIZE": "2"}) == ("RANK and WORLD_SIZE", 0, 2)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"RANK": "0", "WORLD_SIZE": "1"},
        {"WORLD_SIZE": "1"},
        {"RANK": "0"},
        {"RANK": "", "WORLD_SIZE": ""},
        {"OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "1"},
        # A batch script and an interactive shell see all of a job, and are one process.
        {"SLURM_JOB_ID": "17", "SLURM_PROCID": "0", "SLURM_NTASKS": "8", "SLURM_LOCALID": "0"},
        {"SLURM_STEP_ID": "4294967291", "SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "8"},
        {"SLURM_STEP_ID": "4294967290", "SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "2"},
    ],
)
def test_who_is_alone(environ: dict[str, str]) -> None:
    assert told(environ) is None


def test_the_innermost_launcher_counts() -> None:
    """Slurm starts one torchrun a node, and one daemon of Open MPI a node."""
    node = {**SRUN, "SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "2"}
    assert told({**node, **TORCHRUN}) == ("torchrun", 5, 8)
    assert told({**node, **MPIRUN}) == ("Open MPI", 5, 8)
    # What starts several ranks for each task, and is not torchrun, says more of them.
    assert told({**node, "RANK": "5", "WORLD_SIZE": "8"}) == ("RANK and WORLD_SIZE", 5, 8)
    # What agrees is no contradiction: many scripts hand on what Slurm says.
    assert told({**SRUN, "RANK": "5", "WORLD_SIZE": "8"}) == ("RANK and WORLD_SIZE", 5, 8)


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"RANK": "8", "WORLD_SIZE": "8"}, "RANK is 8 and WORLD_SIZE is 8"),
        ({"RANK": "3"}, "RANK is 3 and WORLD_SIZE is not set"),
        ({"WORLD_SIZE": "4"}, "RANK is not set and WORLD_SIZE is 4"),
        ({**SRUN, "SLURM_PROCID": "9"}, "SLURM_PROCID is 9 and SLURM_STEP_NUM_TASKS is 8"),
        ({**TORCHRUN, "LOCAL_RANK": "4"}, "LOCAL_RANK is 4 and LOCAL_WORLD_SIZE is 4"),
        ({**TORCHRUN, "LOCAL_WORLD_SIZE": "16"}, "LOCAL_WORLD_SIZE is 16 and WORLD_SIZE is 8"),
        ({**SRUN, "RANK": "0", "WORLD_SIZE": "1"}, "WORLD_SIZE is 1 and SLURM_STEP_NUM_TASKS is 8"),
        ({**MPIRUN, "RANK": "4", "WORLD_SIZE": "8"}, "RANK is 4 and OMPI_COMM_WORLD_RANK is 5"),
    ],
)
def test_what_contradicts_itself_is_named(environ: dict[str, str], message: str) -> None:
    with pytest.raises(RanksError) as caught:
        find(environ, {})
    assert caught.value.message == f"the variables of the launcher contradict one another: {message}"
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("unset ")


@pytest.mark.parametrize("value", ["-1", "two", "1.0", "٣", "9" * 20, " 1"])
def test_what_is_no_number_is_named(value: str) -> None:
    with pytest.raises(RanksError, match=r"^RANK is '"):
        find({"RANK": value, "WORLD_SIZE": "2"}, {})


def group(size: int, *, up: bool = True, available: bool = True) -> dict[str, Any]:
    return {
        "torch.distributed": SimpleNamespace(
            is_available=lambda: available,
            is_initialized=lambda: up,
            get_rank=lambda: 1,
            get_world_size=lambda: size,
        )
    }


def test_a_group_that_is_up_counts_before_all_variables() -> None:
    assert told({**TORCHRUN}, group(2)) == ("torch.distributed", 1, 2)
    assert told({**TORCHRUN}, group(2, up=False)) == ("torchrun", 5, 8)
    assert told({**TORCHRUN}, group(2, available=False)) == ("torchrun", 5, 8)
    assert told({**TORCHRUN}, group(1)) == ("torchrun", 5, 8)
    # A module that is just being imported has nothing in it yet.
    assert told({}, {"torch.distributed": SimpleNamespace()}) is None


def mpi(size: int, *, initialised: bool = True, finalised: bool = False) -> dict[str, Any]:
    comm = SimpleNamespace(Get_rank=lambda: 2, Get_size=lambda: size)
    return {
        "mpi4py.MPI": SimpleNamespace(
            Is_initialized=lambda: initialised, Is_finalized=lambda: finalised, COMM_WORLD=comm
        )
    }


def test_mpi_says_it_where_no_variable_does() -> None:
    assert told({}, mpi(4)) == ("MPI", 2, 4)
    assert told({}, mpi(1)) is None
    assert told({}, mpi(4, initialised=False)) is None
    assert told({}, mpi(4, finalised=True)) is None
    assert told(MPIRUN, mpi(4)) == ("Open MPI", 5, 8)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Take away what a launcher of the tests themselves has set."""
    for name in (
        "RANK",
        "WORLD_SIZE",
        "LOCAL_RANK",
        "LOCAL_WORLD_SIZE",
        *(word for words in LAUNCHERS for word in words[1:]),
    ):
        monkeypatch.delenv(name, raising=False)
    for name in ("torch.distributed", "mpi4py.MPI"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return monkeypatch


def initialised(rank: int, size: int) -> Any:
    return SimpleNamespace(
        is_available=lambda: True, is_initialized=lambda: True, get_rank=lambda: rank, get_world_size=lambda: size
    )


FLUX = {"FLUX_TASK_RANK": "5", "FLUX_JOB_SIZE": "8", "FLUX_TASK_LOCAL_ID": "1"}
JSRUN = {"JSM_NAMESPACE_RANK": "5", "JSM_NAMESPACE_SIZE": "8", "JSM_NAMESPACE_LOCAL_RANK": "1"}
MVAPICH = {"MV2_COMM_WORLD_RANK": "5", "MV2_COMM_WORLD_SIZE": "8", "MV2_COMM_WORLD_LOCAL_RANK": "1"}


@pytest.mark.parametrize("environ", [TORCHRUN, SRUN, MPIRUN, HYDRA, FLUX, JSRUN, MVAPICH])
def test_a_run_is_where_the_launcher_says(alone: pytest.MonkeyPatch, environ: dict[str, str]) -> None:
    assert Place().rank_and_size() == (0, 1)
    for name, value in environ.items():
        alone.setenv(name, value)
    assert Place().rank_and_size() == (5, 8)
    assert Place(Job(launcher="gather", rank=1, size=2)).rank_and_size() == (5, 8)


def test_a_group_is_believed_before_the_launcher_and_one_of_one_too(alone: pytest.MonkeyPatch) -> None:
    alone.setenv("RANK", "3")
    alone.setenv("WORLD_SIZE", "8")
    place = Place()
    assert place.rank_and_size() == (3, 8)
    alone.setitem(sys.modules, "torch.distributed", initialised(0, 1))
    assert place.rank_and_size() == (0, 1)
    alone.setitem(sys.modules, "torch.distributed", initialised(1, 2))
    assert place.rank_and_size() == place.share() == (1, 2)


def test_what_only_a_function_that_gathers_knew_is_kept(alone: pytest.MonkeyPatch) -> None:
    del alone
    place = Place(Job(launcher="gather", rank=1, size=2))
    assert place.rank_and_size() == place.share() == (1, 2)


def test_nobody_guesses_whether_what_a_launcher_started_without_agreement_is_one_job(alone: pytest.MonkeyPatch) -> None:
    for name, value in SRUN.items():
        alone.setenv(name, value)
    assert Place().share() == (5, 8)
    with pytest.raises(RanksError) as caught:
        Place(apart=True).share()
    assert str(caught.value) == (
        "Slurm says that this is rank 5 of 8, and enforce() has not asked the others: whether these processes share the samples of one "
        "job, or each is a run of its own that takes all of them, nobody has said\n"
        "hint: name them: num_replicas=8, rank=5 for one job, num_replicas=1, rank=0 for a run of its own"
    )
    # torchrun starts ranks of one job and nothing else, and so does whoever initialises a group.
    for name, value in TORCHRUN.items():
        alone.setenv(name, value)
    assert Place(apart=True).share() == (5, 8)
