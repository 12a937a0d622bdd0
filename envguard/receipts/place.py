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
REFUSED = ".refused.json"
"""How the name of a receipt ends whose run ``enforce()`` did not let begin."""
REFUSED_KEPT = 20
"""How many of those are kept in a folder: what starts a refused job again and again would fill it."""
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


def thin(folder: str) -> None:
    """Delete the oldest receipts of refused runs in *folder*, but for the last ``REFUSED_KEPT``; nothing is raised."""
    try:
        # Their names begin with the time.
        names = sorted(name for name in os.listdir(folder) if name.endswith(REFUSED) and _is_id(name.partition(".")[0]))
        for name in names[:-REFUSED_KEPT]:
            os.unlink(os.path.join(folder, name))
    except OSError:
        # Another rank was faster, or the folder can no longer be written to.
        return


def _is_id(text: str) -> bool:
    when, _, rest = text.partition("-")
    return len(when) == 16 and when[8] == "T" and when[15] == "Z" and len(rest.partition("-")[0]) == 8


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
