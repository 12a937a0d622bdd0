"""What ``envguard run`` does, once it is known what is asked for: check, set what only a start can set, become the command.

Becoming it (``execve``) keeps the process: its ID, its parent (torchrun, srun), its signals, its open files and its exit status.
"""

from __future__ import annotations

import errno
import os
import signal
import sys

from ..determinism.start import LEVEL_VARIABLE, MACHINE_VARIABLE, SEED_VARIABLE, missing, parse_seed
from ..errors import ConfigError, EnvguardError
from .command_python import interpreter, script_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .console import Console

FAILED = 2
NOT_EXECUTABLE = 126
NOT_FOUND = 127
_LEVELS = ("run-to-run", "host-to-host", "cross-hardware")
_MODES = ("enforce", "warn", "off")


def run_command(
    console: Callable[[], Console],
    command: Sequence[str],
    *,
    seed: str | None = None,
    level: str | None = None,
    machine: str | None = None,
    project: str | None = None,
    check: bool = True,
    data: bool | None = None,
    files: bool | None = None,
) -> int:
    """Become *command* in a checked environment with the right variables; return the exit status where that cannot be.

    127 where there is no such command, 126 where it cannot be run, that of the check where it is not clean; ConfigError
    where an option or a variable cannot be used. *console* is made where something is to be said.
    """
    if not hasattr(os, "fork"):
        raise ConfigError("envguard run needs a system on which a process can become another program")
    program = find_program(command[0])
    if program is None:
        return _cannot(console, command[0], "there is no such command", NOT_FOUND)
    environ = dict(os.environ)
    given = {SEED_VARIABLE: seed, LEVEL_VARIABLE: level, MACHINE_VARIABLE: machine}
    environ.update({name: value for name, value in given.items() if value is not None})
    _refuse_unusable(environ)
    level = environ.get(LEVEL_VARIABLE) or None
    mode = environ.get("ENVGUARD") or "enforce"
    if check and mode != "off":
        start = project if project is not None else script_folder(command)
        asked = {"level": level, "machine": environ.get(MACHINE_VARIABLE) or None}
        try:
            status, level = _checked(console, start, interpreter(program), **asked, data=data, files=files)
        except EnvguardError as error:
            if mode != "warn":
                raise
            status = FAILED
            console().error(error)
        if status and mode != "warn":
            return status
        if status:
            console().say("envguard: ENVGUARD=warn: going on all the same")
    environ.update(missing(environ, bitwise=level != "cross-hardware"))
    _forget_locale(environ)
    return _become(console, program, command, environ)


def find_program(name: str) -> str | None:
    """Return the file that a shell would run for the command *name*, executable or not; None where there is none."""
    if os.path.dirname(name):
        return name if os.path.lexists(name) else None
    paths = [os.path.join(folder, name) for folder in os.get_exec_path() if name]
    there = [path for path in paths if os.path.isfile(path)]
    return next((path for path in there if os.access(path, os.X_OK)), there[0] if there else None)


def _refuse_unusable(environ: Mapping[str, str]) -> None:
    """Raise ConfigError for a seed, level or mode that nothing could be done with."""
    if environ.get(SEED_VARIABLE):
        parse_seed(environ[SEED_VARIABLE], SEED_VARIABLE)
    for name, known in ((LEVEL_VARIABLE, _LEVELS), ("ENVGUARD", _MODES)):
        value = environ.get(name)
        if value and value not in known:
            raise ConfigError(f"{name} is '{value}'; it can be {', '.join(known)}")


def _checked(
    console: Callable[[], Console],
    start: str,
    python: str | None,
    *,
    level: str | None,
    machine: str | None,
    data: bool | None,
    files: bool | None,
) -> tuple[int, str]:
    """Return the exit status of a check, which says on standard error what is not clean, and the level that it was made at."""
    from ..answers import recall, remember
    from ..probes import PROBES
    from .answered import retellers

    folder = os.path.abspath(start)
    key = ("run", __file__, sys.version, folder, python or "", level or "", machine or "", str(data), str(files))
    kept = recall(key, PROBES, retellers())
    if kept is not None:
        return 0, kept
    from ..check import parse_level, run_check
    from ..model import Verdict
    from ..observe import Request, find_project
    from ..reader import Reader
    from .progress import ProgressLine
    from .rendering import render
    from .status import STATUS

    reader = Reader()
    found = find_project(reader, folder)
    with ProgressLine() as line:
        request = Request(
            python=python,
            level=parse_level(level),
            machine=machine,
            data=data,
            files=files,
            progress=line.callback,
        )
        outcome = run_check(reader, found, request)
    report = outcome.report
    if report.verdict is Verdict.CLEAN:
        remember(key, outcome.trace, str(report.level))
    else:
        # Standard output is the command's alone.
        console().say(render(report, "text", reader, color=console().colored(sys.stderr)).rstrip("\n"))
    return STATUS[report.verdict], str(report.level)


def _forget_locale(environ: dict[str, str]) -> None:
    """Take back the one variable that Python sets for itself when it starts in the C locale (PEP 538)."""
    from ..probes.variables import started

    if environ.get("LC_CTYPE") == "C.UTF-8":
        block = started(("LC_CTYPE",))
        if block is not None and "LC_CTYPE" not in block:
            del environ["LC_CTYPE"]


def _become(console: Callable[[], Console], program: str, command: Sequence[str], environ: Mapping[str, str]) -> int:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    # Python ignores these two for itself, and what is ignored would stay so in the command.
    for name in ("SIGPIPE", "SIGXFSZ"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    try:
        os.execve(program, list(command), environ)  # noqa: S606 - what was asked for
    except OSError as error:
        if error.errno == errno.ENOEXEC and os.access("/bin/sh", os.X_OK):
            # As execvp(3) does: a script without its first line is one of the shell's.
            os.execve("/bin/sh", ["/bin/sh", program, *command[1:]], environ)  # noqa: S606 - likewise
        reason = (error.strerror or str(error)).lower()
        return _cannot(console, command[0], reason, NOT_FOUND if error.errno == errno.ENOENT else NOT_EXECUTABLE)


def _cannot(console: Callable[[], Console], name: str, reason: str, status: int) -> int:
    console().error(ConfigError(f"'{name}' cannot be run: {reason}"))
    return status
