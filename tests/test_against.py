"""Checking against another record: a file, a folder, a revision, a receipt; and what is said where there is none."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from envguard import trace
from envguard.check import run_check
from envguard.observe import Request
from envguard.reader import Reader
from tests.cli.conftest import Cli, Project, Runs, cli, project, recorded
from tests.receipts.specimens import first_version

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["cli", "project", "recorded"]


def git(folder: Path, *arguments: str) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    who = {
        f"GIT_{part}_{key}": value
        for part in ("AUTHOR", "COMMITTER")
        for key, value in (("NAME", "a"), ("EMAIL", "a@b"))
    }
    command = ["git", "-c", "init.defaultBranch=main", "-c", "commit.gpgSign=false", *arguments]
    subprocess.run(command, cwd=folder, env={**environ, **who}, check=True, capture_output=True)


@pytest.fixture
def committed(recorded: Project) -> Project:
    """A recorded project in a repository of its own, one commit old."""
    git(recorded.folder, "init")
    git(recorded.folder, "add", "envguard.lock", "uv.lock", "pyproject.toml")
    git(recorded.folder, "commit", "-m", "first")
    return recorded


def another(path: Path, machine: str = "default", **facts: str) -> dict[str, Any]:
    """Rewrite the record at *path*: other facts, whose first underscore is a dot, and another name of its machine."""
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    (found,) = document["machines"].values()
    found["facts"].update({key.replace("_", ".", 1): value for key, value in facts.items()})
    document["machines"] = {machine: found}
    path.write_text(json.dumps(document), encoding="utf-8")
    return document


def test_a_file_takes_the_place_of_the_projects_own_record(cli: Cli, recorded: Project) -> None:
    other = recorded.folder / "records" / "paper.lock"
    other.parent.mkdir()
    other.write_bytes(recorded.baseline.read_bytes())
    another(other, "paper", cpu_model="EPYC 9999")
    assert cli("check").status == 0
    found = cli("check", "--against", "records/paper.lock")
    assert found.status == 1
    assert (
        "baseline     records/paper.lock, machine paper (the only one, and it does not fit: 1 fact differs)\n"
        in found.out
    )
    assert "records/paper.lock:1: EG303 [cpu-mismatch] cpu.model is " in found.out
    assert "not reachable: EG303 cpu.model\n" in found.out
    assert cli("check", "--against", "records/paper.lock", "--exit-zero").status == 0
    assert cli("check", "--against", "records/paper.lock", "--level", "cross-hardware").status == 0


def test_a_folder_is_another_checkout(cli: Cli, recorded: Project, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "envguard.lock").write_bytes(recorded.baseline.read_bytes())
    assert cli("check", "--against", str(other)).status == 0
    another(other / "envguard.lock", cpu_model="EPYC 9999")
    assert cli("check", "--against", str(other)).status == 1


def test_a_revision_is_read_from_the_repository_and_never_kept(
    cli: Cli, committed: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace, "LOCAL_SLACK_NS", 0)
    monkeypatch.setattr(trace, "FOREIGN_SLACK_NS", 0)
    another(committed.baseline, cpu_model="EPYC 9999")
    assert cli("check").status == 1
    runs = Runs(monkeypatch)
    for _ in range(2):
        found = cli("check", "--against", "HEAD")
        assert (found.status, found.err) == (0, "")
        assert "baseline     HEAD:envguard.lock, machine default\n" in found.out
    assert runs.count == 2
    git(committed.folder, "commit", "-am", "second")
    # The same words mean another commit now.
    assert cli("check", "--against", "HEAD").status == 1
    assert cli("check", "--against", "HEAD~1").status == 0
    assert cli("check", "--against", "HEAD~1:envguard.lock").status == 0
    assert cli("check", "--against", "HEAD~1:./envguard.lock").status == 0


@pytest.mark.parametrize("form", ["text", "json", "github"])
def test_every_format_and_the_machine_by_its_name(cli: Cli, committed: Project, form: str) -> None:
    document = json.loads(committed.baseline.read_text(encoding="utf-8"))
    here = document["machines"]["default"]
    lab = {**here, "facts": {**here["facts"], "cpu.model": "EPYC 9999"}}
    committed.baseline.write_text(json.dumps({**document, "machines": {"here": here, "lab": lab}}), encoding="utf-8")
    git(committed.folder, "commit", "-am", "two")
    committed.baseline.unlink()
    found = cli("check", "--against", "HEAD", "--format", form)
    assert (found.status, found.err) == (0, "")
    named = cli("check", "--against", "HEAD", "--machine", "lab", "--format", form)
    assert named.status == 1
    if form == "json":
        subject = json.loads(named.out)["subject"]
        assert subject["baseline"] == "HEAD:envguard.lock"
        assert (subject["machine"], subject["machine_fits"]) == ("lab", False)
        assert subject["machine_why"] == "as named, and it does not fit: 1 fact differs; here would fit"
        assert json.loads(found.out)["subject"]["machine_why"] == "the one of 2 that fits"
    elif form == "github":
        why = "as named, and it does not fit: 1 fact differs; here would fit"
        assert f"::notice title=envguard%2C machine::lab of HEAD:envguard.lock ({why})\n" in named.out
        assert "::error title=EG303 cpu-mismatch::cpu.model is " in named.out
    else:
        assert "HEAD:envguard.lock: EG303 [cpu-mismatch] cpu.model is " in named.out
    missing = cli("check", "--against", "HEAD", "--machine", "lap", "--format", form)
    assert missing.status == 2
    assert missing.err == "error: HEAD:envguard.lock: no machine 'lap' is recorded; recorded are: here, lab\n"


def test_what_is_not_there_is_named(cli: Cli, committed: Project) -> None:
    def said(named: str) -> str:
        found = cli("check", "--against", named)
        assert (found.status, found.out) == (2, "")
        return found.err

    assert said("v9") == ("error: there is no file 'v9', and there is no revision 'v9'\n\nhint: git log --oneline\n")
    assert said("HEAD:no.lock") == "error: there is no no.lock in revision 'HEAD'\n"
    assert said(".venv") == (
        "error: the folder '.venv' has no envguard.lock, and there is no revision '.venv'\n\nhint: git log --oneline\n"
    )
    assert said("--output=x").startswith("error: there is no file '--output=x', and there is no revision")
    assert not (committed.folder / "x").exists()
    git(committed.folder, "rm", "--cached", "envguard.lock")
    git(committed.folder, "commit", "-m", "gone")
    assert said("HEAD") == (
        "error: there is no envguard.lock in revision 'HEAD'\n\nhint: git log --oneline -- envguard.lock\n"
    )
    assert said("uv.lock").startswith("error: uv.lock:1: ")


def test_without_a_repository_only_files_can_be_named(cli: Cli, recorded: Project) -> None:
    found = cli("check", "--against", "v1.0")
    assert found.status == 2
    assert found.err == "error: there is no file 'v1.0', and this project is in no git repository\n"


def test_a_broken_record_of_a_revision_is_named_by_its_revision(cli: Cli, committed: Project) -> None:
    committed.baseline.write_text('{"schema": {"name": "envguard.lock", "version": 99}}', encoding="utf-8")
    git(committed.folder, "commit", "-am", "newer")
    git(committed.folder, "checkout", "HEAD~1", "envguard.lock")
    found = cli("check", "--against", "HEAD")
    assert found.status == 2
    assert found.err == (
        "error: HEAD:envguard.lock: in 'schema.version': schema version 99 is not known here, only 1\n"
        "\nhint: update envguard\n"
    )


def test_hints_do_not_say_to_record_what_is_somebody_elses(cli: Cli, recorded: Project) -> None:
    other = recorded.folder / "other.lock"
    other.write_bytes(recorded.baseline.read_bytes())
    another(other, platform_libc="unknown: it was not there")
    found = cli("check", "--against", "other.lock")
    assert found.status == 3
    assert "hint: without --against, envguard check compares with the record of this project\n" in found.out
    assert "envguard record" not in found.out


class Receipts:
    """Receipts as ``enforce()`` makes them, of a check of the project as it is now."""

    def __init__(self, project: Project) -> None:
        self.folder = project.folder

    def write(self, name: str = "run.json", **changes: Any) -> str:
        outcome = run_check(Reader(), str(self.folder), Request())
        observed = {**outcome.facts, **changes}
        made = first_version(mode="warn", verdict=str(outcome.report.verdict), seed="1", observed=observed)
        (self.folder / name).write_text(made, encoding="utf-8")
        return name


@pytest.fixture
def receipts(recorded: Project) -> Receipts:
    return Receipts(recorded)


def test_a_receipt_is_the_record_of_one_machine(cli: Cli, recorded: Project, receipts: Receipts) -> None:
    name = receipts.write()
    recorded.baseline.unlink()
    found = cli("check", "--against", name)
    assert (found.status, found.err) == (0, "")
    assert "baseline     run.json, machine default\n" in found.out
    document = json.loads((recorded.folder / name).read_text(encoding="utf-8"))
    document["observed"]["facts"]["cpu.model"] = "EPYC 9999"
    document["observed"]["facts"]["platform.libc"] = "unknown: it was hidden"
    (recorded.folder / name).write_text(json.dumps(document), encoding="utf-8")
    found = cli("check", "--against", name)
    assert found.status == 1
    assert "run.json: EG303 [cpu-mismatch] cpu.model is " in found.out
    assert "run.json: EG306 [unreadable-fact] platform.libc cannot be compared" in found.out


def test_packages_are_compared_with_those_of_the_run(cli: Cli, recorded: Project, receipts: Receipts) -> None:
    recorded.install("extra", "1.0")
    name = receipts.write()
    assert cli("check", "--against", name).status == 0
    recorded.install("extra", "2.0")
    found = cli("check", "--against", name)
    assert found.status == 1
    assert "EG211 [unlocked-change] extra 1.0 was recorded, 2.0 is installed" in " ".join(found.out.split())


def test_data_is_compared_with_what_the_run_saw(cli: Cli, recorded: Project, receipts: Receipts) -> None:
    folder = recorded.folder / "data"
    folder.mkdir()
    (folder / "a").write_text("1", encoding="utf-8")
    (folder / "b.tmp").write_text("1", encoding="utf-8")
    assert cli("data", "add", "data", "--ignore", "*.tmp").status == 0
    name = receipts.write()
    recorded.baseline.unlink()
    (folder / "c.tmp").write_text("1", encoding="utf-8")
    assert cli("check", "--against", name).status == 0
    (folder / "a").write_text("2", encoding="utf-8")
    changed = cli("check", "--against", name)
    assert changed.status == 1
    assert "EG501" in changed.out
    # The run went on over data that nobody could tell: that is never the same.
    document = json.loads((recorded.folder / name).read_text(encoding="utf-8"))
    document["observed"]["data"]["trees"]["data"]["root"] = None
    (recorded.folder / name).write_text(json.dumps(document), encoding="utf-8")
    assert cli("check", "--against", name).status == 1


def test_data_that_the_run_left_out_is_told(cli: Cli, recorded: Project, receipts: Receipts) -> None:
    left = {"verified": False, "left-out": "left out, as was asked for", "trees": {}}
    found = cli("check", "--against", receipts.write(data=left))
    assert found.status == 0
    words = " ".join(found.out.split())
    assert "data not verified: the run of the receipt did not look at it (left out, as was asked for)" in words


@pytest.mark.parametrize(
    ("observed", "message"),
    [
        ({}, "in 'observed': tells nothing of packages and machine: its run was not checked"),
        ({"facts": {"cpu.model": 1}}, "in 'observed.facts.cpu.model': expected a string, found a number"),
        ({"facts": {"cpu.model": "x"}, "packages": []}, "in 'observed.packages': expected an object, found a list"),
        ({"facts": {"cpu.model": "x"}, "data": {"trees": {"a": 1}}}, "in 'observed.data.trees.a': expected an object"),
    ],
)
def test_a_receipt_that_cannot_be_used_is_an_error(
    cli: Cli, recorded: Project, receipts: Receipts, observed: dict[str, Any], message: str
) -> None:
    path = recorded.folder / receipts.write()
    document = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**document, "observed": observed}), encoding="utf-8")
    found = cli("check", "--against", "run.json")
    assert found.status == 2
    assert found.err.startswith(f"error: run.json:1: {message}")
