"""One walk of a tree through the stat cache, and no more than that.

A clean check walks every recorded tree. So this module lies on its path: it imports nothing that such a walk does not need.
"""

from __future__ import annotations

import os
import time

from . import stat_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..walked import Counters, Walked


def walk(
    path: str,
    patterns: Sequence[bytes] = (),
    *,
    jobs: int = 0,
    cache: bool = True,
    sample: float = 0.0,
    tick: Callable[[Counters], None] | None = None,
) -> Walked:
    """Return what the folder *path* holds, and keep what the stat cache should know of it; the result is to be closed.

    *patterns* have been checked. Without *cache* nothing is believed and nothing is kept. ValueError where *path* cannot
    be the name of anything.
    """
    # Before the first look at the tree: what changes from now on must not be recorded.
    now = time.time_ns()
    raw, real = os.fsencode(path), os.fsencode(os.path.realpath(path))
    kept = stat_cache.path_of(real, patterns) if cache else None
    cutoffs, cutoff = stat_cache.cutoffs(now) if kept else ({}, 0)
    walked = engine()(
        raw,
        ignore=patterns,
        jobs=jobs,
        records=(stat_cache.read(kept) or b"") if kept else None,
        cutoffs=cutoffs,
        cutoff=cutoff,
        sample=sample,
        seed=int.from_bytes(os.urandom(8), "little"),
        tick=tick,
    )
    if kept and walked.stale and not (walked.problems and not walked.problems[0].path):
        try:
            stat_cache.write(kept, walked.records())
        except BaseException:
            walked.close()
            raise
    return walked


def engine() -> Callable[..., Walked]:
    """Return what walks trees: the C core, or the Python that stands in for it."""
    try:
        from .._native import trees
    except ImportError:
        from . import walk as python

        return python.walk
    return trees.walk
