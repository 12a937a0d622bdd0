"""One look at a work tree and the submodules in it, and at everything by which it would be seen to change."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..errors import RepositoryError
from ..trace import ABSENT, of_stat
from ..values import dataclass
from .contents import stage_all, write_tree
from .heads import commit_of
from .model import Paths, Submodule, WorkTree
from .places import places
from .sealed import Sealed, person_files
from .status import MODULE, is_ours, status

if TYPE_CHECKING:
    from collections.abc import Collection

    from .places import Places
    from .status import Status

# More than that in changes has no id: they are data, not code.
TREE_BYTES = 64 * 1024 * 1024
_SHOWN = 20
_DEEP = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was seen of a work tree, and *watched*: the files and folders, links not followed, that it depends on."""

    worktree: WorkTree
    watched: dict[str, str]


def look(where: Places, *, index: str | None = None, deep: int = _DEEP) -> Look:
    """Return the state of the work tree of *where*, of its submodules as well. RepositoryError where git cannot tell.

    *index* is looked at in the place of the work tree's own, as in a hook of ``git commit --all``.
    """
    watched: dict[str, str] = {}
    commit, tree = commit_of(where)
    # Before git looks: what changes afterwards is seen to have changed.
    for path in _inputs(where, index):
        watched[path] = _seen(path)
    with Sealed(where, index=index) as sealed:
        for _, patterns in person_files(sealed.settings):
            watched[patterns] = _seen(patterns)
        found = status(sealed, commit=commit)
        _watch(where.root, found, watched)
        recorded = _recorded(sealed, commit, found)
        modules = tuple(
            _submodule(where.root, path, recorded.get(path, ""), watched, deep) for path in sorted(found.modules)
        )
        seen = _worktree(sealed, found, modules, tree)
    return Look(worktree=seen, watched=watched)


def _worktree(sealed: Sealed, found: Status, modules: tuple[Submodule, ...], tree: str | None) -> WorkTree:
    hidden = {path for path in found.hidden if path in found.unstaged or path in found.filters}
    no_tree = None
    if found.dirty or tree is None:
        left_out = stage_all(sealed, found, limit=TREE_BYTES)
        if left_out:
            tree, no_tree = None, f"{left_out[0].path}: {left_out[0].reason}"
        else:
            tree = write_tree(sealed)
    return WorkTree(
        staged=_paths(found.staged),
        unstaged=_paths(found.unstaged),
        untracked=_paths(found.untracked),
        conflicted=_paths(found.conflicted),
        untold=_paths(found.filters),
        hidden=_paths({path for path in found.hidden if os.path.lexists(os.path.join(sealed.where.root, path))}),
        hidden_changes=_paths(hidden),
        submodules=modules,
        tree=tree,
        no_tree=no_tree,
    )


def _recorded(sealed: Sealed, commit: str | None, found: Status) -> dict[str, str]:
    """Return what *commit* records for each submodule; one that is staged only is not recorded."""
    if commit is None or not found.modules:
        return {}
    lines = sealed.git.lines("ls-tree", "-r", "-z", "--full-tree", commit)
    rows = (line.partition("\t") for line in lines)
    return {path: facts.split(" ")[2] for facts, _, path in rows if facts.startswith(f"{MODULE} ")}


def _submodule(root: str, path: str, recorded: str, watched: dict[str, str], deep: int) -> Submodule:
    whole = os.path.join(root, path)
    begin = os.path.join(whole, ".git")
    watched[begin] = _seen(begin)
    if not os.path.lexists(begin):
        return Submodule(path=path, recorded=recorded)
    if not deep:
        return Submodule(path=path, recorded=recorded, unread="there are too many submodules within one another")
    try:
        where = places(whole)
        commit, _ = commit_of(where)
        inner = look(where, deep=deep - 1)
    except RepositoryError as error:
        return Submodule(path=path, recorded=recorded, unread=error.message)
    watched.update(inner.watched)
    worktree = inner.worktree
    changes = worktree.changes + worktree.untold.count + sum(not _as_recorded(item) for item in worktree.submodules)
    return Submodule(path=path, recorded=recorded, checked_out=commit, changes=changes)


def _as_recorded(module: Submodule) -> bool:
    return module.unread is None and module.checked_out in (None, module.recorded) and not module.changes


def _paths(found: Collection[str]) -> Paths:
    return Paths(count=len(found), first=tuple(sorted(found)[:_SHOWN]))


def _inputs(where: Places, index: str | None) -> list[str]:
    """Return the files of git's own that the state of a work tree depends on, beside the reference that HEAD names."""
    home = os.path.expanduser("~")
    return [
        index or os.path.join(where.git_dir, "index"),
        os.path.join(where.git_dir, "HEAD"),
        os.path.join(where.git_dir, "config.worktree"),
        os.path.join(where.git_dir, "info", "sparse-checkout"),
        os.path.join(where.common_dir, "config"),
        os.path.join(where.common_dir, "info", "exclude"),
        os.path.join(where.common_dir, "info", "attributes"),
        *_reference(where),
        os.path.join(home, ".gitconfig"),
    ]


def _reference(where: Places) -> list[str]:
    try:
        with open(os.path.join(where.git_dir, "HEAD"), encoding="utf-8", errors="surrogateescape") as file:
            text = file.read(4096)
    except OSError:
        text = ""
    names = ["packed-refs", "reftable/tables.list"]
    if text.startswith("ref: "):
        names.append(text.removeprefix("ref: ").strip())
    return [os.path.join(where.common_dir, name) for name in names]


def _watch(root: str, found: Status, watched: dict[str, str]) -> None:
    """Note the files that git looked at, and every folder in which another one could appear."""
    modules = found.modules
    for path in (*found.entries, *found.untracked):
        if path not in modules and not path.endswith("/"):
            whole = os.path.join(root, path)
            watched[whole] = _seen(whole)
    apart = {path.rstrip("/") for path in (*found.ignored, *found.untracked) if path.endswith("/")} | set(modules)
    todo = [""]
    while todo:
        folder = todo.pop()
        whole = os.path.join(root, folder) if folder else root
        watched[whole] = _seen(whole)
        try:
            with os.scandir(whole) as entries:
                for entry in entries:
                    path = f"{folder}/{entry.name}" if folder else entry.name
                    if entry.name == ".git" or path in apart or is_ours(f"{path}/"):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(path)
        except OSError:
            continue


def _seen(path: str) -> str:
    try:
        return of_stat(os.lstat(path))
    except (OSError, ValueError):
        return ABSENT
