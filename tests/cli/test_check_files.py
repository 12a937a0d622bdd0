"""``envguard check --files``: the files of installed packages, from the command line."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from importlib import resources
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from envguard import machine
from envguard.files import quick

from .conftest import Runs

if TYPE_CHECKING:
    from .conftest import Cli, Project


def edit(project: Project, name: str = "numpy.py") -> None:
    with open(project.site / name, "ab") as file:
        file.write(b"# edited\n")


def settle(project: Project) -> None:
    newest = max(path.lstat().st_ctime for path in project.folder.rglob("*"))
    time.sleep(max(0.0, newest + 2.1 - time.time()))


def test_files_are_looked_at_only_where_that_is_asked_for(cli: Cli, recorded: Project) -> None:
    edit(recorded)
    assert cli("check").status == 0
    result = cli("check", "--files")
    assert result.status == 1
    assert "[modified-file] 1 file of numpy is not what its installer wrote: numpy.py " in " ".join(result.out.split())
    assert "\nfiles        6 files of 2 packages, 156 bytes (every file was read)\n" in result.out
    assert "run-to-run      not reachable: EG401 numpy\n" in result.out


def test_the_setting_makes_it_part_of_every_check(cli: Cli, recorded: Project) -> None:
    edit(recorded)
    table = "[tool.envguard]\n"
    settings = recorded.manifest.read_text(encoding="utf-8").replace(table, f"{table}files = true\n")
    recorded.manifest.write_text(settings, encoding="utf-8")
    assert cli("check").status == 1
    assert cli("check", "--no-files").status == 0


def test_a_setting_that_is_no_flag_is_an_error(cli: Cli, recorded: Project) -> None:
    table = "[tool.envguard]\n"
    settings = recorded.manifest.read_text(encoding="utf-8").replace(table, f'{table}files = "yes"\n')
    recorded.manifest.write_text(settings, encoding="utf-8")
    result = cli("check")
    assert result.status == 2
    assert "in 'tool.envguard.files': expected true or false, found a string" in result.err


def test_a_clean_answer_is_given_again_until_a_file_changes(
    cli: Cli, recorded: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = Runs(monkeypatch)
    settle(recorded)
    first = cli("check", "--files")
    assert (first.status, runs.count) == (0, 1), first.out
    # The same, but that this time nothing was read.
    assert cli("check", "--files").out == first.out.replace("every file was read", "6 unchanged by the stat cache")
    assert runs.count == 1
    # Another command is another question.
    assert cli("check").status == 0
    assert runs.count == 2
    edit(recorded)
    assert cli("check", "--files").status == 1
    assert runs.count == 3


@pytest.mark.parametrize("name", ["new.pth", "numpy_extra.py", "numpy-2.4.6.dist-info/more.txt"])
def test_no_answer_outlives_a_new_file(cli: Cli, recorded: Project, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    runs = Runs(monkeypatch)
    settle(recorded)
    assert cli("check", "--files").status == 0
    (recorded.site / name).write_bytes(b"")
    cli("check", "--files")
    assert runs.count == 2


def test_no_answer_outlives_an_edit_that_hides_itself(
    cli: Cli, recorded: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The size and the time of modification are as they were; the time of change is not."""
    settle(recorded)
    assert cli("check", "--files").status == 0
    path = recorded.site / "numpy.py"
    stamps, content = path.stat(), path.read_bytes()
    path.write_bytes(content[::-1])
    os.utime(path, ns=(stamps.st_atime_ns, stamps.st_mtime_ns))
    assert cli("check", "--files").status == 1


def test_nothing_is_believed_without_the_cache(cli: Cli, recorded: Project) -> None:
    settle(recorded)
    cli("check", "--files", "--exit-zero")
    assert "(6 unchanged by the stat cache)" in cli("check", "--files", "--fail-on", "warning").out
    assert "(every file was read)" in cli("check", "--files", "--no-cache").out


def test_what_differs_can_be_accepted_package_by_package(cli: Cli, recorded: Project) -> None:
    edit(recorded)
    (recorded.site / "pytest.py").unlink()
    result = cli("record", "--files")
    assert result.status == 0
    assert "recorded machine 'default' again in envguard.lock: 2 changed\n" in result.out
    assert "  files of numpy  added: blake3:" in result.out
    assert "clean at host-to-host: " in result.out
    document = json.loads(recorded.baseline.read_text(encoding="utf-8"))
    assert sorted(document["machines"]["default"]["files"]) == ["numpy", "pytest"]
    result = cli("check", "--files")
    assert result.status == 0
    assert "; different as recorded: numpy, pytest\n" in " ".join(result.out.split("\n             ")) + "\n"
    edit(recorded)
    result = cli("check", "--files")
    assert result.status == 1
    assert "[modified-file] 1 file of numpy" in result.out
    assert "missing-file" not in result.out


