"""What ``envguard lock check`` does, once it is known what is asked for."""

from __future__ import annotations

import os
import sys

from ..check import check_lock
from ..errors import ConfigError, EnvguardError, RepositoryError
from ..observe import find_project
from ..reader import Reader
from .answered import keep
from .console import FAILED, start_folder
from .rendering import render
from .status import STATUS, graver

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..model import Severity
    from .console import Console


def check_locks(
    console: Console, files: Sequence[str], *, fail_on: Severity | None = None, form: str = "text", cache: bool = True
) -> int:
    """Check the lock of each project that one of *files* belongs to, and return the gravest exit status.

    Without *files* it is the project of the current folder. Where all of them could be checked, the answer is kept; not *cache*
    reads all anew.
    """
    reader = Reader()
    status = 0
    said = ""
    for number, project in enumerate(_projects(reader, files or (start_folder(),))):
        try:
            report = check_lock(reader, project, fail_on=fail_on, anew=not cache).report
        except EnvguardError as error:
            console.error(error)
            status = FAILED
            continue
        text = ("\n" if number else "") + render(report, form, reader, color=console.colored(sys.stdout))
        console.emit(text)
        said += text
        status = graver(status, STATUS[report.verdict])
    if status != FAILED and cache:
        keep(console.arguments, reader.trace, said, status=status)
    return status


def _projects(reader: Reader, files: Iterable[str]) -> list[str]:
    """Return the folders of the projects that *files* belong to, each once.

    A file that was deleted, with its folder or without, counts as much as one that changed. ConfigError where one is not there
    and git does not know it: another project than the one that is meant would be judged, and called clean.
    """
    found: dict[str, None] = {}
    for file in files:
        start = path = os.path.abspath(file)
        while not reader.is_dir(start):
            start = os.path.dirname(start)
        if start != path and not os.path.lexists(path) and not _was_there(path, start):
            raise ConfigError(
                "is not there, and git knows no such file, so it belongs to no project",
                path=path,
                hint="see how it is written; without a file the project of the current folder is checked",
            )
        found[find_project(reader, start)] = None
    return list(found)


def _was_there(path: str, folder: str) -> bool:
    """Return whether *path*, below *folder*, is staged or in the last commit; also where there is no git that could tell."""
    from ..repository.snapshot import index_reader

    try:
        index = index_reader(folder)
        try:
            return index.exists(path) or index.revision("HEAD").exists(path)
        except RepositoryError:
            # Nothing was committed yet.
            return False
        finally:
            index.close()
    except RepositoryError:
        return True
