"""Reports that the tests of every renderer share, about a small project that is really there."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import pytest

from envguard.model import (
    Finding,
    Impact,
    Level,
    Place,
    Report,
    Severities,
    Severity,
    Subject,
    Waived,
    Waiver,
)

if TYPE_CHECKING:
    from pathlib import Path

LOCK = """\
version = 1
revision = 3

[[package]]
name = "numpy"
version = "2.4.6"

[[package]]
name = "scipy"
version = "1.17.0"
"""
ERROR = Severities.same(Severity.ERROR)
WARNING = Severities.same(Severity.WARNING)
HARDWARE = Severities(run_to_run=Severity.ERROR, host_to_host=Severity.WARNING, cross_hardware=None)
VERSION_IS = "another version can compute, load or default differently"


class Samples:
    """A project folder with a lock, and findings about it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "uv.lock").write_text(LOCK, encoding="utf-8")
        self.root = str(folder)
        self.subject = Subject(
            project=self.root,
            lock=f"{self.root}/uv.lock",
            packages=306,
            environment=f"{self.root}/.venv",
            chosen_by="the project's .venv",
            python="cpython 3.11.7",
            baseline=f"{self.root}/envguard.lock",
            machine="laptop",
            selection="default groups, extra cpu",
        )

    def version(self, index: int, name: str, locked: str, found: str, impact: Impact = Impact.NUMBERS) -> Finding:
        return Finding(
            code="EG203",
            name="version-mismatch",
            subject=name,
            message=f"{name} {found} is installed, the lock pins {locked}",
            severities=ERROR,
            impact=impact,
            why=VERSION_IS,
            expected=locked,
            found=f"{found} ({self.root}/.venv/lib/python3.11/site-packages/{name}-{found}.dist-info)",
            place=Place(path=f"{self.root}/uv.lock", keys=("package", index, "version")),
            hint="uv sync --locked --inexact",
        )

    @property
    def cpu(self) -> Finding:
        return Finding(
            code="EG304",
            name="cpu-mismatch",
            subject="cpu.model",
            message="the CPU is an AMD EPYC 7763, the machine laptop was recorded with an Intel Core i7-1185G7",
            severities=HARDWARE,
            impact=Impact.NUMBERS,
            why="other vector units make libraries take other code paths, which add the same numbers in another order",
            expected="Intel Core i7-1185G7",
            found="AMD EPYC 7763",
            place=Place(path=f"{self.root}/envguard.lock", keys=("machines", "laptop", "facts", "cpu.model")),
            hint="envguard record --machine NAME",
        )

    @property
    def driver(self) -> Finding:
        return Finding(
            code="EG309",
            name="unreadable-fact",
            subject="nvidia.driver",
            message="the NVIDIA driver could not be read: permission denied",
            severities=ERROR,
            impact=Impact.UNKNOWN,
            why="a fact that could not be read never counts as equal",
            hint="run it where `/proc/driver/nvidia/version` can be read, or accept it with a waiver that gives the "
            "reason: `envguard explain unreadable-fact`",
            unknown=True,
        )

    @property
    def waived(self) -> Waived:
        return Waived(
            finding=Finding(
                code="EG202",
                name="unexpected-package",
                subject="ipdb",
                message="ipdb 0.13.13 is installed and not in the lock",
                severities=WARNING,
                impact=Impact.BEHAVIOUR,
                why="libraries that find an optional package behave differently",
                place=Place(path=f"{self.root}/.venv/lib/python3.11/site-packages/ipdb-0.13.13.dist-info"),
            ),
            waiver=Waiver(
                rule="unexpected-package",
                subject="ipdb",
                reason="the debugger of this machine, imported by nothing",
                until=datetime.date(2027, 1, 31),
            ),
        )

    def report(self, *findings: Finding, level: Level = Level.HOST_TO_HOST, waived: tuple[Waived, ...] = ()) -> Report:
        return Report(subject=self.subject, level=level, fail_on=Severity.ERROR, findings=findings, waived=waived)

    @property
    def drift(self) -> Report:
        return self.report(
            self.cpu,
            self.driver,
            self.version(1, "scipy", "1.17.0", "1.16.3"),
            self.version(0, "numpy", "2.4.6", "2.4.5"),
            waived=(self.waived,),
        )


@pytest.fixture
def samples(tmp_path: Path) -> Samples:
    """A project in a folder of its own, with findings about it."""
    return Samples(tmp_path)
