"""The arithmetic of progress: how fast it goes, and how long it will take."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .model import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..walked import Counters

_WINDOW = 5.0


class Pace:
    """Turns counts at points in time into ``Progress``. *bytes_total* where it is known from the start."""

    __slots__ = ("_bytes_total", "_marks", "_start")

    def __init__(self, now: float, *, bytes_total: int | None = None) -> None:
        self._start = now
        self._bytes_total = bytes_total
        # Time, files and bytes at the moments of the last seconds, oldest first.
        self._marks: list[tuple[float, int, int]] = [(now, 0, 0)]

    def at(self, now: float, *, files: int, size: int, cached: int = 0, files_total: int | None = None) -> Progress:
        """Return the progress *now* (seconds of any clock that only goes forward), with *files* and *size* bytes done."""
        self._marks.append((now, files, size))
        while len(self._marks) > 2 and self._marks[1][0] <= now - _WINDOW:
            del self._marks[0]
        then, files_then, size_then = self._marks[0]
        passed = now - then
        rate = max(0.0, (size - size_then) / passed) if passed > 0 else 0.0
        left = None
        if self._bytes_total is not None:
            left = _left(self._bytes_total - size, size - size_then, passed)
        elif files_total is not None:
            left = _left(files_total - files, files - files_then, passed)
        return Progress(
            files=files,
            bytes=size,
            cached=cached,
            files_total=files_total,
            bytes_total=self._bytes_total,
            seconds=now - self._start,
            rate=rate,
            left=left,
        )


def told(pace: Pace, progress: Callable[[Progress], None]) -> Callable[[Counters], None]:
    """Return what an engine is to call, so that *progress* hears of it."""

    def tick(counters: Counters) -> None:
        progress(
            pace.at(
                time.monotonic(),
                files=counters.files_done,
                size=counters.bytes_done,
                cached=counters.files_cached,
                files_total=counters.files_found if counters.listed else None,
            )
        )

    return tick


def _left(missing: int, done: int, seconds: float) -> float | None:
    """Return how long *missing* takes where *done* took *seconds*; None where nothing was done in them."""
    if missing <= 0:
        return 0.0
    return missing * seconds / done if done > 0 and seconds > 0 else None
