"""Where a recorded tree lies on this machine, and how a place is written so that it means the same on another.

A path inside the project is recorded relative to it, with ``/``; one outside as it was given. An environment variable at
the beginning (``$DATA_ROOT/imagenet``) is recorded as it stands and looked up at every check: teams mount data in
different places. Nothing else is expanded: no ``~``, no variable further on, no shell.
"""

from __future__ import annotations

import os
import re

from ..errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..reader import Reader

FOLDER = ".envguard/manifests"
_VARIABLE = re.compile(
    r"\$(?:(?P<plain>[A-Za-z_][A-Za-z0-9_]*)|\{(?P<braced>[A-Za-z_][A-Za-z0-9_]*)\})(?P<rest>/.*)?", re.DOTALL
)


def manifest_path(project: str, name: str) -> str:
    """Return where the manifest of the tree *name* is kept."""
    return os.path.join(project, *FOLDER.split("/"), f"{name}.b3")


def variable_of(recorded: str) -> str | None:
    """Return the name of the environment variable that the path *recorded* begins with."""
    match = _VARIABLE.fullmatch(recorded)
    return (match["plain"] or match["braced"]) if match is not None else None


def locate(reader: Reader, project: str, recorded: str) -> str | None:
    """Return the absolute path that *recorded* means here; None where the variable that it begins with is not set."""
    match = _VARIABLE.fullmatch(recorded)
    if match is None:
        return os.path.join(project, recorded)
    value = reader.environ(match["plain"] or match["braced"])
    if not value:
        return None
    # A relative value is taken from the project, as every path in its record is.
    return os.path.join(project, value + (match["rest"] or ""))


def as_recorded(project: str, folder: str, given: str) -> str:
    """Return how the path *given*, in the current folder *folder*, is written into the record of *project*.

    *project* and *folder* have no link on the way to them. ConfigError where it begins with something that looks like a
    variable and is none.
    """
    if given.startswith("$"):
        if variable_of(given) is None:
            raise ConfigError(
                f"'{given}' begins with no environment variable",
                hint="write '$NAME/folder' or '${NAME}/folder', in single quotes; a folder whose name begins with $ is ./$…",
            )
        return given.rstrip("/")
    path = _resolved(os.path.join(folder, given))
    for candidate in (path, os.path.realpath(path)):
        if candidate == project:
            return "."
        if candidate.startswith(os.path.join(project, "")):
            inside = os.path.relpath(candidate, project).replace(os.sep, "/")
            return f"./{inside}" if inside.startswith("$") else inside
    if os.path.isabs(given):
        return path
    return os.path.relpath(path, project).replace(os.sep, "/")


def _resolved(path: str) -> str:
    """Return the absolute *path* without ``.`` and ``..``; links stay where that is possible."""
    parts = path.rstrip(os.sep).split(os.sep)
    if ".." not in parts:
        return os.path.normpath(path)
    # What comes before the last ".." may be a link, and then ".." means something else than its text says.
    last = len(parts) - parts[::-1].index("..")
    return os.path.normpath(os.path.join(os.path.realpath(os.sep.join(parts[:last])), *parts[last:]))


def name_of(recorded: str) -> str:
    """Return the name that a tree has unless somebody gives it another: the last part of its path."""
    last = recorded.rstrip("/").rpartition("/")[2]
    return variable_of(last) or last
