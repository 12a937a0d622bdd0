"""The fuzz target of the reader of manifests runs, and finds nothing in a few seconds."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests import tools

if TYPE_CHECKING:
    from pathlib import Path

TARGET = tools.ROOT / "fuzz" / "manifest.py"


def fuzz(folder: Path, seconds: int, code: str = "pass") -> subprocess.CompletedProcess[str]:
    run = f"import runpy, sys; sys.argv = sys.argv[1:]; {code}; runpy.run_path(sys.argv[0], run_name='__main__')"
    return subprocess.run(
        [sys.executable, "-c", run, TARGET, folder, f"-max_total_time={seconds}", "-seed=1"],
        cwd=tools.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_nothing_is_found_in_a_few_seconds(folder: Path) -> None:
    done = fuzz(folder, 8)
    assert done.returncode == 0, done.stderr
    runs = re.search(r"Done (\d+) runs", done.stderr)
    assert runs is not None
    assert int(runs[1]) > 5000
    # What it reached is more than the seeds.
    assert len(list((folder / "corpus").iterdir())) > 20


@pytest.mark.slow
def test_a_reader_that_lets_something_pass_is_caught(folder: Path) -> None:
    """A target that could not fail would hold nothing."""
    blunt = "import re, envguard.data.lines as lines; lines._PLAIN = re.compile(rb'[0-9a-f]{64}  ([^\\n]+)\\n')"
    done = fuzz(folder, 60, blunt)
    assert done.returncode != 0
    assert "AssertionError" in done.stdout + done.stderr
    assert list(folder.glob("crash-*"))
