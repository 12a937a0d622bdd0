"""Answers of earlier commands, with their exit status. On the path of every clean check: imports nothing heavy.

What is compared is the command as it was typed, so there is no second parser of options; everything else that an answer depends
on is in its trace.
"""

from __future__ import annotations

import os
import sys

from ..answers import recall, remember
from .color import wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..trace import Trace


def answered(arguments: Sequence[str]) -> tuple[int, str] | None:
    """Return the exit status and the text that the command line *arguments* gave before and would give now; None where none is kept."""
    from ..probes import PROBES

    key = _key(arguments)
    answer = recall(key, PROBES, retellers()) if key else None
    if answer is None:
        return None
    status, _, text = answer.partition("\n")
    return int(status), text


def keep(arguments: Sequence[str], trace: Trace, text: str, *, status: int = 0) -> None:
    """Keep what the command line *arguments* said on standard output, and its exit *status*."""
    key = _key(arguments)
    if key is not None:
        remember(key, trace, f"{status}\n{text}")


def retellers() -> dict[str, Callable[[str], str]]:
    """Return what says anew what a walk said, for the answer of an earlier check."""
    return {"tree": _tree, "files": _files, "code": _code}


def _tree(identity: str) -> str:
    """Say what is in a recorded tree now, for the answer of an earlier check."""
    from ..trees.probe import retell
    from .progress import ProgressLine

    with ProgressLine() as line:
        return retell(identity, progress=line.callback)


def _files(folder: str) -> str:
    """Say what is in a folder of installed packages now, likewise."""
    from ..files.probe import retell

    return retell(folder)


def _code(identity: str) -> str:
    """Say what the state of a work tree is now, likewise."""
    from ..repository.probe import retell

    return retell(identity)


def _key(arguments: Sequence[str]) -> tuple[str, ...] | None:
    """Return what tells one command from another before anything is read; None where the current folder is gone."""
    try:
        folder = os.getcwd()
    except OSError:
        return None
    color = "color" if wanted(None, sys.stdout) else "plain"
    return (__file__, sys.version, folder, color, os.environ.get("ENVGUARD_COLOR", ""), *arguments)
