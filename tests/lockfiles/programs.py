"""Lock tools in environments of their own, to be asked what they say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from tests.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def environment_with(folder: Path, *requirements: str) -> Path:
    """Make a virtual environment in *folder* with *requirements* in it, and return the folder of its programs."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    done = subprocess.run(
        [str(programs / "python"), "-m", "pip", "install", "--quiet", *requirements],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return programs


def ask(programs: Path, script: str, cases: list[Any]) -> list[Any]:
    """Return the answers of *script*, a file among the tests, to *cases*."""
    done = subprocess.run(
        [str(programs / "python"), str(ROOT / "tests" / script)],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: list[Any] = json.loads(done.stdout)
    assert len(answers) == len(cases)
    return answers
