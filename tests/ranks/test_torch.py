"""Ranks that are real processes and talk over real stores: all go on, or all end with one report that names who differs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.guarded import MANIFEST, ROOT, Project

pytestmark = [pytest.mark.torch, pytest.mark.slow]

if TYPE_CHECKING:
    from collections.abc import Iterator

FORKED = Path(__file__).with_name("forked.py")
SCRIPT = """
import os
TWIST = os.environ.get("TWIST", "")
if TWIST == "dies":
    os._exit(3)
if TWIST == "hangs":
    import signal
    os.kill(os.getpid(), signal.SIGSTOP)
if TWIST == "group":
    import torch.distributed as dist
    dist.init_process_group("gloo")
if TWIST == "fake group":
    import torch.testing._internal.distributed.fake_pg
    import torch.distributed as dist
    from datetime import timedelta
    store, rank, size = next(dist.rendezvous("env://", timeout=timedelta(seconds=300)))
    dist.init_process_group("fake", store=store, rank=rank, world_size=size)
if TWIST == "threads":
    import torch
    torch.set_num_threads(7)
if TWIST.startswith("answer "):
    import envguard.agreed as agreed
    real, (_, section, key, value) = agreed.sections, TWIST.split(" ")
    def sections(*arguments, **more):
        found = real(*arguments, **more)
        return {**found, section: {**found.get(section, {}), key: value}}
    agreed.sections = sections
import envguard, json
seed = os.environ.get("SEED")
limit = os.environ.get("LIMIT")
data = "shard" if TWIST == "shard" else None
run = envguard.enforce(int(seed) if seed else None, data=data, ranks_timeout=float(limit) if limit else None)
if TWIST == "alone":
    raise SystemExit(0)
ranks = run.receipt.to_dict()["ranks"]
if TWIST == "child":
    import multiprocessing
    def work():
        alone = envguard.enforce()
        print(json.dumps(alone.receipt.to_dict()["ranks"]), flush=True)
    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.join()
if TWIST in ("then group", "own store"):
    import torch, torch.distributed as dist
    dist.init_process_group("gloo")
    number = torch.tensor([float(dist.get_rank())])
    dist.all_reduce(number)
    ranks["sum"] = number.item()
    dist.destroy_process_group()
if TWIST == "twice":
    again = envguard.enforce(int(seed) if seed else None).receipt.to_dict()["ranks"]
    ranks["again"] = again["digest"] == ranks["digest"]
