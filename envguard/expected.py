"""Which lock is missing in a project that has none: the one that it had, was recorded with, or would get."""

from __future__ import annotations

import os

from .baseline import read_baseline
from .changed import project_locks
from .errors import EnvguardError
from .lockfiles.formats import format_of
from .lockfiles.likely import likely_format
from .repository.snapshot import SnapshotReader, revision_reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .lockfiles.formats import Format
    from .reader import Reader

HEAD = "HEAD"


def expected_lock(reader: Reader, project: str, named: str | None = None) -> tuple[str, Format]:
    """Return the name and the format of the lock that is missing in the folder *project*, which has none.

    That is the lock that the settings have *named*, else the one that was committed last, else the one of the record, else the one
    that the tool of its manifest would make. ConfigError where a manifest cannot be used, UnreadableError where it cannot be read.
    """
    for name in (named,) if named is not None else _known(reader, project):
        form = format_of(os.path.basename(name))
        if form is not None:
            return name, form
    form = likely_format(reader, project)
    return named or form.files[0], form


def _known(reader: Reader, project: str) -> list[str]:
    return _committed(reader, project) or _recorded(reader, project)


def _committed(reader: Reader, project: str) -> list[str]:
    """Return the locks of *project* in the last commit, its own first; none where nobody can tell."""
    # What git says is no input that a trace could hold.
    reader.trace.unsettle()
    inside = isinstance(reader, SnapshotReader)
    head = None
    try:
        head = reader.revision(HEAD) if isinstance(reader, SnapshotReader) else revision_reader(project, HEAD)
        return list(project_locks(head, project))
    except EnvguardError:
        # No repository, no commit, settings that could not be used then: others may know.
        return []
    finally:
        if head is not None and not inside:
            head.close()


def _recorded(reader: Reader, project: str) -> list[str]:
    try:
        baseline = read_baseline(reader, project)
    except EnvguardError:
        # What is wrong with the record is told by whoever compares with it.
        return []
    machines = baseline.machines.values() if baseline is not None else ()
    return [name for machine in machines for name in machine.lock_path.split(", ")]