def test_recording_without_looking_keeps_what_was_accepted(cli: Cli, recorded: Project) -> None:
    edit(recorded)
    cli("record", "--files")
    before = recorded.baseline.read_bytes()
    assert cli("record").status == 0
    assert recorded.baseline.read_bytes() == before
    recorded.install("numpy", "2.4.6")
    assert "  files of numpy removed: blake3:" in cli("record", "--files").out


def test_a_damaged_digest_in_the_record_is_an_error(cli: Cli, recorded: Project) -> None:
    document = json.loads(recorded.baseline.read_text(encoding="utf-8"))
    document["machines"]["default"]["files"] = {"numpy": "blake3:x"}
    recorded.baseline.write_text(json.dumps(document), encoding="utf-8")
    result = cli("check")
    assert result.status == 2
    assert "in 'machines.default.files.numpy': expected \"blake3:\" and 64 hexadecimal digits" in result.err


def test_a_waiver_of_files_is_unused_only_where_somebody_looked(cli: Cli, recorded: Project) -> None:
    waiver = '\n[[tool.envguard.waivers]]\nrule = "modified-file"\nsubject = "numpy"\nreason = "patched"\n'
    recorded.manifest.write_text(recorded.manifest.read_text(encoding="utf-8") + waiver, encoding="utf-8")
    assert "unused-waiver" not in cli("check").out
    assert "unused-waiver" in cli("check", "--files").out
    edit(recorded)
    result = cli("check", "--files")
    assert result.status == 0
    assert "  waived       patched\n" in result.out


def test_an_installation_that_left_no_record_is_undecided(cli: Cli, recorded: Project) -> None:
    (recorded.site / "numpy-2.4.6.dist-info" / "RECORD").unlink()
    cli("record")
    result = cli("check", "--files")
    assert result.status == 3
    assert "[unverifiable-files] the files of numpy cannot all be verified: it has no RECORD " in " ".join(
        result.out.split()
    )
    assert "unlisted-file" not in result.out


def test_json_tells_all_of_it_and_fits_its_schema(cli: Cli, recorded: Project) -> None:
    schema = json.loads((resources.files("envguard.report") / "schema" / "report-v1.json").read_text(encoding="utf-8"))
    edit(recorded)
    report = json.loads(cli("check", "--files", "--format", "json").out)
    jsonschema.validate(report, schema)
    (finding,) = (item for item in report["findings"] if item["code"].startswith("EG4"))
    assert (finding["code"], finding["subject"]) == ("EG401", "numpy")
    assert finding["place"]["path"] == str(recorded.site / "numpy.py")
    assert report["notes"]["files"] == "6 files of 2 packages, 156 bytes (every file was read)"


def test_what_is_wrong_with_the_lock_is_told_first_and_nothing_goes_on_behind_it(cli: Cli, recorded: Project) -> None:
    recorded.lock.write_text("version = 1\n[[package]]\n", encoding="utf-8")
    shutil.rmtree(recorded.folder / ".venv" / "bin")
    found = cli("check", "--files", "--python", ".venv")
    assert (found.status, found.out) == (2, "")
    assert found.err.startswith("error: uv.lock:")
    assert threading.active_count() == 1


def test_an_environment_that_is_none_is_told_with_files_as_without(cli: Cli, recorded: Project) -> None:
    shutil.rmtree(recorded.folder / ".venv" / "bin")
    found = cli("check", "--files", "--python", ".venv")
    assert (found.status, found) == (2, cli("check", "--python", ".venv"))


def test_the_files_are_looked_at_while_the_machine_is(
    cli: Cli, recorded: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both processors have something to do: the look has begun before the machine is asked, and is waited for afterwards."""
    begun, asked = threading.Event(), threading.Event()
    look, observe = quick.look, machine.observe

    def waits(*arguments: Any, **options: Any) -> Any:
        begun.set()
        assert asked.wait(60)
        return look(*arguments, **options)

    def asks(*arguments: Any, **options: Any) -> Any:
        assert begun.wait(60)
        asked.set()
        return observe(*arguments, **options)

    monkeypatch.setattr(quick, "look", waits)
    monkeypatch.setattr(machine, "observe", asks)
    assert cli("check", "--files").status == 0
