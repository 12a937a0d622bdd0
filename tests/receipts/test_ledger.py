"""A run's receipt in the making: what is in it, when and where it is written, and what becomes of a run whose receipt cannot be kept."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import envguard
from envguard.errors import WriteError
from envguard.receipts.canonical import digest_of
from envguard.receipts.place import fresh_id
from envguard.receipts.schema import schema
from tests.receipts.specimens import ANSWER, ledger

ROOT = Path(__file__).resolve().parents[2]


def read(path: str | None) -> dict[str, Any]:
    assert path is not None
    found: dict[str, Any] = json.loads(Path(path).read_bytes())
    return found


def lasting(document: dict[str, Any]) -> dict[str, Any]:
    """Return what does not depend on when a document was made."""
    return {key: value for key, value in document.items() if key not in ("digest", "end", "milliseconds", "written")}


def test_a_receipt_is_as_its_schema_says_and_sealed(folder: Path) -> None:
    document = ledger(folder).document()
    jsonschema.Draft202012Validator(schema(2)).validate(document)
    assert document["schema"] == {"name": "envguard.receipt", "version": 2}
    assert document["digest"] == digest_of(document)
    assert document["envguard"] == envguard.__version__


def test_what_python_sees_of_it(folder: Path) -> None:
    run = ledger(folder, seed=str(2**128 - 1))
    receipt = run.receipt()
    assert receipt.seed == 2**128 - 1
    assert json.loads(receipt.to_json())["seed"] == "340282366920938463463374607431768211455"
    assert receipt.levels == {"run-to-run": None, "host-to-host": True, "cross-hardware": True}
    assert receipt.waived == ("EG203 pillow: compared by hand",)
    assert (receipt.verdict, receipt.mode, receipt.level, receipt.overridden) == (
        "clean",
        "enforce",
        "host-to-host",
        (),
    )
    assert receipt.observed["packages"]["numpy"] == "2.4.6"
    assert receipt.switches["PYTHONHASHSEED"]["found"] == "0"
    assert (receipt.id, receipt.path, receipt.notes) == (run.id, None, ())
    assert receipt.to_json() == json.dumps(receipt.to_dict(), indent=2, sort_keys=True) + "\n"
    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{8}", receipt.id)
    assert receipt.time.replace("-", "").replace(":", "").removesuffix("+0000") + "Z" == receipt.id.partition("-")[0]


def test_it_is_written_below_the_project_where_git_does_not_see_it(folder: Path) -> None:
    run = ledger(folder)
    path = run.receipt().write()
    assert path == run.path == run.receipt().path == f"{folder}/.envguard/runs/{run.id}.json"
    assert lasting(read(path)) == lasting(run.document())
    assert (folder / ".envguard/runs/.gitignore").read_text() == "*\n"
    # Manifests, which are made to be committed, are not hidden by it.
    assert not (folder / ".envguard/.gitignore").exists()
    assert sorted(os.listdir(folder / ".envguard/runs")) == [".gitignore", f"{run.id}.json"]


def test_the_variable_comes_before_the_settings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = {**ANSWER, "receipts": "results/receipts"}
    assert ledger(folder, chosen).write().startswith(f"{folder}/results/receipts/2")
    # In a folder that somebody has chosen other things may lie, which git is to see.
    assert not (folder / "results/receipts/.gitignore").exists()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("ENVGUARD_RUNS", "elsewhere")
    assert ledger(folder, chosen).write().startswith(f"{folder}/elsewhere/2")


@pytest.mark.parametrize(("variable", "setting"), [("off", ".envguard/runs"), ("", None)])
def test_none_is_written_where_none_is_wanted(
    folder: Path, monkeypatch: pytest.MonkeyPatch, variable: str, setting: str | None
) -> None:
    monkeypatch.setenv("ENVGUARD_RUNS", variable)
    said: list[str] = []
    run = ledger(folder, {**ANSWER, "receipts": setting}, said)
    run.open()
    assert run.finish() is None
    with pytest.raises(
        WriteError, match=r"^no receipts are written here: ENVGUARD_RUNS=off, or receipts = false in the settings$"
    ):
        run.receipt().write()
    assert (os.listdir(folder), said) == ([], [])


def test_a_run_that_was_not_checked_has_its_receipt_with_the_project_around_it(folder: Path) -> None:
    (folder / "pyproject.toml").touch()
    (folder / "src/app").mkdir(parents=True)
    answer = {**ANSWER, "verdict": "not checked", "observed": {}}
    assert ledger(folder / "src/app", answer).write().startswith(f"{folder}/.envguard/runs/")


def test_outputs_are_bound_by_their_digests(folder: Path) -> None:
    (folder / "model.bin").write_bytes(b"weights")
    said: list[str] = []
    run = ledger(folder, said=said)
    path = run.finish([folder / "model.bin", str(folder / "none.bin")])
    end = read(path)["end"]
    assert end["how"] == "finish()"
    assert end["outputs"] == [
        {
            "path": f"{folder}/model.bin",
            "bytes": 7,
            "sha256": subprocess.run(
                ["sha256sum", folder / "model.bin"], capture_output=True, text=True, check=True
            ).stdout[:64],
        },
        {"path": f"{folder}/none.bin", "problem": "cannot be read: no such file or directory"},
    ]
    assert said == [
        f"envguard: the output {folder}/none.bin cannot be read: no such file or directory; the receipt of this run says so"
    ]
    jsonschema.Draft202012Validator(schema(2)).validate(read(path))


def test_other_parts_of_a_run_tell_their_own(folder: Path) -> None:
    run = ledger(folder)
    streams: list[dict[str, object]] = []
    run.tells("streams", lambda: streams)
    run.event("seal", generators={"random": b"x", "torch": 0.5}, step=3)
    streams.append({"name": "augment", "index": (1, 2**70)})
    run.attach("patch", ".patch", b"diff --git\n")
    document = read(run.write())
    assert document["streams"] == [{"name": "augment", "index": [1, "1180591620717411303424"]}]
    assert document["events"][0]["generators"] == {"random": "b'x'", "torch": "0.5"}
    assert document["files"]["patch"]["name"] == f"{run.id}.patch"
    assert (folder / f".envguard/runs/{run.id}.patch").read_bytes() == b"diff --git\n"
    jsonschema.Draft202012Validator(schema(2)).validate(document)


def test_names_that_are_no_text_are_spelled_out(folder: Path) -> None:
    answer = {
        **ANSWER,
        "observed": {**ANSWER["observed"], "environment": "/venv/\udcff", "number": 2**60, "share": 0.5},
    }
    document = read(ledger(folder, answer).write())
    assert document["observed"]["environment"] == "/venv/\\udcff"
    assert digest_of(document) == document["digest"]


def test_a_folder_that_cannot_be_written_to_ends_no_run(folder: Path) -> None:
    (folder / ".envguard").write_text("a file where the folder would be")
    said: list[str] = []
    run = ledger(folder, said=said)
    run.open()
    run.close()
    problem = f"the receipt of this run is not kept: {folder}/.envguard/runs/{run.id}.json: cannot be written: not a directory"
    assert said == [f"envguard: {problem}; the run goes on"]
    assert (run.path, run.receipt().notes) == (None, (problem,))
    with pytest.raises(WriteError, match="cannot be written: not a directory"):
        run.receipt().write()


def test_a_project_that_is_read_only_ends_no_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_only(path: str, *_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system", path)

    monkeypatch.setattr(os, "makedirs", read_only)
    said: list[str] = []
    run = ledger(folder, said=said)
    run.open()
    run.finish()
    assert len(said) == 1
    assert said[0].endswith(f"{run.id}.json: cannot be written: read-only file system; the run goes on")
    assert run.receipt().notes == (said[0].removeprefix("envguard: ").removesuffix("; the run goes on"),)


def test_a_full_disk_leaves_the_receipt_that_was_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    run = ledger(folder, said=said)
    run.open()
    before = read(run.path)

    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    run.finish()
    assert read(run.path) == before
    assert said == [
        f"envguard: the receipt of this run is not kept: {run.path}: cannot be written: no space left on device; the run goes on"
    ]
    assert sorted(os.listdir(folder / ".envguard/runs")) == [".gitignore", f"{run.id}.json"]


@pytest.mark.parametrize(
    ("variables", "rank"),
    [
        ({"RANK": "3", "WORLD_SIZE": "8"}, 3),
        ({"RANK": "0", "WORLD_SIZE": "8"}, 0),
        ({"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2"}, 1),
        ({"SLURM_PROCID": "2", "SLURM_STEP_NUM_TASKS": "4", "SLURM_STEP_ID": "0"}, 2),
        # A batch script is process 0 of no step; mpirun in it counts for itself.
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "4"}, None),
        (
            {
                "SLURM_PROCID": "0",
                "SLURM_NTASKS": "4",
                "SLURM_STEP_ID": "0",
                "SLURM_STEP_NUM_TASKS": "4",
                "PMI_RANK": "1",
                "PMI_SIZE": "2",
            },
            1,
        ),
    ],
)
def test_of_several_ranks_the_first_writes_by_itself(
    folder: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], rank: int | None
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    run = ledger(folder)
    run.open()
    assert (run.path is None) == bool(rank)
    assert run.write().endswith(f"{run.id}-rank{rank}.json" if rank else f"{run.id}.json")
    assert (read(run.path)["rank"] or {}).get("rank") == rank


def test_who_cannot_be_told_to_be_a_rank_writes_and_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "8")
    run = ledger(folder)
    run.open()
    document = read(run.path)
    assert document["rank"] is None
    assert document["notes"] == [
        "which rank this is cannot be told: the variables of the launcher contradict one another: RANK is not set and WORLD_SIZE is 8"
    ]


def test_a_rank_that_was_let_pass_writes_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "3")
    monkeypatch.setenv("WORLD_SIZE", "8")
    run = ledger(folder, {**ANSWER, "overridden": ["EG303 [cpu-mismatch] cpu.vendor is Zilog"]})
    run.open()
    assert run.path == f"{folder}/.envguard/runs/{run.id}-rank3.json"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_process_writes_nothing(folder: Path) -> None:
    code = """
    import os, sys
    from pathlib import Path
    from tests.receipts.specimens import ledger
    from envguard.errors import ReceiptError
    run = ledger(Path(sys.argv[1]))
    run.open()
    before = Path(run.path).read_bytes()
    child = os.fork()
    if not child:
        run.finish()
        try:
            run.write()
        except ReceiptError as error:
            print(error)
            sys.exit(0 if Path(run.path).read_bytes() == before else 9)
        sys.exit(8)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), Path(run.path).read_bytes() == before, flush=True)
    """
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code), str(folder)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert done.stdout == "only the process that called enforce() writes the receipt, and this is another one\n0 True\n"
    (name,) = (name for name in os.listdir(folder / ".envguard/runs") if name.endswith(".json"))
    assert read(str(folder / ".envguard/runs" / name))["end"]["how"] == "exit"


def test_names_of_runs_sort_by_time_within_a_second_too() -> None:
    moments = [1_780_000_000 + millisecond / 1000 for millisecond in range(0, 3000, 7)]
    names = [fresh_id(moment) for moment in moments]
    assert names == sorted(names)
    assert len({fresh_id(moments[0]) for _ in range(20)}) == 20
