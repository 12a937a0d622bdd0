"""The tree engine over folders of installed packages. ImportError where there is no core."""

from __future__ import annotations

from .trees import PIECE, Ended, check, ffi, finished, lib, options_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ..walked import Counters

_TIMES = PIECE // 64


class NativeListed(Ended):
    """What is in a folder of packages: ``envguard.walked.Listed`` over the memory of a run."""

    __slots__ = ("settled", "state")

    def __init__(self, run: Any, kept_alive: object) -> None:
        super().__init__(run, kept_alive)
        self.settled = bool(self.result.settled)
        self.state = bytes(ffi.buffer(self.result.root))

    def rows(self) -> tuple[list[bytes], list[int]]:
        """Return the rows and, for each of them, its mtime in nanoseconds; they can be read once."""
        rows: list[bytes] = []
        times: list[int] = []
        written, count = ffi.new("size_t *"), ffi.new("size_t *")
        room = PIECE
        stamps = ffi.new("int64_t[]", _TIMES)
        while True:
            piece = ffi.new("uint8_t[]", room)
            status = lib.eg_tree_rows(self._run, piece, room, written, stamps, _TIMES, count)
            if status == lib.EG_ROOM:
                room = written[0]
                continue
            check(status)
            if not count[0]:
                return rows, times
            rows += bytes(ffi.buffer(piece, written[0] - 1)).split(b"\0")
            times += ffi.unpack(stamps, count[0])


def look(
    root: bytes,
    wanted: bytes,
    *,
    alone: bool = False,
    heads: bool = True,
    jobs: int = 0,
    records: bytes | None = None,
    cutoffs: Mapping[int, int] | None = None,
    cutoff: int = 0,
    tick: Callable[[Counters], None] | None = None,
) -> NativeListed:
    """Return what the folder *root* holds: see ``envguard.walked.Listed``.

    *wanted* are the paths from *root* of the files to hash, sorted, each once and with a NUL behind it. *alone*: nothing else
    is looked at. *heads*: of other files called ``*.pyc`` the first 16 bytes are read. *jobs*, *records*, *cutoffs*,
    *cutoff* and *tick* as for ``envguard._native.trees.walk``.
    """
    options, keep = options_for(root, records=records, cutoffs=cutoffs, cutoff=cutoff)
    view = ffi.from_buffer("uint8_t[]", wanted)
    options.installed = 1
    options.wanted = view
    options.wanted_length = len(wanted)
    options.only_wanted = alone
    options.heads = heads
    return NativeListed(*finished(options, jobs, tick, (keep, view)))
