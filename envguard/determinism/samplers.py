"""The order of samples, derived from root, name and epoch: the same for any number of workers, and no sum of two seeds.

The order is a sort of 64-bit keys, SHAKE-256 of the stream's entropy read as little-endian numbers, and of their places
where two keys are equal. It needs no library's generator, so no version of one can change it; NumPy or torch, where one
of them is loaded, only sorts faster.
"""

from __future__ import annotations

import hashlib
import sys
from array import array
from typing import TYPE_CHECKING, Any

from ..errors import StreamError
from .streams import check_whole, derive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sized

    from .epoch import Epoch

_KEY_BYTES = 8


def permutation(entropy: bytes, size: int) -> array[int]:
    """Return the numbers below *size* in the order that *entropy* means."""
    raw = hashlib.shake_256(b"envguard.order.v1" + entropy).digest(_KEY_BYTES * size)
    if (numpy := sys.modules.get("numpy")) is not None:
        return by_numpy(numpy, raw)
    if (torch := sys.modules.get("torch")) is not None:
        return by_torch(torch, raw)
    return by_python(raw)


def by_python(raw: bytes) -> array[int]:
    """Return the order of the keys in *raw*."""
    keys = array("Q", raw)
    if sys.byteorder == "big":
        keys.byteswap()
    return array("q", sorted(range(len(keys)), key=keys.__getitem__))


def by_numpy(numpy: Any, raw: bytes) -> array[int]:
    """Return the order of the keys in *raw*, sorted by NumPy."""
    order = numpy.frombuffer(raw, dtype="<u8").argsort(kind="stable")
    return array("q", order.astype(numpy.int64).tobytes())


def by_torch(torch: Any, raw: bytes) -> array[int]:
    """Return the order of the keys in *raw*, sorted by torch, which knows signed numbers alone."""
    if not raw or sys.byteorder == "big":
        return by_python(raw)
    keys = torch.frombuffer(bytearray(raw), dtype=torch.int64) ^ torch.iinfo(torch.int64).min
    return array("q", torch.argsort(keys, stable=True).tolist())


class Sampler:
    """The indices of a data set in an order of its own for each epoch; for a ``DataLoader`` as its ``sampler``.

    Of several *replicas*, each takes every so manieth index, beginning with its *rank*. So that all get equally many, the
    order is filled up from its beginning (world size then decides which samples come twice), or with *drop_last* its end
    is left out. ``set_epoch`` says which epoch comes, as does ``run.set_epoch``; without either the first is 0.
    """

    def __init__(
        self,
        data: Sized,
        *,
        root: int,
        name: str,
        epoch: Epoch,
        shuffle: bool = True,
        replicas: int = 1,
        rank: int = 0,
        drop_last: bool = False,
        repeat: bool = False,
    ) -> None:
        check_whole(replicas, "the number of replicas", _KEY_BYTES)
        check_whole(rank, "a rank", _KEY_BYTES)
        if rank >= replicas:
            raise ValueError(f"a rank is below the number of replicas, {replicas}, not {rank}")
        self.name = name
        self.shuffle = shuffle
        self.replicas = replicas
        self.rank = rank
        self.drop_last = drop_last
        self.repeat = repeat
        self._data = data
        self._root = root
        self._run_epoch = epoch
        self._own_epoch: int | None = None
        self._start = 0
        self._times = 0
        self._finished: tuple[int, int] | None = None
        self.begins: Callable[[int], object] | None = None
        """What is called with the epoch when its first index is asked for."""

    def set_epoch(self, epoch: int, start: int = 0) -> None:
        """Say which epoch comes, and that the first *start* indices of this rank were used before (after a resume)."""
        check_whole(epoch, "an epoch", _KEY_BYTES)
        check_whole(start, "the number of indices that were used", _KEY_BYTES)
        self._own_epoch = epoch
        self._start = start
        self._times += 1

    @property
    def epoch(self) -> int:
        """The epoch whose order comes next."""
        if self._own_epoch is not None:
            return self._own_epoch
        return self._run_epoch.known() or 0

    def __len__(self) -> int:
        """Return how many indices of this rank are left in the epoch."""
        return max(self._share() - self._start, 0)

    def _share(self) -> int:
        size = len(self._data)
        return size // self.replicas if self.drop_last else -(-size // self.replicas)

    def __iter__(self) -> Iterator[int]:
        epoch, said = self.epoch, self._times + self._run_epoch.times
        if self.shuffle and not self.repeat and self._finished == (epoch, said):
            raise StreamError(
                f"the sampler '{self.name}' has given epoch {epoch} to its end already\n"
                "why: without another epoch every epoch has the same order",
                hint="run.set_epoch(epoch) or sampler.set_epoch(epoch) before each epoch, or repeat=True where that is wanted",
            )
        if self.begins is not None:
            self.begins(epoch)
        yield from self._indices(epoch)[self._start :]
        self._start = 0
        self._finished = (epoch, said)

    def _indices(self, epoch: int) -> array[int]:
        size = len(self._data)
        if self.shuffle:
            order = permutation(derive(self._root, f"lib:sampler:{self.name}", epoch), size)
        else:
            order = array("q", range(size))
        total = self._share() * self.replicas
        if total > size:
            order = (order * -(-total // size))[:total]
        return order[self.rank : total : self.replicas]
