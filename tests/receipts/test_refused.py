"""The receipt of a run that enforce() refused: there is one, it says why, and nobody takes it for one of a run."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.guarded import MANIFEST, Project, drift
from tests.receipts.test_enforced import receipts
from tests.test_guard import project

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["project"]


def envguard(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    return project.python("-m", "envguard", *arguments)


def refused(project: Project, code: str = "envguard.enforce(seed=42)", **environ: str) -> dict[str, Any]:
    """Return the only receipt that the refusal of *code* leaves."""
    done = project.train(code, **environ)
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert "Traceback" not in done.stderr
    (document,) = [item for item in receipts(project) if item["verdict"] == "refused"]
    assert document["refusal"]["text"].strip() == done.stderr.strip()
    return document


def test_drift_leaves_one_with_all_that_was_seen(project: Project) -> None:
    drift(project)
    document = refused(project)
    assert (document["mode"], document["level"], document["end"]["how"]) == ("enforce", "host-to-host", "refused")
    assert (document["refusal"]["error"], document["refusal"]["verdict"]) == ("DriftError", "drift")
    assert [(item["code"], item["subject"]) for item in document["findings"]] == [("EG303", "cpu.vendor")]
    assert document["levels"]["host-to-host"] == {
        "reachable": False,
        "blockers": ["EG303 cpu.vendor"],
        "unknowns": [],
        "waived": [],
    }
    assert (document["seed"], document["seeded"], document["streams"], document["overridden"]) == ("42", {}, [], [])
    assert document["observed"]["facts"]["interpreter.version"]
    assert document["process"]["argv"] == ["train.py"]


def test_whoever_catches_the_refusal_is_told_where_it_is(project: Project) -> None:
    drift(project)
    done = project.train("""
        try:
            envguard.enforce()
        except envguard.RefusedError as error:
            print(error.receipt)
    """)
    (document,) = receipts(project)
    assert done.stdout == f"{project.folder}/.envguard/runs/{document['id']}.refused.json\n"
    assert document["seed"] is None


def test_where_nothing_was_recorded(folder: Path) -> None:
    document = refused(Project(folder))
    assert (document["refusal"]["error"], document["refusal"]["verdict"]) == ("UndecidedError", "undecided")
    assert [item["code"] for item in document["findings"]] == ["EG902"]


def test_a_switch_that_is_too_late_leaves_one_before_anything_was_checked(project: Project) -> None:
    document = refused(project, "import os; os.environ['PYTHONHASHSEED'] = '7'; envguard.enforce(seed=42)")
    assert (document["refusal"]["error"], document["refusal"]["verdict"]) == ("RefusedError", None)
    assert "PYTHONHASHSEED" in document["refusal"]["text"]
    assert (document["observed"], document["findings"]) == ({}, [])


def test_ranks_that_cannot_go_on_leave_what_they_said(project: Project) -> None:
    document = refused(project, WORLD_SIZE="8")
    assert document["rank"] is None
    assert [item["code"] for item in document["findings"]] == ["EG804"]
    assert document["levels"]["run-to-run"]["blockers"] == ["EG804 ranks"]
    assert document["ranks"]["agreed"] is False
    # What the check had seen is in it all the same.
    assert document["observed"]["facts"]["interpreter.version"]


@pytest.mark.parametrize("setting", ["receipts = false", "receipts = 7"])
def test_none_is_kept_where_the_settings_say_so_or_cannot_be_read(project: Project, setting: str) -> None:
    (project.folder / "pyproject.toml").write_text(f"{MANIFEST}{setting}\n")
    drift(project)
    done = project.train("envguard.enforce(seed=42)")
    assert done.returncode == 1
    assert not (project.folder / ".envguard/runs").exists()


def test_none_is_kept_where_the_variable_says_so(project: Project) -> None:
    drift(project)
    done = project.train("envguard.enforce(seed=42)", ENVGUARD_RUNS="off")
    assert done.returncode == 1
    assert not (project.folder / ".envguard/runs").exists()


def test_a_folder_that_cannot_be_written_changes_nothing_of_the_refusal(project: Project) -> None:
    drift(project)
    wanted = project.train("envguard.enforce(seed=42)")
    shutil.rmtree(project.folder / ".envguard")
    (project.folder / "file").write_text("")
    done = project.train("envguard.enforce(seed=42)", ENVGUARD_RUNS=str(project.folder / "file" / "runs"))
    assert done.returncode == 1
    first, rest = done.stderr.split("\n", 1)
    assert first.startswith("envguard: the receipt of this refusal is not kept: ")
    assert first.endswith("cannot be written: not a directory")
    assert rest == wanted.stderr


def test_nothing_that_goes_wrong_with_it_takes_the_place_of_the_refusal(project: Project) -> None:
    drift(project)
    done = project.train("""
        import envguard.receipts.document as document
        def broken(*_, **__):
            raise ZeroDivisionError("broken")
        document.assemble = broken
        envguard.enforce(seed=42)
    """)
    assert done.returncode == 1
    assert done.stderr.startswith("envguard: the receipt of this refusal is not kept: ZeroDivisionError: broken\n")
    assert done.stderr.splitlines()[-1] == "drift at host-to-host: 1 error"


def test_the_command_line_tells_it_from_a_run(project: Project) -> None:
    project.train("envguard.enforce(seed=42)")
    drift(project)
    document = refused(project)
    name = document["id"]
    listed = envguard(project, "receipt", "list").stdout.splitlines()
    assert [line.split()[1:] for line in listed] == [["refused", "train.py"], ["clean", "train.py"]]
    shown = envguard(project, "receipt", "show", "refused").stdout
    assert "verdict       refused at host-to-host\nrefused       DriftError:\n" in shown
    assert "EG303 [cpu-mismatch] cpu.vendor is " in shown
    assert f"seed          42 ({document['scheme']}, derived)\n" in shown
    assert ", refused after " in shown
    assert envguard(project, "receipt", "verify", "refused").returncode == 0
    told = envguard(project, "receipt", "diff", "latest", "refused").stdout
    assert "verdict" in told
    assert "clean" in told
    path = f".envguard/runs/{name}.refused.json"
    for arguments, therefore in (
        (("reproduce", "refused"), "there is nothing to run again"),
        (("reproduce", "refused", "--check"), "there is nothing to run again"),
        (("receipt", "show", "refused", "--in-toto"), "it has made nothing to state"),
    ):
        done = envguard(project, *arguments)
        assert done.returncode == 2
        assert f"{path}: is of a run that enforce() refused (DriftError): {therefore}" in done.stderr
    done = envguard(project, "check", "--against", path)
    assert done.returncode == 2
    assert "is of a run that enforce() refused: what it saw is no state to hold another against" in done.stderr


def test_the_latest_is_the_latest_run_that_began_and_a_refusal_since_is_said(project: Project) -> None:
    drift(project)
    first = refused(project)
    done = envguard(project, "receipt", "show")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no receipt latest: no run that began has left one here, and 1 run that was refused" in done.stderr
    assert "hint: envguard receipt show refused" in done.stderr
    assert project.train("envguard.enforce(seed=7)", ENVGUARD="warn").returncode == 0
    for command in ("show", "verify"):
        done = envguard(project, "receipt", command)
        assert (done.returncode, done.stderr) == (0, ""), "the refusal was before it"
    assert project.train("envguard.enforce(seed=8)").returncode == 1
    done = envguard(project, "receipt", "show")
    assert "verdict       drift at host-to-host" in done.stdout
    assert "seed          7 " in done.stdout
    said = done.stderr.splitlines()
    assert said[0].startswith("note: the latest start was refused (2")
    assert said[0].endswith(".refused), and 'latest' is the latest run that began")
    assert said[1:] == ["hint: envguard receipt show refused"]
    assert "seed          8 " in envguard(project, "receipt", "show", "refused").stdout
    done = envguard(project, "receipt", "show", first["id"])
    assert ("seed          42 " in done.stdout, done.stderr) == (True, "")
    assert envguard(project, "reproduce", "latest").returncode == 0
    assert project.train("envguard.enforce(seed=9)", ENVGUARD="warn").returncode == 0
    assert project.train("envguard.enforce(seed=10)").returncode == 1
    done = envguard(project, "receipt", "diff")
    assert "seed" in done.stdout
    assert done.stderr.splitlines()[1:] == ["hint: envguard receipt diff latest refused"]


def test_of_refusals_the_last_twenty_are_kept_and_nothing_else_goes(project: Project) -> None:
    runs = project.folder / ".envguard/runs"
    assert project.train("envguard.enforce(seed=7)").returncode == 0
    (kept,) = (name.name for name in runs.glob("*.json"))
    others = ["notes.refused.json", "20261126T000000Z-00000000.json", "20261126T000000Z-00000000.patch"]
    for name in others:
        (runs / name).touch()
    for number in range(25):
        (runs / f"20250101T0000{number:02}Z-{number:08x}{'-rank3' if number % 2 else ''}.refused.json").touch()
    drift(project)
    document = refused_last(project)
    left = sorted(path.name for path in runs.glob("*.json") if path.name.endswith(".refused.json"))
    assert left[-2:] == [f"{document['id']}.refused.json", "notes.refused.json"]
    assert [name[:16] for name in left[:-2]] == [f"20250101T0000{number:02}Z" for number in range(6, 25)]
    assert all((runs / name).exists() for name in (kept, *others))


def refused_last(project: Project) -> dict[str, Any]:
    assert project.train("envguard.enforce(seed=42)").returncode == 1
    path = max((project.folder / ".envguard/runs").glob("2[0-9]*T*.refused.json"))
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_a_refusal_that_was_made_a_run_does_not_agree_with_itself(project: Project) -> None:
    from envguard.receipts.canonical import digest_of

    drift(project)
    document = refused(project)
    document |= {"verdict": "clean"}
    document["digest"] = digest_of(document)
    path = project.folder / "edited.json"
    path.write_text(json.dumps(document))
    done = envguard(project, "receipt", "verify", "edited.json")
    assert done.returncode == 1
    assert "verdict is 'clean', and end.how says otherwise" in done.stdout
    assert "verdict is 'clean', and refusal says otherwise" in done.stdout
