"""How far a walk is, told while it goes on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..walked import Counters

if TYPE_CHECKING:
    from collections.abc import Callable

BEAT = 0.1


class Telling:
    """The counters of one walk. *tick* hears them about ten times a second, on the thread that counts."""

    def __init__(self, tick: Callable[[Counters], None] | None) -> None:
        self.cached = 0
        self._tick = tick
        self._due = time.monotonic() + BEAT
        self._found = self._done = self._bytes_done = 0
        self._listed = False

    def _beat(self) -> None:
        if self._tick is not None and (now := time.monotonic()) >= self._due:
            self._due = now + BEAT
            self._tell()

    def _tell(self) -> None:
        if self._tick is not None:
            self._tick(
                Counters(
                    files_found=self._found,
                    files_done=self._done,
                    bytes_done=self._bytes_done,
                    files_cached=self.cached,
                    listed=self._listed,
                )
            )
