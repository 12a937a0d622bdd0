"""The state of the code as a receipt keeps it, and as a person reads it in one line."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any

from ..amounts import plural
from .model import LoadedState

if TYPE_CHECKING:
    from .model import Code, Head, Loaded, Patch, Paths, WorkTree

_NAMED = 3
_SHORT = 12


def document(code: Code, project: str) -> dict[str, Any]:
    """Return what is known of the code of the folder *project* as plain JSON values, without a path of this machine above it.

    ``commit``, ``branch``, ``remote`` (a URL without credentials) and what else is said of HEAD are those of its repository;
    ``tree`` is the id of the work tree's whole content, by which two dirty states can be told apart; ``imports`` is what the
    process had loaded. What is not known is null, and ``unknown`` says why.
    """
    values: dict[str, Any] = {
        "policy": str(code.policy),
        "unknown": code.unread,
        "project": os.path.relpath(project, code.root) if code.root is not None else None,
    }
    if code.head is not None:
        values |= _head(code.head)
    if code.worktree is not None:
        values |= _worktree(code.worktree)
    if code.loaded is not None:
        values["imports"] = _loaded(code.loaded, code.root)
    if code.patch is not None:
        values["patch"] = patch_document(code.patch)
    return values


def patch_document(patch: Patch) -> dict[str, Any]:
    """Return what a receipt says of a patch that lies beside it, or in it."""
    return {
        "base": patch.base,
        "tree": patch.tree,
        "sha256": hashlib.sha256(patch.text).hexdigest(),
        "bytes": len(patch.text),
        "limit": patch.limit,
        "complete": patch.complete,
        "left-out": {item.path: item.reason for item in patch.left_out},
    }


def summary(code: Code) -> str:
    """Return ``commit 1a2b3c4d5e6f (main), 2 changed (a.py, b.py), 1 untracked (c.py)``."""
    head, worktree = code.head, code.worktree
    if head is None:
        return code.unread or ""
    where = f"commit {head.commit[:_SHORT]}" if head.commit is not None else "no commit yet"
    text = f"{where} ({head.branch or 'detached'})"
    if worktree is None:
        return f"{text}; {code.unread}"
    parts = [f"{paths.count:,} {word} ({listed(paths)})" for word, paths in worktree.kinds.items() if paths.count]
    moved = [item.path for item in worktree.submodules if item.changes or item.checked_out not in (None, item.recorded)]
    if moved:
        parts.append(f"{plural(len(moved), 'submodule')} not as recorded ({', '.join(moved[:_NAMED])})")
    return ", ".join([text, *parts]) if parts else f"{text}, nothing uncommitted"


def listed(paths: Paths) -> str:
    """Return the first few of *paths*, and how many more there are."""
    shown = paths.first[:_NAMED]
    more = paths.count - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def _head(head: Head) -> dict[str, Any]:
    return {
        "remote": head.remote,
        "commit": head.commit,
        "branch": head.branch,
        "pushed": head.pushed,
        "shallow": head.shallow,
        "partial": head.partial,
        "linked": head.linked,
        "sparse": head.sparse,
        "operation": head.operation,
    }


def _worktree(worktree: WorkTree) -> dict[str, Any]:
    kinds = {
        **worktree.kinds,
        "untold": worktree.untold,
        "hidden": worktree.hidden,
        "hidden-changes": worktree.hidden_changes,
    }
    return {
        "clean": worktree.clean,
        "tree": worktree.tree,
        **({"no-tree": worktree.no_tree} if worktree.no_tree is not None else {}),
        "changes": {
            name: {"count": paths.count, "first": list(paths.first)} for name, paths in kinds.items() if paths.count
        },
        "submodules": {
            item.path: {
                "recorded": item.recorded,
                "checked-out": item.checked_out,
                "changes": item.changes,
                **({"unknown": item.unread} if item.unread is not None else {}),
            }
            for item in worktree.submodules
        },
    }


def _loaded(loaded: Loaded, root: str | None) -> dict[str, Any]:
    others = loaded.of(*(state for state in LoadedState if state is not LoadedState.COMMITTED))
    return {
        "main": loaded.main,
        "files": len(loaded.files),
        "committed": len(loaded.files) - len(others),
        "others": {_shown(item.root, item.name, root): str(item.state) for item in others},
        "commits": {_shown(path, "", root): commit for path, commit in loaded.commits.items()},
    }


def _shown(base: str | None, name: str, root: str | None) -> str:
    """Return a path in the repository *base* as seen from the project's own, *root*."""
    if base is None:
        return name
    whole = os.path.join(base, name) if name else base
    return os.path.relpath(whole, root) if root is not None and (base == root or base.startswith(f"{root}/")) else whole
