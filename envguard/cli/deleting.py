"""What the staged change deletes, asked before anything else is imported: most commits delete nothing that a record names."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase

from ..lockfiles.formats import FORMATS
from ..repository.git import Git

_RECORD = "envguard.lock"
_MANIFESTS = ".envguard/manifests/"


def deleted() -> list[str]:
    """Return the locks, records and manifests of trees that the staged change deletes, relative to the current folder.

    RepositoryError where there is no repository.
    """
    asked = ("diff", "--cached", "--name-only", "--no-renames", "--no-ext-diff", "--diff-filter=D", "-z", "--relative")
    git = Git(os.getcwd())
    # What lies above the current folder is of another project, or judged from there: hooks run at the top.
    return [name for name in git.lines(*asked) if _concerns(name)]


def _concerns(path: str) -> bool:
    name = path.rpartition("/")[2]
    usual = any(fnmatchcase(name, pattern) for form in FORMATS for pattern in form.files)
    return usual or name == _RECORD or f"/{path}".rfind(f"/{_MANIFESTS}") >= 0
