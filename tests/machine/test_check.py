"""A project on a machine with GPUs: recorded, checked, and checked again without asking the driver."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from envguard import trace
from envguard.questions import accelerators
from tests.cli.conftest import Cli, Project, cli, project
from tests.machine.machines import eight

if TYPE_CHECKING:
    from tests.machine.conftest import Make

__all__ = ["cli", "project"]


class Asked:
    """Counts how often the drivers are asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        ask = accelerators._asked

        def counted(script: str, module: str) -> str:
            self.count += script.startswith("nvidia")
            return ask(script, module)

        monkeypatch.setattr(accelerators, "_asked", counted)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    # What a test has just written is too young to be trusted in earnest.
    monkeypatch.setattr(trace, "LOCAL_SLACK_NS", 0)
    monkeypatch.setattr(trace, "FOREIGN_SLACK_NS", 0)
    return Asked(monkeypatch)


def findings(cli: Cli) -> dict[str, str]:
    report = json.loads(cli("check", "--format", "json").out)
    # Of an interpreter that does not run envguard the build is never known.
    return {item["subject"]: item["message"] for item in report["findings"] if item["subject"] != "interpreter.build"}


def test_a_clean_check_asks_the_driver_once(cli: Cli, project: Project, make: Make, asked: Asked) -> None:
    machine = make(eight())
    assert cli("init").status == 0
    asked.count = 0
    first = cli("check")
    assert (first.status, first.err, asked.count) == (0, "", 1)
    assert cli("check") == first
    assert asked.count == 1
    # An instance of MIG that appears is seen by the kernel module's own files, and the driver is asked again.
    (machine.root / "proc/driver/nvidia/capabilities/gpu0/mig/gi1/ci0").mkdir(parents=True)
    assert cli("check") == first
    assert asked.count == 2


def test_what_differs_is_named(cli: Cli, project: Project, make: Make, asked: Asked) -> None:
    machine = make(eight())
    assert cli("init").status == 0
    machine.write(machine.gpus[0].uuid.split(","))
    assert findings(cli) == {"nvidia.count": "nvidia.count is 1, recorded was 8"}
    for gpu in machine.gpus:
        gpu.multiprocessors = 114
    machine.write()
    found = cli("check", "--no-cache")
    assert found.status == 1
    assert "EG305 [accelerator-mismatch] nvidia.multiprocessors is 114 of 2048 threads" in found.out
    assert "recorded was 132 of 2048 threads" in " ".join(found.out.split())


def test_a_driver_that_is_gone_cannot_be_decided(cli: Cli, project: Project, make: Make, asked: Asked) -> None:
    machine = make()
    assert cli("init").status == 0
    for library in machine.libraries.iterdir():
        library.unlink()
    result = cli("check", "--no-cache")
    assert result.status == 3
    assert "EG306 [unreadable-fact] nvidia.gpus cannot be compared: NVML: NVML Shared Library Not Found" in " ".join(
        result.out.split()
    )


def test_a_machine_without_a_gpu_is_another_one(
    cli: Cli, project: Project, make: Make, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = make()
    assert cli("init").status == 0
    (machine.root / "proc/driver/nvidia").rename(machine.root / "elsewhere")
    for node in (machine.root / "dev").iterdir():
        node.unlink()
    result = cli("check", "--no-cache")
    assert result.status == 1
    assert "nvidia.gpus is none, recorded was NVIDIA H100 80GB HBM3" in " ".join(result.out.split())
