"""One line on standard error that says how far a long hashing is, and goes away when it is done."""

from __future__ import annotations

import os
import sys

from ..amounts import duration, plural, size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self, TextIO

    from ..data.model import Progress

_MOMENT = 0.5
_COLUMNS = 80
_CLEAR = "\r\x1b[K"


class ProgressLine:
    """A context in which *callback* shows progress; it is None where nobody watches: no terminal, a dumb one, or CI."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._shown = False
        self.callback: Callable[[Progress], None] | None = self._show if self._watched() else None

    def _watched(self) -> bool:
        if os.environ.get("CI", "").lower() not in ("", "0", "false") or os.environ.get("TERM") == "dumb":
            return False
        try:
            return self._stream is not None and self._stream.isatty()
        except ValueError:
            return False

    def _show(self, progress: Progress) -> None:
        if progress.seconds < _MOMENT:
            return
        try:
            width = os.get_terminal_size(self._stream.fileno()).columns
        except (OSError, ValueError):
            width = 0
        # Said before it is so: Ctrl-C may come as soon as the line stands there.
        self._shown = True
        # A terminal that nobody told its size says 0.
        self._write(_CLEAR + text(progress)[: (width or _COLUMNS) - 1])

    def clear(self) -> None:
        """Take the line away, so that something else can be said."""
        if self._shown:
            self._write(_CLEAR)
            self._shown = False

    def _write(self, what: str) -> None:
        try:
            self._stream.write(what)
            self._stream.flush()
        except (OSError, ValueError):
            # A terminal that went away: the work goes on, unwatched.
            self.callback = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.clear()


def text(progress: Progress) -> str:
    """Return ``1,200 of 20,000 files, 1.2 GB, 2.1 GB/s, 0:08 left``, as far as it is known."""
    files = plural(progress.files, "file")
    if progress.files_total is not None:
        files = f"{progress.files:,} of {plural(progress.files_total, 'file')}"
    amount = size(progress.bytes)
    if progress.bytes_total is not None:
        amount += f" of {size(progress.bytes_total)}"
    parts = [files, amount] if progress.files or progress.bytes_total is None else [amount]
    parts.append(f"{size(progress.rate)}/s")
    if progress.left is not None:
        parts.append(f"{duration(progress.left)} left")
    return ", ".join(parts)