# At once: lines of ranks that share a pipe must not mix.
os.write(1, (json.dumps({**ranks, "seed": run.seed, "mode": run.receipt.mode, "overridden": list(run.receipt.overridden)}) + "\\n").encode())
"""
ROUNDS: dict[str, dict[str, Any]] = {
    "agree": {},
    "again": {},
    "own store": {"agent": False, "variables": {"TWIST": "own store"}},
    "then group": {"variables": {"TWIST": "then group"}},
    "group": {"agent": False, "variables": {"TWIST": "group"}},
    "fake group": {"agent": False, "variables": {"TWIST": "fake group"}},
    "twice": {"variables": {"TWIST": "twice", "SEED": "3"}},
    "child": {"variables": {"TWIST": "child"}},
    "seed": {"variables": {"SEED": "42"}, "of": {"2": {"SEED": "43"}}},
    "package": {"of": {"1": {"TWIST": "answer packages package.torch 1.0.0"}}},
    "threads": {"of": {"3": {"TWIST": "threads"}}},
    "data": {"of": {"2": {"DATA_ROOT": "other"}}},
    "driver": {
        "variables": {"TWIST": "answer driver nvidia.driver 580.2"},
        "of": {str(rank): {"TWIST": "answer driver nvidia.driver 570.1"} for rank in (2, 3)},
    },
    "canaries": {
        "variables": {"TWIST": "answer canaries:torch.cpu canary.torch.cpu.matmul aaaa"},
        "of": {"1": {"TWIST": "answer canaries:torch.cpu canary.torch.cpu.matmul bbbb"}, "3": {"TWIST": ""}},
    },
    "warn": {"variables": {"ENVGUARD": "warn", "SEED": "42"}, "of": {"2": {"SEED": "43"}}},
    "one enforces": {"variables": {"ENVGUARD": "warn"}, "of": {"2": {"ENVGUARD": "enforce"}}},
    "never starts": {"variables": {"LIMIT": "25"}, "absent": [1]},
    "dies": {"variables": {"LIMIT": "25"}, "of": {"2": {"TWIST": "dies"}}},
    "hangs": {"variables": {"LIMIT": "25"}, "of": {"2": {"TWIST": "hangs"}}, "left": [2]},
    "no rank 0": {"variables": {"LIMIT": "12"}, "absent": [0]},
    "no rank 0 and no store": {"agent": False, "variables": {"LIMIT": "8"}, "absent": [0]},
    "contradiction": {"of": {"3": {"WORLD_SIZE": "8", "LOCAL_WORLD_SIZE": "8"}}},
    "same rank": {"of": {"2": {"RANK": "1"}}},
    "shard": {"variables": {"TWIST": "shard"}},
    "shard of other data": {"variables": {"TWIST": "shard", "DATA_ROOT": "other"}},
    "off": {"variables": {"ENVGUARD": "off"}, "absent": [1]},
}
Rank = tuple[int, str, str, float]


def run_rounds(rounds: list[dict[str, Any]], folder: Path) -> list[dict[int, Rank]]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DATA_ROOT": "data", "OMP_NUM_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, str(FORKED)],
        input=json.dumps(rounds),
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return [{int(rank): tuple(told) for rank, told in found.items()} for found in json.loads(done.stdout)]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project with a tree of data, recorded as ranks will see it."""
    folder = tmp_path_factory.mktemp("job").resolve()
    made = Project(folder)
    # What a rank has loaded is not what these tests are about, and they may be run before they are committed.
    (folder / "pyproject.toml").write_text(MANIFEST + 'code = "off"\n')
    (folder / "train.py").write_text(SCRIPT)
    for name, word in (("data", "cat"), ("other", "dog")):
        (folder / name / "raw").mkdir(parents=True)
        (folder / name / "raw" / "file").write_text(word)
    settings = {"OMP_NUM_THREADS": "2", "DATA_ROOT": "data", "ENVGUARD_CACHE_DIR": str(folder / "cache")}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        made.record()
        done = made.python("-m", "envguard", "data", "add", "$DATA_ROOT/raw", "--name", "raw")
        assert done.returncode == 0, done.stderr
    return made


@pytest.fixture(scope="module")
def seen(project: Project) -> dict[str, dict[int, Rank]]:
    """Return what became of every rank in each round: all of them in one process that has imported torch once."""
    rounds = [{"size": 4, "script": "train.py", **options} for options in ROUNDS.values()]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ENVGUARD_CACHE_DIR", str(project.folder / "cache"))
        patch.setenv("ENVGUARD_RUNS", "off")
        return dict(zip(ROUNDS, run_rounds(rounds, project.folder), strict=True))


def told(found: dict[int, Rank]) -> list[dict[str, Any]]:
    """Return what ranks that went on printed; fails where one did not."""
    for rank, (status, _, err, _) in found.items():
        assert status == 0, f"rank {rank}: {err}"
    return [json.loads(out.splitlines()[-1]) for _, out, _, _ in found.values()]


def refused(found: dict[int, Rank], speaker: int) -> str:
    """Return the report of the rank that speaks for all; fails where another says more, or one went on."""
    for rank, (status, out, err, _) in found.items():
        assert (status, out) == (1, ""), f"rank {rank}: {err}"
        assert "Traceback" not in err
        if rank != speaker:
            assert err.startswith(f"rank {rank} refuses with the others; rank {speaker} says why in full: EG8"), err
    return found[speaker][2]


HOST = re.escape(os.uname().nodename)


@pytest.mark.parametrize("name", ["agree", "again"])
def test_ranks_that_see_the_same_go_on_with_one_seed_and_one_digest(seen: Any, name: str) -> None:
    found = told(seen[name])
    assert {item["agreed"] for item in found} == {True}
    assert len({item["digest"] for item in found}) == len({item["seed"] for item in found}) == 1
    assert [(item["rank"], item["size"], item["launcher"]) for item in found] == [(n, 4, "torchrun") for n in range(4)]
    assert re.fullmatch(r"the store of torchrun at 127\.0\.0\.1:\d+", found[0]["over"])


