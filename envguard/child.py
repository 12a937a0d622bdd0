"""Running another program without a shell, within a time limit that holds even where the program cannot be killed.

A program that sleeps in the kernel (a GPU that fell off the bus, a dead network mount) does not react to SIGKILL. It is left
behind then, and whoever asked goes on. What a program started itself is ended with it.
"""

from __future__ import annotations

import os
import signal

from .values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping, Sequence

    Process = subprocess.Popen[bytes]

GRACE_SECONDS = 1.0
# The system takes care of them when this process ends; dropping them would only make Python complain.
_left_behind: list[Process] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a program ended, and what it said until then.

    *status* is its exit status, the negative number of the signal that ended it, or None where its time was over.
    """

    status: int | None
    output: bytes
    errors: bytes


def run(
    command: Sequence[str],
    *,
    seconds: float,
    folder: str | None = None,
    environ: Mapping[str, str] | None = None,
    given: bytes | None = None,
) -> Ended:
    """Run *command* in *folder* with the variables *environ* (None: those of this process) for at most *seconds*.

    *given* comes on its standard input, by default nothing. OSError where it cannot be started.
    """
    import subprocess

    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(given, timeout=seconds)
    except subprocess.TimeoutExpired:
        return Ended(status=None, **_killed(process))
    except BaseException:
        _killed(process)
        raise
    return Ended(status=process.returncode, output=output, errors=errors)


def start(command: Sequence[str], *, folder: str, environ: Mapping[str, str]) -> Process:
    """Start *command* as a server of its standard input and output; the caller ends it. OSError where it cannot be started."""
    import subprocess

    return subprocess.Popen(
        command,
        cwd=folder,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _killed(process: Process) -> dict[str, bytes]:
    """End *process* and what it started, and return what they had said."""
    import subprocess

    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except (ProcessLookupError, PermissionError):
        pass
    try:
        output, errors = process.communicate(timeout=GRACE_SECONDS)
    except subprocess.TimeoutExpired as error:
        _left_behind.append(process)
        return {"output": error.output or b"", "errors": error.stderr or b""}
    return {"output": output, "errors": errors}
