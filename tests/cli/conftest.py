from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest

from envguard.cli import main

ROOT = Path(__file__).parents[2]
# What a person's shell may hold and a test must not depend on.
STRANGERS = (
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "CONDA_PREFIX",
    "ENVGUARD_COLOR",
    "ENVGUARD_TRACEBACK",
    "FORCE_COLOR",
    "GITHUB_WORKSPACE",
    "NO_COLOR",
    "TERM",
    "VIRTUAL_ENV",
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a command left behind."""

    status: int
    out: str
    err: str


class Cli:
    """Runs envguard in this process (``cli(...)``) or in one of its own (``cli.process(...)``)."""

    def __init__(self, capsys: pytest.CaptureFixture[str], environ: dict[str, str]) -> None:
        self.capsys = capsys
        self.environ = environ

    def __call__(self, *arguments: str) -> Result:
        self.capsys.readouterr()
        status = main(arguments)
        captured = self.capsys.readouterr()
        return Result(status=status, out=captured.out, err=captured.err)

    def process(self, *arguments: str, cwd: Path | None = None, **environ: str) -> Result:
        done = subprocess.run(
            [sys.executable, "-m", "envguard", *arguments],
            cwd=cwd,
            env={**self.environ, **environ},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        return Result(status=done.returncode, out=done.stdout, err=done.stderr)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The command line, with a cache of its own and none of the shell's settings."""
    for name in STRANGERS:
        monkeypatch.delenv(name, raising=False)
    cache = tmp_path.with_name(f"{tmp_path.name}-cache")
    monkeypatch.setenv("ENVGUARD_CACHE_DIR", str(cache))
    path = os.environ.get("PYTHONPATH", "")
    return Cli(capsys, {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{path}" if path else str(ROOT)})
