"""What the staged change deletes, asked before anything else is imported: most commits delete nothing that a hook is for.

pre-commit and prek pass no deleted files to a hook, and start none that is left without files.
"""

from __future__ import annotations

import os
from fnmatch import fnmatchcase

from ..lockfiles.formats import FORMATS
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
_RECORDS = ("envguard.lock", ".envguard/manifests/*.b3")
# What each command is for, as the hooks of pre-commit are asked with it.
_CONCERNS = {"lock": (*_LOCKS, *_MANIFESTS), "diff": _LOCKS, "record": (*_LOCKS, *_RECORDS)}


def deleted(what: str) -> list[str]:
    """Return the files that the staged change deletes and ``envguard staged`` *what* is for, relative to the current folder.

    RepositoryError where there is no repository.
    """
    asked = ("diff", "--cached", "--name-only", "--no-renames", "--no-ext-diff", "--diff-filter=D", "-z", "--relative")
    git = Git(os.getcwd())
    # What lies above the current folder is of another project, or judged from there: hooks run at the top.
    return [name for name in git.lines(*asked) if concerns(what, name)]


def judged(what: str, files: Sequence[str], console: Callable[[], Console], *, also_deleted: bool) -> int:
    """Judge what ``envguard staged`` *what* is for, and return the exit status; *files* are hints, *console* makes where to say it.

    With *also_deleted* they are these and what ``deleted`` says, and without any there is nothing to do.
    """
    if also_deleted:
        files = [*files, *deleted(what)]
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
