"""What is to be restored to run a run again, and whether it is here: on a project that git knows."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from envguard.check import run_check
from envguard.observe import Request
from envguard.reader import Reader
from envguard.receipts.judged import judged
from tests.receipts.specimens import ledger

if TYPE_CHECKING:
    from .conftest import Cli, Project


def git(project: Project, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=project.folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def run(cli: Cli, recorded: Project) -> str:
    """The commit of a recorded project with data, of which there is a receipt."""
    (recorded.folder / "data").mkdir()
    (recorded.folder / "data/a").write_text("1", encoding="utf-8")
    (recorded.folder / ".gitignore").write_text(".venv\ndata\n.envguard\n", encoding="utf-8")
    assert cli("data", "add", "data").status == 0
    git(recorded, "init", "--quiet", "--initial-branch=main")
    git(recorded, "add", ".")
    git(recorded, "commit", "--quiet", "--message", "first")
    outcome = run_check(Reader(), str(recorded.folder), Request())
    ledger(recorded.folder, judged(outcome.report, outcome.facts, receipts=outcome.receipts)).write()
    return git(recorded, "rev-parse", "HEAD")


def states(cli: Cli, *arguments: str) -> tuple[int, dict[str, tuple[str, str]]]:
    found = cli("reproduce", "latest", "--check", "--format", "json", *arguments)
    assert found.err == ""
    points = json.loads(found.out)["points"]
    return found.status, {point["name"]: (point["state"], point["text"]) for point in points}


def test_the_commands_are_printed_and_nothing_is_run(cli: Cli, recorded: Project, run: str) -> None:
    before = git(recorded, "status", "--porcelain", "--ignored")
    found = cli("reproduce", "latest")
    assert (found.status, found.err) == (0, "")
    lines = found.out.splitlines()
    assert lines[:4] == [
        "# code",
        "#   the receipt names no remote to clone from: begin in a clone that has the commit",
        "#   the commit was not pushed when the run began: the remote may not have it",
        f"git checkout --detach {run}",
    ]
    assert "uv sync --locked" in lines
    assert "envguard data verify data" in lines
    assert lines[-1].startswith("envguard run --seed 42 --level host-to-host -- ")
    assert git(recorded, "status", "--porcelain", "--ignored") == before
    steps = json.loads(cli("reproduce", "latest", "--format", "json").out)["steps"]
    assert steps[0]["title"] == "code"
    assert [command for step in steps for command in step["commands"]] == [
        line for line in lines if line and not line.startswith("#")
    ]


def test_what_is_here_is_what_the_run_had(cli: Cli, recorded: Project, run: str) -> None:
    status, found = states(cli)
    assert {name: state for name, (state, _) in found.items()} == {
        "digest": "same",
        "parts": "same",
        "commit": "same",
        "work tree": "same",
        "lock": "same",
        "selection": "same",
        "packages": "same",
        "machine": "same",
        "data data": "same",
    }
    assert status == 0
    assert found["commit"][1] == run


def test_what_differs_is_named_one_by_one(cli: Cli, recorded: Project, run: str) -> None:
    (recorded.folder / "data/a").write_text("2", encoding="utf-8")
    recorded.install("extra", "1.0")
    (recorded.folder / "train.py").write_text("1", encoding="utf-8")
    git(recorded, "add", "train.py")
    git(recorded, "commit", "--quiet", "--message", "later")
    (recorded.folder / "train.py").write_text("2", encoding="utf-8")
    status, found = states(cli)
    assert status == 1
    assert {name for name, (state, _) in found.items() if state == "different"} == {
        "commit",
        "work tree",
        "packages",
        "data data",
    }
    assert found["packages"][1] == "extra 1.0, the run had none"
    assert found["commit"][1] == f"{git(recorded, 'rev-parse', 'HEAD')} is checked out, the run had {run}"


def test_what_cannot_be_told_is_no_yes(cli: Cli, recorded: Project, run: str) -> None:
    (path,) = (recorded.folder / ".envguard/runs").glob("*.json")
    document: dict[str, Any] = json.loads(path.read_bytes())
    from envguard.receipts.document import render
    from tests.receipts.specimens import sealed

    document["observed"]["data"]["trees"]["data"]["root"] = None
    document["findings"] = [{**ledger_finding(), "subject": "data"}]
    document["observed"]["facts"]["cpu.vendor"] = "unknown: hidden"
    document["observed"]["code"] = None
    path.write_bytes(render(sealed(document)))
    status, found = states(cli)
    assert status == 3
    assert {name for name, (state, _) in found.items() if state == "unknown"} == {
        "commit",
        "work tree",
        "cpu.vendor",
        "data data",
    }


def ledger_finding() -> dict[str, Any]:
    from tests.receipts.specimens import ANSWER

    kept = ("reason", "until")
    return {key: value for key, value in ANSWER["waived"][0].items() if key not in kept}


def test_a_receipt_that_was_changed_is_not_what_is_here(cli: Cli, recorded: Project, run: str) -> None:
    (path,) = (recorded.folder / ".envguard/runs").glob("*.json")
    path.write_bytes(path.read_bytes().replace(b'"seed": "42"', b'"seed": "41"'))
    status, found = states(cli)
    assert (status, found["digest"][0]) == (1, "different")
