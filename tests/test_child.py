"""Programs end when their time is over, and whoever asked goes on even where they do not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from envguard import child

if TYPE_CHECKING:
    from pathlib import Path


def python(code: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", code]


def gone(pid: int) -> bool:
    """Return whether the process *pid* ends within a few seconds; one that waits for its parent has ended."""
    for _ in range(200):
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                state = file.read().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_program_says_what_it_says_on_both_streams_and_how_it_ended(tmp_path: Path) -> None:
    code = "import os, sys; print(os.getcwd(), os.environ['A'], sys.stdin.read()); sys.exit('no')"
    done = child.run(python(code), seconds=60, folder=str(tmp_path), environ={"A": "b"})
    assert done == child.Ended(status=1, output=f"{tmp_path.resolve()} b \n".encode(), errors=b"no\n")


def test_much_output_on_both_streams_is_read() -> None:
    done = child.run(python("import os; [os.write(fd, b'x' * 500_000) for fd in (1, 2, 1, 2)]"), seconds=60)
    assert (done.status, len(done.output), len(done.errors)) == (0, 1_000_000, 1_000_000)


def test_a_program_that_a_signal_ends_tells_which() -> None:
    assert child.run(python("import os; os.abort()"), seconds=60).status == -signal.SIGABRT


def test_a_program_that_is_not_there_is_an_error_of_the_system() -> None:
    with pytest.raises(FileNotFoundError):
        child.run(["/no/such/program"], seconds=1)


def test_what_hangs_is_ended_with_all_that_it_started_and_what_it_said_is_kept() -> None:
    code = (
        "import os, sys, time\n"
        "pid = os.fork()\n"
        "if pid: print(os.getpid(), pid, flush=True)\n"  # both hold the pipe open
        "time.sleep(600)\n"
    )
    start = time.monotonic()
    done = child.run(python(code), seconds=2)
    assert time.monotonic() - start < 60
    assert done.status is None
    pids = [int(word) for word in done.output.split()]
    assert len(pids) == 2
    assert all(gone(pid) for pid in pids)


def test_what_cannot_be_killed_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that sleeps in the kernel takes no signal; here none is sent."""
    monkeypatch.setattr(os, "killpg", lambda pid, number: None)
    monkeypatch.setattr(child, "GRACE_SECONDS", 0.1)
    left: list[subprocess.Popen[bytes]] = []
    monkeypatch.setattr(child, "_left_behind", left)
    done = child.run(python("import time; print('so far', flush=True); time.sleep(600)"), seconds=2)
    assert done == child.Ended(status=None, output=b"so far\n", errors=b"")
    (process,) = left
    process.kill()
    process.communicate()


def test_an_interrupted_caller_leaves_nothing_running(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []
    communicate = subprocess.Popen.communicate

    def interrupted(
        process: subprocess.Popen[bytes], given: bytes | None = None, timeout: float | None = None
    ) -> object:
        if started:
            return communicate(process, given, timeout)
        started.append(process.pid)
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess.Popen, "communicate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        child.run(python("import time; time.sleep(600)"), seconds=60)
    assert gone(started[0])
