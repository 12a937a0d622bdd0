"""The fuzz target of the readers of locks runs, and finds nothing in a few seconds."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests import tools

if TYPE_CHECKING:
    from pathlib import Path

TARGET = tools.ROOT / "fuzz" / "lock.py"


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
    assert done.returncode == 0, done.stderr[-3000:]
    runs = re.search(r"Done (\d+) runs", done.stderr)
    assert runs is not None
    assert int(runs[1]) > 50
    # There is a real lock of nearly every format to begin with.
    assert len(list((folder / "corpus").glob("seed-*"))) > 8


@pytest.mark.slow
def test_a_reader_that_lets_something_pass_is_caught(folder: Path) -> None:
    """A target that could not fail would hold nothing."""
    blunt = "import envguard.getters as getters; getters.Table.required = lambda self, key: self.value[key]"
    done = fuzz(folder, 90, blunt)
    assert done.returncode != 0
    assert "KeyError" in done.stdout + done.stderr
    assert list(folder.glob("crash-*"))
