"""What a deleted lock leaves behind: is there something that was locked by it, and is locked by nothing now?"""

from __future__ import annotations

import os

from .changed import project_locks
from .errors import ConfigError, EnvguardError, UnreadableError
from .lockfiles import read_lock
from .lockfiles.formats import format_of, part
from .lockfiles.likely import asks_for_lock
from .lockfiles.parts import roots
from .lockfiles.projects import project_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .reader import Reader

_SCRIPT = ".py.lock"


def script_without_lock(now: Reader, lock: str) -> bool:
    """Return whether the script is there whose lock was at the path *lock*."""
    return lock.endswith(_SCRIPT) and now.is_file(lock.removesuffix(".lock"))


def project_without_lock(before: Reader, now: Reader, project: str, above: str | None) -> bool:
    """Return whether the folder *project* had a lock *before*, and has *now* a manifest that no lock is for.

    What is left in it belongs to the project *above*, whose lock has it where it became a member of that workspace. Raises
    ConfigError where a manifest or the settings of *above* cannot be used, LockfileError where its lock cannot.
    """
    if not any(_wanted(before, now, os.path.join(project, name)) for name in locks_of(before, project)):
        return False
    if above in (None, project):
        return True
    return project not in _members(now, above or "")


def _wanted(before: Reader, now: Reader, lock: str) -> bool:
    """Return whether something is left of what *lock* was made from."""
    form = format_of(os.path.basename(lock))
    if form is None:
        return False
    if asks_for_lock(now, os.path.dirname(lock), form):
        return True
    if not form.inputs:
        return False
    try:
        return any(map(now.is_file, part(form, "inputs").input_files(before, read_lock(before, lock))))
    except EnvguardError:
        # It could not be used, and its usual manifests are gone: nobody can tell what it was for.
        return False


def moved(before: Reader, now: Reader, old: str, new: str) -> bool:
    """Return whether the project in the folder *new* came, and is the one that was in the folder *old*, by its name."""
    if locks_of(before, new):
        return False
    try:
        name = project_name(before, old)
        return name is not None and name == project_name(now, new)
    except (ConfigError, UnreadableError):
        return False


def locks_of(reader: Reader, project: str) -> list[str]:
    """Return the base names of the locks of the folder *project*, whether or not they can be used."""
    try:
        return [os.path.basename(path) for path in project_locks(reader, project).values()]
    except ConfigError:
        # Several, of which nobody had said which counts.
        names = reader.list_dir(project) if reader.is_dir(project) else []
        return [name for name in names if (form := format_of(name)) is not None and form.certain]


def _members(reader: Reader, project: str) -> set[str]:
    """Return the folders of the projects that the locks of *project* are made for."""
    return {
        os.path.normpath(os.path.join(os.path.dirname(path), package.source.location))
        for path in project_locks(reader, project).values()
        for package in roots(read_lock(reader, path))
    }
