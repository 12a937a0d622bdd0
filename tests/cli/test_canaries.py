"""Numeric canaries on the command line: recorded, compared, shown, and never taken for what they are not."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import Runs
from tests.guarded import LOCK, MANIFEST

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli, Project, Result


class Sung:
    """A project that locks nothing, whose environment is the one of the tests, which holds NumPy."""

    def __init__(self, folder: Path, cli: Cli) -> None:
        self.baseline = folder / "envguard.lock"
        self.cli = cli

    def __call__(self, command: str, *arguments: str) -> Result:
        return self.cli(command, "--python", sys.executable, *arguments)

    def machine(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.baseline.read_bytes())["machines"]["default"]
        return found

    def write(self, machine: dict[str, Any]) -> None:
        document = json.loads(self.baseline.read_bytes())
        document["machines"]["default"] = machine
        self.baseline.write_text(json.dumps(document), encoding="utf-8")


@pytest.fixture
def sung(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli) -> Sung:
    folder = tmp_path / "app"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "pyproject.toml").write_text(MANIFEST, encoding="utf-8")
    (folder / "uv.lock").write_text(LOCK, encoding="utf-8")
    made = Sung(folder, cli)
    result = made("record", "--canaries")
    assert result.status == 0, result.err
    assert "  canaries     17 of NumPy on the CPU\n" in result.out
    return made


def words(text: str) -> str:
    return " ".join(text.split())


def test_a_check_says_that_they_were_not_run_and_asks_when_told_to(sung: Sung) -> None:
    plain = sung("check")
    assert plain.status == 0
    assert "canaries     17 recorded, not run: envguard check --canaries runs them\n" in plain.out
    run = sung("check", "--canaries")
    assert run.status == 0
    assert "canaries     17 of 17 gave the recorded bits\n" in run.out


def test_a_difference_is_drift_with_its_place(sung: Sung) -> None:
    machine = sung.machine()
    machine["canaries"]["digests"]["numpy.cpu.norm.float64"] = "blake2b:00"
    machine["canaries"]["conditions"]["numpy.blas"] = "OpenBLAS Zen"
    sung.write(machine)
    assert sung("check").status == 0
    result = sung("check", "--canaries")
    assert result.status == 1
    assert (
        "EG313 [canary-mismatch] NumPy on the CPU computes other bits than were recorded: norm (float64); 16 others"
        in (words(result.out))
    )
    assert "likely because numpy.blas is OpenBLAS" in words(result.out)
    document = json.loads(sung("check", "--canaries", "--format", "json").out)
    (finding,) = (item for item in document["findings"] if item["code"] == "EG313")
    assert finding["subject"] == "canary.numpy.cpu: norm"
    assert finding["note"].startswith("likely because numpy.blas is OpenBLAS")
    assert "%0Anote: likely because" in sung("check", "--canaries", "--format", "github").out


def test_what_is_asked_for_and_cannot_be_compared_is_undecided(sung: Sung) -> None:
    machine = sung.machine()
    machine["canaries"]["digests"]["torch.cuda.exp.float32"] = "blake2b:00"
    sung.write(machine)
    result = sung("check", "--canaries")
    assert result.status == 3
    assert "EG314 [unknown-canary] PyTorch on the GPU cannot be compared: not computed here" in words(result.out)
    del machine["canaries"]
    sung.write(machine)
    result = sung("check", "--canaries")
    assert result.status == 3
    assert "EG314 [unknown-canary] no canaries are recorded of machine 'default'" in words(result.out)
    assert re.search(r"hint: envguard record --python \S+ --canaries\n", result.out)


def test_an_answer_with_canaries_is_never_kept(sung: Sung, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("envguard.trace.LOCAL_SLACK_NS", 0)
    monkeypatch.setattr("envguard.trace.FOREIGN_SLACK_NS", 0)
    runs = Runs(monkeypatch)
    for _ in range(2):
        assert sung("check", "--canaries").status == 0
    assert runs.count == 2


def test_recording_again_keeps_them_while_all_is_as_it_was(sung: Sung) -> None:
    before = sung.baseline.read_bytes()
    again = sung("record")
    assert "nothing changed for machine 'default'" in again.out
    assert sung.baseline.read_bytes() == before


@pytest.mark.parametrize(("part", "key", "value"), [("facts", "cpu.vendor", "Zilog"), ("packages", "numpy", "1.0 x")])
def test_recording_again_drops_them_where_what_they_hold_under_has_changed(
    sung: Sung, part: str, key: str, value: str
) -> None:
    machine = sung.machine()
    machine[part][key] = value
    sung.write(machine)
    again = sung("record")
    assert again.status == 0
    assert (
        "  canaries     dropped: what they hold under has changed; record them anew: envguard record --canaries\n"
        in (again.out)
    )
    assert "  canaries of numpy.cpu removed: 17 with blake3:" in again.out
    assert "canaries" not in sung.machine()


def test_a_package_that_computes_nothing_drops_nothing(sung: Sung) -> None:
    machine = sung.machine()
    machine["packages"]["click"] = "1.0 x"
    sung.write(machine)
    sung("record")
    assert len(sung.machine()["canaries"]["digests"]) == 18


def test_who_wants_none_has_none(sung: Sung) -> None:
    again = sung("record", "--no-canaries")
    assert again.status == 0
    assert "dropped" not in again.out
    assert "canaries" not in sung.machine()


def test_recording_them_anew_says_what_changed(sung: Sung) -> None:
    machine = sung.machine()
    machine["canaries"]["digests"]["numpy.cpu.norm.float64"] = "blake2b:00"
    sung.write(machine)
    again = sung("record", "--canaries")
    assert "recorded machine 'default' again in envguard.lock: 1 changed\n" in again.out
    assert "  canaries of numpy.cpu 17 with blake3:" in again.out
    assert sung("check", "--canaries").status == 0


def test_two_records_are_compared_with_their_canaries(sung: Sung, tmp_path: Path) -> None:
    old = tmp_path / "old.lock"
    old.write_bytes(sung.baseline.read_bytes())
    machine = sung.machine()
    machine["canaries"]["digests"]["numpy.cpu.norm.float64"] = "blake2b:00"
    sung.write(machine)
    result = sung.cli("diff", str(old), str(sung.baseline))
    assert "machine default, canaries" in result.out
    assert "numpy.cpu.norm.float64" in result.out


def test_without_a_library_that_works_none_are_recorded_and_the_reason_is_told(cli: Cli, project: Project) -> None:
    """The NumPy of this project is a module that holds nothing but its version."""
    result = cli("record", "--canaries")
    assert result.status == 0
    assert "  canaries     unknown: AttributeError: " in result.out
    assert "; none are recorded\n" in result.out
    assert "canaries" not in json.loads(project.baseline.read_bytes())["machines"]["default"]
    project.uninstall("numpy")
    result = cli("record", "--canaries")
    assert "  canaries     unknown: neither NumPy nor PyTorch is installed; none are recorded\n" in result.out


def test_they_are_shown(sung: Sung) -> None:
    recorded = sung.machine()["canaries"]
    text = sung.cli("machine", "show", "--canaries", "--python", sys.executable)
    assert text.status == 0
    assert "\ncanaries (envguard.canaries.v2)\n" in text.out
    assert f"{recorded['digests']['numpy.cpu.exp.float32']}\n" in text.out
    document = json.loads(sung.cli("machine", "show", "--canaries", "--format", "json", "--python", sys.executable).out)
    shown = document["canaries"]
    assert shown["scheme"] == recorded["scheme"]
    assert {key: item["value"] for key, item in shown["digests"].items()} == recorded["digests"]
    assert {key: item["value"] for key, item in shown["conditions"].items()} == recorded["conditions"]
