"""Where receipts lie, what they are called, and how one is written. On the path of every clean check: imports nothing heavy."""

from __future__ import annotations

import os
import time

from ..atomic import write_atomic
from ..errors import WriteError

VARIABLE = "ENVGUARD_RUNS"
OFF = "off"
RUN = "ENVGUARD_RUN"
"""The variable that tells a process which run of its parent has a receipt."""
FOLDER = os.path.join(".envguard", "runs")
SUFFIX = ".json"
_MARKS = ("envguard.lock", "envguard.toml", "pyproject.toml", ".git")


def folder_of(project: str, setting: str | None = FOLDER) -> str | None:
    """Return the folder of receipts of *project*: what ``ENVGUARD_RUNS`` says, else the *setting*; None where none are written."""
    chosen = os.environ.get(VARIABLE)
    if chosen == OFF:
        return None
    if chosen:
        return os.path.abspath(os.path.expanduser(chosen))
    return os.path.join(project, os.path.expanduser(setting)) if setting is not None else None


def project_around(start: str) -> str:
    """Return the nearest folder upward that looks like a project, else *start*; for a run that was not checked."""
    here = start
    while not any(os.path.exists(os.path.join(here, mark)) for mark in _MARKS):
        above = os.path.dirname(here)
        if above == here:
            return start
        here = above
    return here


def fresh_id(seconds: float) -> str:
    """Return the name of a run that began at *seconds* (since the epoch): it sorts by time, and no other run has it.

    Of the eight digits at its end three are the milliseconds, without which runs of one second would sort by chance.
    """
    second, millisecond = divmod(int(seconds * 1000), 1000)
    return f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(second))}-{millisecond:03x}{os.urandom(3).hex()[:5]}"


def utc(seconds: float) -> str:
    """Return *seconds* (since the epoch) as UTC in ISO 8601."""
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(seconds))


def put(path: str, data: bytes, *, durable: bool) -> None:
    """Write *data* to the file *path*, atomically; WriteError where that fails.

    The folder is made where it is not there. In the default folder a ``.gitignore`` keeps receipts out of commits; in a folder that
    somebody has chosen, other things may lie, so that there it is left to them. (``.envguard/manifests``, beside it, is made to be committed.)
    """
    folder = os.path.dirname(path)
    try:
        os.makedirs(folder, exist_ok=True)
        ignore = os.path.join(folder, ".gitignore")
        if folder.endswith(os.sep + FOLDER) and not os.path.exists(ignore):
            write_atomic(ignore, b"*\n", durable=False)
    except OSError as error:
        raise WriteError(f"cannot be written: {(error.strerror or str(error)).lower()}", path=path) from None
    write_atomic(path, data, durable=durable)
