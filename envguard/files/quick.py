"""One look into a folder of installed packages through the stat cache, and no more than that.

A clean check looks again at every such folder that its answer came from. So this module lies on its path: it imports nothing
that such a look does not need.
"""

from __future__ import annotations

import os
import time

from ..data import stat_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..walked import Counters, Listed


def look(
    path: str,
    wanted: bytes,
    *,
    alone: bool = False,
    cache: bool = True,
    tick: Callable[[Counters], None] | None = None,
) -> Listed:
    """Return what the folder *path* holds, and keep what the stat cache should know of it; the result is to be closed.

    *wanted*, *alone* and *tick* as for the engine. Without *cache* nothing is believed and nothing is kept.
    """
    # Before the first look: what changes from now on must not be recorded.
    now = time.time_ns()
    real = os.fsencode(os.path.realpath(path))
    kept = stat_cache.path_of(real, (b"alone",) if alone else (), kind="files") if cache else None
    cutoffs, cutoff = stat_cache.cutoffs(now)
    listed = engine()(
        os.fsencode(path),
        wanted,
        alone=alone,
        records=(stat_cache.read(kept) or b"") if kept else None,
        cutoffs=cutoffs,
        cutoff=cutoff,
        tick=tick,
    )
    if kept and listed.stale and not (listed.problems and not listed.problems[0].path):
        try:
            stat_cache.write(kept, listed.records())
        except BaseException:
            listed.close()
            raise
    return listed


def state(path: str) -> str:
    """Return what is in the folder *path* now, by the stat of all its files, as 64 hexadecimal digits.

    Nothing where that proves nothing: see ``envguard.walked.Listed``.
    """
    cutoffs, cutoff = stat_cache.cutoffs(time.time_ns())
    with engine()(os.fsencode(path), b"", heads=False, cutoffs=cutoffs, cutoff=cutoff) as listed:
        return listed.state.hex() if listed.settled else ""


def engine() -> Callable[..., Listed]:
    """Return what looks into folders: the C core, or the Python that stands in for it."""
    try:
        from .._native import listed
    except ImportError:
        from . import walk

        return walk.look
    return listed.look
