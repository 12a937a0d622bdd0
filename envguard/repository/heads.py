"""Where a work tree stands: commit, branch, whether anybody else has the commit, and what was begun and not ended."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..errors import RepositoryError
from ..urls import without_credentials
from .git import Git, on_its_own
from .model import Head

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..reader import Reader
    from .places import Places

_BRANCHES = "refs/heads/"
_OPERATIONS = {
    "MERGE_HEAD": "merge",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "BISECT_LOG": "bisect",
}
_DEEP = 40


def head(reader: Reader, where: Places, settings: Mapping[str, str]) -> Head:
    """Return where the work tree of *where* stands. *settings* is the configuration that is in force.

    Everything that the answer depends on is noted in the trace of *reader*. RepositoryError where git cannot tell.
    """
    operation = next(
        (word for name, word in _OPERATIONS.items() if reader.exists(os.path.join(where.git_dir, name))), None
    )
    branch = watch_head(reader, where)
    for known in ("shallow", "config"):
        reader.is_file(os.path.join(where.common_dir, known))
    reader.is_file(os.path.join(where.git_dir, "config.worktree"))
    for folder in ("remotes", "heads", "tags"):
        _watch_folder(reader, os.path.join(where.common_dir, "refs", folder), _DEEP)
    git = Git(where.root, on_its_own())
    commit, tree = _commit(git)
    kept = pushed = None
    if commit is not None:
        pushed = _reached(git, "refs/remotes")
        kept = pushed or _reached(git, "refs/heads", "refs/tags")
    return Head(
        commit=commit,
        tree=tree,
        branch=branch,
        # A short history may end before the commit that the remote's branch stands at.
        pushed=None if where.shallow and not pushed else pushed,
        kept=None if where.shallow and not kept else kept,
        remote=_remote(settings, branch),
        shallow=where.shallow,
        partial="extensions.partialclone" in settings
        or any(
            key.startswith("remote.") and key.endswith(".promisor") and value == "true"
            for key, value in settings.items()
        ),
        linked=where.linked,
        sparse=settings.get("core.sparsecheckout") == "true",
        operation=operation,
    )


def commit_of(where: Places) -> tuple[str | None, str | None]:
    """Return the commit that a work tree stands at, and its tree; None where there is none yet."""
    return _commit(Git(where.root, on_its_own()))


def _commit(git: Git) -> tuple[str | None, str | None]:
    commit = git.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}", fine=(0, 1)).decode().strip()
    if not commit:
        # HEAD names a branch that is not there yet; anything else that leads nowhere is damage.
        named = git.run("symbolic-ref", "--quiet", "HEAD", fine=(0, 1)).strip()
        if not named or git.run("rev-parse", "--verify", "--quiet", "HEAD", fine=(0, 1)).strip():
            raise RepositoryError("HEAD leads to a commit that is not there", path=git.folder, hint="git fsck")
        return None, None
    return commit, git.run("rev-parse", "--verify", f"{commit}^{{tree}}").decode().strip()


def _reached(git: Git, *inside: str) -> bool:
    """Return whether a reference in one of the folders *inside* has HEAD among its ancestors."""
    return bool(git.run("for-each-ref", "--contains", "HEAD", "--count=1", "--format=%(refname)", *inside).strip())


def watch_head(reader: Reader, where: Places) -> str | None:
    """Note the files by which it changes where HEAD stands, and return the branch, None where it is at none.

    They are those of "gitrepository-layout".
    """
    name = None
    text = _line(reader, os.path.join(where.git_dir, "HEAD"))
    if text.startswith("ref: "):
        name = text.removeprefix("ref: ").strip()
        for base in dict.fromkeys((where.git_dir, where.common_dir)):
            reader.is_file(os.path.join(base, name))
    for known in ("packed-refs", "reftable/tables.list"):
        reader.is_file(os.path.join(where.common_dir, known))
    if name == f"{_BRANCHES}.invalid":
        # References are kept in tables, which git alone reads.
        name = _symbolic(where)
    return name.removeprefix(_BRANCHES) if name is not None else None


def _watch_folder(reader: Reader, path: str, deep: int) -> None:
    """Note the folder *path* and those in it: git puts another file in the place of a reference that it changes."""
    if not reader.is_dir(path):
        return
    for name in reader.list_dir(path):
        inner = os.path.join(path, name)
        if deep and os.path.isdir(inner):
            _watch_folder(reader, inner, deep - 1)


def _symbolic(where: Places) -> str | None:
    text = Git(where.root, on_its_own()).run("symbolic-ref", "--quiet", "HEAD", fine=(0, 1))
    return os.fsdecode(text).strip() or None


def _line(reader: Reader, path: str) -> str:
    data = reader.read_bytes(path, limit=1 << 16)
    if not data.strip():
        raise RepositoryError("is empty", path=path, hint="git fsck")
    return os.fsdecode(data)


def _remote(settings: Mapping[str, str], branch: str | None) -> str | None:
    name = settings.get(f"branch.{branch}.remote") or "origin"
    url = settings.get(f"remote.{name}.url")
    return without_credentials(url) if url is not None else None