def test_a_restart_that_is_not_counted_draws_another_seed_and_believes_no_old_word(seen: Any) -> None:
    assert told(seen["agree"])[0]["seed"] != told(seen["again"])[0]["seed"]


@pytest.mark.parametrize("name", ["own store", "then group"])
def test_the_group_that_comes_later_has_its_store(seen: Any, name: str) -> None:
    """Rank 0 opens a store where nobody has: the group's own is the same one."""
    assert [item["sum"] for item in told(seen[name])] == [6.0] * 4


@pytest.mark.parametrize("name", ["group", "fake group"])
def test_a_group_that_is_up_lends_its_store_whatever_its_backend_is(seen: Any, name: str) -> None:
    found = told(seen[name])
    assert [(item["launcher"], item["over"]) for item in found] == [
        ("torch.distributed", "the store of the process group")
    ] * 4


def test_it_may_be_asked_twice(seen: Any) -> None:
    assert [item["again"] for item in told(seen["twice"])] == [True] * 4


def test_the_child_of_a_rank_is_none(seen: Any) -> None:
    for status, out, err, _ in seen["child"].values():
        assert (status, out.splitlines()[0]) == (0, "null"), err


def test_another_seed_is_named(seen: Any) -> None:
    text = refused(seen["seed"], 0)
    assert re.search(rf"EG801 \[rank-mismatch\] seed\.root is 43 on rank 2 \({HOST}\), and 42 on the others\n", text)
    assert "ranks        4, by torchrun, over the store of torchrun at 127.0.0.1:" in text


def test_another_package_is_named(seen: Any) -> None:
    text = " ".join(refused(seen["package"], 0).split())
    assert re.search(rf"package\.torch is 1\.0\.0 on rank 1 \({HOST}\), and \d+\.\d+\.\d+\S* on the others", text)


def test_another_driver_is_named_with_its_ranks(seen: Any) -> None:
    text = " ".join(refused(seen["driver"], 0).split())
    assert re.search(rf"nvidia\.driver is 580\.2 on ranks 0, 1 \({HOST}\), 570\.1 on ranks 2, 3 \({HOST}\)", text)


def test_canaries_that_differ_are_named_among_those_that_ran_them(seen: Any) -> None:
    text = " ".join(refused(seen["canaries"], 0).split())
    assert (
        f"canary.torch.cpu.matmul is bbbb on rank 1 ({os.uname().nodename}), and aaaa on the others that ran it" in text
    )


@pytest.mark.parametrize(("name", "rank", "reason"), [("threads", 3, "EG310"), ("data", 2, "EG501")])
def test_a_rank_whose_own_check_fails_tells_the_others(seen: Any, name: str, rank: int, reason: str) -> None:
    found = dict(seen[name])
    status, out, own, _ = found.pop(rank)
    assert (status, out) == (1, "")
    assert reason in own
    # With the end of its line, which Python writes apart: no other rank's first line stands behind it.
    assert own.endswith(f"\nrank {rank} ({os.uname().nodename}) of 4 would not go on for this reason\n\n")
    text = " ".join(refused(found, 0).split())
    assert f"EG803 [rank-refused] rank {rank} ({os.uname().nodename}) would not go on: {reason} [" in text


def test_where_all_only_warn_all_go_on_and_the_receipts_say_so(seen: Any) -> None:
    for item in told(seen["warn"]):
        assert (item["mode"], item["agreed"]) == ("warn", False)
        assert item["overridden"][-1].startswith("EG801 [rank-mismatch] seed.root is 43 on rank 2")
    assert all("ENVGUARD=warn: going on all the same" in err for _, _, err, _ in seen["warn"].values())


def test_where_one_enforces_none_goes_on(seen: Any) -> None:
    assert "setting.mode is enforce on rank 2" in refused(seen["one enforces"], 0)


@pytest.mark.parametrize(
    ("name", "missing", "speaker"), [("never starts", 1, 0), ("dies", 2, 0), ("hangs", 2, 0), ("no rank 0", 0, 1)]
)
def test_a_rank_that_is_not_heard_is_named_by_all_others(seen: Any, name: str, missing: int, speaker: int) -> None:
    found = {rank: told for rank, told in seen[name].items() if rank != missing}
    limit = ROUNDS[name]["variables"]["LIMIT"]
    text = refused(found, speaker)
    assert re.search(rf"EG802 \[rank-missing\] rank {missing} did not answer within {limit}(\.\d)? s\n", text)
    assert text.endswith("undecided: 1 error (1 could not be told)\n\n")


