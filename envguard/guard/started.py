"""How the process was started: for which project, and with what only a start can set; else it refuses, or starts again."""

from __future__ import annotations

import os
import sys

from ..errors import EnvguardError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..determinism.switches import Switches


def started_in(project: str | os.PathLike[str] | None) -> str:
    """Return the folder whose project is meant: *project*, else that of the main script."""
    if project is not None:
        return os.path.abspath(os.fspath(project))
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    return os.path.dirname(os.path.abspath(script)) if script else os.getcwd()


def start_right(switches: Switches, folder: str, reexec: str) -> None:
    """Refuse, or with *reexec* mend by starting again, what only the start of this process could have set."""
    late = switches.look()
    if late or reexec == "auto":
        level = switches.level or _level_of(folder)
        bitwise = level != "cross-hardware"
        if reexec == "auto":
            switches.start_again(late, bitwise=bitwise)
        if bitwise:
            switches.refuse_late(late)


def _level_of(folder: str) -> str:
    """Return the level of the settings; the usual one where they cannot be read, which the check then says."""
    from ..config import load_config
    from ..observe import find_project
    from ..reader import Reader

    try:
        reader = Reader()
        return str(load_config(reader, find_project(reader, folder)).level)
    except EnvguardError:
        return ""
