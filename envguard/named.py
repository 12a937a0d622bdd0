"""Files that only the settings, or a lock, tell to be of its concern: their names alone say nothing."""

from __future__ import annotations

import os

from .changed import project_locks
from .config import load_config
from .errors import ConfigError, EnvguardError
from .lockfiles import read_lock
from .lockfiles.formats import by_name, part
from .observe import find_project

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .reader import Reader


def concerned(reader: Reader, files: Iterable[str], *, inputs: bool) -> list[str]:
    """Return those of *files*, absolute, that are a lock of their project, or belong to one; with *inputs* also what one was made from.

    Where the settings or a lock of a project cannot be used all of its files are returned: whoever judges them says why.
    """
    folders: dict[str, tuple[str, set[str] | None] | None] = {}
    projects: dict[str, set[str] | None] = {}
    found = []
    for file in files:
        folder, name = os.path.split(file)
        # A commit can touch thousands of files in few folders.
        if folder not in folders:
            folders[folder] = _around(reader, folder, projects, inputs=inputs)
        around = folders[folder]
        if around is not None and (around[1] is None or os.path.join(around[0], name) in around[1]):
            found.append(file)
    return found


def _around(
    reader: Reader, folder: str, projects: dict[str, set[str] | None], *, inputs: bool
) -> tuple[str, set[str] | None] | None:
    """Return the path of *folder* behind all links and what its project has to do with; None where it is in no project."""
    real = reader.real_path(folder)
    try:
        project = find_project(reader, _there(reader, real))
    except ConfigError:
        return None
    if project not in projects:
        projects[project] = _known(reader, project, inputs=inputs)
    return real, projects[project]


def _there(reader: Reader, folder: str) -> str:
    # A folder of which everything was removed is not there any more.
    while not reader.exists(folder) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    return folder


def _known(reader: Reader, project: str, *, inputs: bool) -> set[str] | None:
    """Return the files of the locks of *project*, None where nobody can tell them."""
    try:
        known = {os.path.normpath(os.path.join(project, name)) for name in load_config(reader, project).locks}
        for path in project_locks(reader, project).values():
            known.add(path)
            lock = read_lock(reader, path)
            known.update(lock.files)
            form = by_name(lock.format)
            if inputs and form.inputs:
                known.update(part(form, "inputs").input_files(reader, lock))
    except EnvguardError:
        return None
    # What is a link is changed where it leads to.
    return {*known, *map(reader.real_path, known)}
