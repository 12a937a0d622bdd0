"""Starting the running script again, from its first line, with what only a start can set: where that is safe.

The process stays the same one (``execv``), so its parent (torchrun, srun) still owns it; what it holds is lost: threads, devices,
what was read from standard input. Where anything of that kind is there, it is not done, and the reason is said.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

from .command import in_notebook
from .lateness import cuda_is_up, started_with
from .start import HASH_SEED, WORKSPACE, WORKSPACES, is_hash_seed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .lateness import Late

GUARD = "ENVGUARD_STARTED_AGAIN"
_DEBUGGERS = ("pydevd", "debugpy")


def needed(late: Iterable[Late], *, bitwise: bool) -> dict[str, str | None]:
    """Return the variables that the process should have been started with, None for one that should not have been set."""
    variables = {item.name: item.wanted for item in late}
    if not is_hash_seed(os.environ.get(HASH_SEED, "")):
        variables[HASH_SEED] = "0"
    if bitwise and cuda_is_up() and started_with(WORKSPACE) not in WORKSPACES:
        value = os.environ.get(WORKSPACE)
        variables[WORKSPACE] = value if value in WORKSPACES else WORKSPACES[0]
    return variables


def unsafe() -> str | None:
    """Return why the script cannot be started again from inside; None where it can."""
    if os.environ.get(GUARD) == str(os.getpid()):
        return "it was started again once already, and that did not help"
    return _child() or _no_command() or _watched() or _busy()


def start_again(variables: dict[str, str | None]) -> None:
    """Become the same command with these *variables*; returns only where the system refuses, with OSError."""
    environ = {**os.environ, GUARD: str(os.getpid())}
    for name, value in variables.items():
        environ.pop(name, None)
        if value is not None:
            environ[name] = value
    for stream in (getattr(sys, "stdout", None), getattr(sys, "stderr", None)):
        if stream is not None:
            stream.flush()
    # All options of the interpreter, -c and -m with their arguments, are among these.
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environ)  # noqa: S606 - the very command that runs


def _child() -> str | None:
    multiprocessing: Any = sys.modules.get("multiprocessing.process")
    if multiprocessing is not None and multiprocessing.parent_process() is not None:
        return "this is a child of multiprocessing, which its parent talks to"
    return None


def _no_command() -> str | None:
    """Return why there is no command that would do the same again."""
    if not hasattr(os, "fork") or not sys.executable or not getattr(sys, "orig_argv", None):
        return "there is no command that could be started again"
    if in_notebook():
        return "this is a notebook, whose kernel the server starts"
    if hasattr(sys, "ps1") or sys.flags.interactive or sys.flags.inspect:
        return "this is an interactive session"
    if sys.flags.ignore_environment:
        return f"Python was started with -E or -I, and ignores {HASH_SEED}"
    main: Any = sys.modules.get("__main__")
    arguments = sys.orig_argv[1:]
    file = str(getattr(main, "__file__", "<none>"))
    if file.startswith("<") and not any(word.startswith("-c") for word in arguments):
        return "the script came by standard input, and is read already"
    if getattr(main, "__spec__", None) is None and not file.startswith("<") and not _leads_to(arguments, file):
        return "the working folder is another one than at the start"
    if _consumed():
        return "a part of standard input is read already"
    return None


def _leads_to(arguments: list[str], file: str) -> bool:
    return any(os.path.exists(word) and os.path.samefile(word, file) for word in arguments if not word.startswith("-"))


def _consumed() -> bool:
    try:
        return os.lseek(0, 0, os.SEEK_CUR) > 0
    except OSError:
        return False  # a terminal or a pipe: who reads that before enforce() is told in the documentation


def _watched() -> str | None:
    if sys.gettrace() is not None or any(name in sys.modules for name in _DEBUGGERS):
        return "a debugger or a measurement of coverage is at work"
    if sys.getprofile() is not None:
        return "a profiler is at work"
    monitoring: Any = getattr(sys, "monitoring", None)
    if monitoring is not None and any(monitoring.get_tool(number) for number in range(6)):
        return "a debugger, a profiler or a measurement of coverage is at work"
    if "_pytest" in sys.modules and "PYTEST_CURRENT_TEST" in os.environ:
        return "this is a test of pytest"
    return None


def _busy() -> str | None:
    """Return what this process holds that would be lost."""
    multiprocessing: Any = sys.modules.get("multiprocessing.process")
    if multiprocessing is not None and multiprocessing.active_children():
        return "it has children of multiprocessing"
    if threading.current_thread() is not threading.main_thread() or threading.active_count() > 1:
        return "it has threads"
    if cuda_is_up():
        return "CUDA is initialised"
    distributed: Any = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        return "a process group is there"
    mpi: Any = sys.modules.get("mpi4py.MPI")
    if mpi is not None and mpi.Is_initialized():
        return "MPI is initialised"
    return None
