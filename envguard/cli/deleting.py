"""What the staged change touches that no hook is told, asked before anything else is imported: most commits touch no such thing.

pre-commit and prek pass no deleted files to a hook, start none that is left without files, and know locks by their names alone.
"""

from __future__ import annotations

import os
from fnmatch import fnmatchcase

from ..lockfiles.formats import COMMON_MANIFEST, FORMATS
from ..repository.git import Git

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .console import Console

_LOCKS = (*(pattern for form in FORMATS for pattern in form.files), "requirements*/*.txt", "requirements*/*.lock")
# As conda-lock's manual calls the files of further categories, and as many do.
_ENVIRONMENTS = tuple(f"{name}.{end}" for name in ("environment*", "*-environment") for end in ("yml", "yaml"))
_MANIFESTS = (
    *(name for form in FORMATS for name in form.manifests),
    "requirements*.in",
    "requirements*/*.in",
    *_ENVIRONMENTS,
)
_SETTINGS = ("envguard.toml",)
_RECORDS = ("envguard.lock", ".envguard/manifests/*.b3")
# What each command is for, as the hooks of pre-commit are asked with it.
_CONCERNS = {
    "lock": (*_LOCKS, *_MANIFESTS, *_SETTINGS),
    "diff": (*_LOCKS, COMMON_MANIFEST, *_SETTINGS),
    "record": (*_LOCKS, COMMON_MANIFEST, *_SETTINGS, *_RECORDS),
}
# Files of any name, which the settings can call a lock, or a lock what it was made from.
_ANY_NAME = (".in", ".txt", ".yaml", ".yml")


def touched(what: str) -> tuple[list[str], list[str]]:
    """Return what the staged change deletes and ``envguard staged`` *what* is for, and what it touches whose name does not tell.

    Names are relative to the current folder. RepositoryError where there is no repository.
    """
    asked = ("diff", "--cached", "--name-status", "--no-renames", "--no-ext-diff", "-z", "--relative")
    # What lies above the current folder is of another project, or judged from there: hooks run at the top.
    words = iter(Git(os.getcwd()).lines(*asked))
    deleted, unknown = [], []
    for status, name in zip(words, words, strict=False):
        if not concerns(what, name):
            unknown += [name] if name.endswith(_ANY_NAME) else []
        elif status == "D":
            deleted.append(name)
    return deleted, unknown


def hints(what: str) -> list[str]:
    """Return all that the staged change touches and ``envguard staged`` *what* is for, and that no hook is told; errors as ``touched``."""
    deleted, unknown = touched(what)
    if not unknown:
        return deleted
    from ..named import concerned
    from ..repository.snapshot import index_reader

    folder = os.getcwd()
    reader = index_reader(folder)
    try:
        found = concerned(reader, (os.path.join(folder, name) for name in unknown), inputs=what == "lock")
    finally:
        reader.close()
    return [*deleted, *(os.path.relpath(path, folder) for path in found)]


def judged(what: str, files: Sequence[str], console: Callable[[], Console], *, also_deleted: bool) -> int:
    """Judge what ``envguard staged`` *what* is for, and return the exit status; *files* are hints, *console* makes where to say it.

    With *also_deleted* they are these and what ``hints`` says, and without any there is nothing to do.
    """
    if also_deleted:
        files = [*files, *hints(what)]
        if not files:
            # That is so for most commits; nothing more is imported for them.
            return 0
    from .staging import judge

    return judge(what, console(), files)


def concerns(what: str, path: str) -> bool:
    """Return whether ``envguard staged`` *what* is for files such as *path*."""
    parts = path.split("/")
    # As many folders as a pattern has.
    return any(fnmatchcase("/".join(parts[-1 - pattern.count("/") :]), pattern) for pattern in _CONCERNS[what])