def test_without_rank_0_where_it_would_have_the_store_nothing_answers(seen: Any) -> None:
    for status, _, err, _ in seen["no rank 0 and no store"].values():
        assert status == 1
        assert re.search(
            r"rank 0 did not answer within 8 s: nothing answers at 127\.0\.0\.1:\d+", " ".join(err.split())
        )
        assert "Traceback" not in err
        assert "frame #" not in err


def test_ranks_that_count_differently_contradict_one_another(seen: Any) -> None:
    text = refused(seen["contradiction"], 0)
    assert f"EG804 [rank-contradiction] job.size is 8 on rank 3 ({os.uname().nodename}), and 4 on the others" in text


def test_two_processes_that_are_one_rank_are_told(seen: Any) -> None:
    for status, _, err, _ in seen["same rank"].values():
        assert status == 1
        assert "two processes say that they are rank 1 of 4" in err


def test_shared_data_is_verified_by_all_together(seen: Any) -> None:
    for item in told(seen["shard"]):
        assert {name: (tree["files"], tree["bytes"], tree["wrong"]) for name, tree in item["trees"].items()} == {
            "raw": (1, 3, False)
        }
    text = " ".join(refused(seen["shard of other data"], 0).split())
    assert re.search(
        r"EG806 \[shared-data-mismatch\] raw is not the data that was recorded: 1 changed \(file; seen by rank \d\)",
        text,
    )


def test_off_asks_nobody(seen: Any) -> None:
    for status, out, err, _ in seen["off"].values():
        assert (status, out.count("null")) == (1, 0), err
        assert "'NoneType' object is not a mapping" in err


def test_sixty_four_ranks_agree_and_name_the_one_that_does_not(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVGUARD_CACHE_DIR", str(project.folder / "cache"))
    monkeypatch.setenv("ENVGUARD_RUNS", "off")
    same = {"size": 64, "script": "train.py", "variables": {"LIMIT": "200"}}
    # One that is alone leaves its answer for all others: 64 first checks at once would be what is waited for.
    alone = {"size": 1, "script": "train.py", "variables": {"TWIST": "alone"}}
    _, agreed, differing = run_rounds([alone, same, {**same, "of": {"41": {"SEED": "7"}}}], project.folder)
    assert len({item["digest"] for item in told(agreed)}) == 1
    assert f"seed.root is 7 on rank 41 ({os.uname().nodename}), and none given on the others" in refused(differing, 0)


def objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects in *text*; Gloo of torch 2.8 writes what has no brace between and before them."""
    at = text.find("{")
    while at >= 0:
        item, at = json.JSONDecoder().raw_decode(text, at)
        yield item
        at = text.find("{", at)


@pytest.mark.parametrize("size", [2, 8])
def test_under_torchrun_itself(project: Project, size: int) -> None:
    # What torchrun starts has one thread each, unless somebody says more.
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DATA_ROOT": "data",
        "OMP_NUM_THREADS": "2",
        "TWIST": "then group",
        "ENVGUARD_RUNS": "off",
        "ENVGUARD_CACHE_DIR": str(project.folder / "cache"),
    }
    command = [sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={size}", "--standalone", "train.py"]
    done = subprocess.run(command, cwd=project.folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = list(objects(done.stdout))
    assert len(found) == size
    assert {(item["agreed"], item["launcher"], item["size"]) for item in found} == {(True, "torchrun", size)}
    assert {item["sum"] for item in found} == {size * (size - 1) / 2}
    script = project.folder / "differs.py"
    script.write_text(
        "import os\nos.environ['SEED'] = os.environ['RANK'] if os.environ['RANK'] == '1' else '0'\n" + SCRIPT
    )
    done = subprocess.run(
        [*command[:-1], "differs.py"], cwd=project.folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert re.search(r"EG801 \[rank-mismatch\] seed\.root is (1|0) on rank", done.stderr)
