"""A tree as one input of a check: what tells it from others, and what is said of it, as text that a trace can keep.

A clean check that is answered from its trace walks every tree anew, through the stat cache. So this module lies on the path
of every clean check of a project that has recorded data: it imports nothing that such a walk does not need.
"""

from __future__ import annotations

import os
import time

from . import ranks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..data.model import Progress, Tree

CONTENT = "content"
STAT_CACHE = "stat-cache"
# What a sample brought to light while an earlier answer was looked at: another sample may miss it.
_silent: dict[str, Tree] = {}


def identify(path: str, ignore: Sequence[str], *, sample: float = 0.0, full: bool = False) -> str:
    """Return what tells the walk of the folder *path* from every other walk.

    *full* reads everything and asks no cache, *sample* is the share of files that are read although the cache knows them;
    which ones is drawn anew in every walk, so it is no part of this.
    """
    return "\0".join((path, "full" if full else "", repr(float(sample)), *ignore))


def told(tree: Tree) -> str:
    """Return what is said of *tree*: root, files, bytes and assurance; nothing where it has no root."""
    if tree.root is None:
        return ""
    return f"{tree.root}:{tree.files}:{tree.bytes}:{assurance(tree)}"


def assurance(tree: Tree) -> str:
    """Return how *tree* is known: ``content`` where every file was read, ``stat-cache`` where some were known unchanged."""
    return STAT_CACHE if tree.cached else CONTENT


def walk(identity: str, *, manifest: bool = False, progress: Callable[[Progress], None] | None = None) -> Tree:
    """Walk the tree that *identity* stands for; UnreadableError where its folder itself is none or cannot be listed."""
    from ..data.trees import hash_tree

    path, full, sample, *ignore = identity.split("\0")
    return hash_tree(path, ignore=ignore, cache=not full, sample=float(sample), manifest=manifest, progress=progress)


def tell(identity: str, *, progress: Callable[[Progress], None] | None = None) -> tuple[str, Tree | None]:
    """Return what is said of a tree now, and the tree itself where it was this process that walked it.

    Of the ranks of one job on one host only one walks, and the others take its word, unless there were problems.
    """
    if identity in _silent:
        return "", _silent.pop(identity)
    seen: list[Tree] = []

    def walk_now() -> str:
        seen.append(walk(identity, progress=progress))
        return told(seen[-1])

    text = ranks.shared(identity, walk_now)
    return text, seen[-1] if seen else None


def retell(identity: str, *, progress: Callable[[Progress], None] | None = None) -> str:
    """Return what is said of a tree now, for the trace of an earlier check; nothing where there is no such tree."""

    def walk_now() -> str:
        return _quickly(identity, progress)

    try:
        return ranks.shared(identity, walk_now)
    except (OSError, RuntimeError, MemoryError, ValueError):
        # The check that is now made from the start meets it again, where it can be said.
        return ""


def _quickly(identity: str, progress: Callable[[Progress], None] | None) -> str:
    """Walk a tree and import no more than that takes; what was recorded of it has been checked before."""
    from ..data import quick

    path, full, sample, *ignore = identity.split("\0")
    tick = None
    if progress is not None:
        from ..data.progress import Pace, told

        tick = told(Pace(time.monotonic()), progress)
    patterns = tuple(map(os.fsencode, ignore))
    with quick.walk(path, patterns, cache=not full, sample=float(sample), tick=tick) as walked:
        if walked.root is not None:
            how = STAT_CACHE if walked.cached else CONTENT
            return f"{walked.root.hex()}:{walked.files}:{walked.bytes}:{how}"
        if any(problem.kind == "silent" for problem in walked.problems):
            from ..data.model import Tree

            _silent[identity] = Tree(
                path=path,
                root=None,
                files=walked.files,
                bytes=walked.bytes,
                problems=walked.problems,
                problem_count=walked.problem_count,
            )
        return ""


def there(path: str) -> bool:
    """Return whether there is anything at *path*, links followed; what cannot be asked may be there."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):
        return True
    return True
