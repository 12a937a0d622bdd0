"""The epoch of a run, where the workers of a data loader see it too: forked, spawned, and those that outlive an epoch."""

from __future__ import annotations

import os
import sys

from ..errors import StreamError
from .streams import check_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_UNSET = -1


class Epoch:
    """A number that is set in one process and read in its children; *times* counts how often it was set here.

    *then* are called with it whenever it was set here.
    """

    def __init__(self, value: int = _UNSET) -> None:
        self._value = value
        self._shared: Any = None
        self._owner = 0
        self.times = 0
        self.then: dict[object, Callable[[int], object]] = {}

    def set(self, epoch: int) -> None:
        """Set the epoch; TypeError or ValueError unless it is a whole number, at least 0 and below 2**63."""
        check_whole(epoch, "an epoch", 8)
        if epoch >= 1 << 63:
            raise ValueError(f"an epoch is below 2**63, not {epoch}")
        self.times += 1
        self._value = epoch
        if self._owner != os.getpid():
            # A child that says its own is no worker but a rank, and may be at another epoch than its parent and siblings.
            self._shared = None
        self.share()
        if self._shared is not None:
            self._shared.value = epoch
        for begin in list(self.then.values()):
            begin(epoch)

    def known(self) -> int | None:
        """Return the epoch, or None where nobody has set one."""
        value = self._value if self._shared is None else self._shared.value
        return None if value == _UNSET else int(value)

    def get(self) -> int:
        """Return the epoch; StreamError where nobody has set one."""
        value = self.known()
        if value is None:
            raise StreamError(
                "nobody has said which epoch this is\nwhy: without it every epoch would draw the same numbers",
                hint="run.set_epoch(epoch) before each epoch",
            )
        return value

    def share(self) -> None:
        """Put the epoch where children that are started from now on see every change of it.

        Where there is no shared memory, the workers of data loaders cannot hand over a batch either.
        """
        if self._shared is None:
            try:
                from ctypes import c_longlong
                from multiprocessing.sharedctypes import RawValue

                self._shared = RawValue(c_longlong, self._value)
                self._owner = os.getpid()
            except (ImportError, OSError):
                return

    def __reduce__(self) -> tuple[Callable[..., Epoch], tuple[Any, ...]]:
        # Shared memory reaches a child that is being started; a copy for anybody else has the epoch of now.
        context = sys.modules.get("multiprocessing.context")
        starting = context is not None and context.get_spawning_popen() is not None
        value = self.known()
        return _again, (_UNSET if value is None else value, self._shared if starting else None)


def _again(value: int, shared: Any) -> Epoch:
    epoch = Epoch(value)
    epoch._shared = shared  # noqa: SLF001
    return epoch
