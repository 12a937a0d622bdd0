"""What keeps a tree from having a root, in words."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..walked import Problem

_WORDS = {
    "dangling": "is a link to nothing",
    "loop": "is a link that leads back to itself or to a folder that holds it",
    "special": "is neither a file nor a folder, but a pipe, socket or device",
    "folder": "is a folder, where a file is expected",
    "silent": "has other content than when it was last read, though its size and times say that nothing changed",
}


def fault(problem: Problem) -> str:
    """Return what is wrong with an entry of a tree, to be said after its path."""
    if problem.kind == "unreadable":
        reason = os.strerror(problem.errno).lower() if problem.errno else "no reason was given"
        return f"cannot be read: {reason}"
    if problem.kind == "unstable":
        gone = problem.errno == errno.ENOENT
        return "vanished while the tree was read" if gone else "changed while it was read"
    return _WORDS[problem.kind]


def listed(texts: Sequence[str], limit: int, count: int = 0) -> str:
    """Return the first *limit* of *texts*, separated by commas, and how many more there are, of *count* in all."""
    more = max(count, len(texts)) - min(limit, len(texts))
    return ", ".join(texts[:limit]) + (f" and {more:,} more" if more > 0 else "")
