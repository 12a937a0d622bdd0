"""Drawing from the streams of a run: what a training script and the workers of its data loaders have in common."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random
    from typing import Self, SupportsIndex, overload

    from jax import Array as Key
    from numpy.random import Generator
    from torch import Generator as TorchGenerator
    from torch import device as Device  # noqa: N812

    from .named import Streams
    from .split import Share


class Drawing:
    """The *streams* of a run, its *seed* and its epoch. It can be pickled; copying it gives the same one."""

    def __init__(self, streams: Streams) -> None:
        self.streams = streams
        self.seed = streams.root

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def numpy(self, name: str, *index: SupportsIndex | str, reuse: bool = False) -> Generator:
        """Return the stream *name* with these indices as ``numpy.random.Generator`` (over PCG64DXSM).

        Raises StreamError where this process was handed the same stream before, unless *reuse*.
        """
        return self.streams.numpy(name, *index, reuse=reuse)

    def random(self, name: str, *index: SupportsIndex | str, reuse: bool = False) -> Random:
        """Return the stream *name* with these indices as ``random.Random``; StreamError as for ``numpy()``."""
        return self.streams.random(name, *index, reuse=reuse)

    def torch(
        self, name: str, *index: SupportsIndex | str, device: Device | str = "cpu", reuse: bool = False
    ) -> TorchGenerator:
        """Return the stream *name* with these indices as ``torch.Generator`` on *device*; StreamError as for ``numpy()``."""
        return self.streams.torch(name, *index, device=device, reuse=reuse)

    def jax(self, name: str, *index: SupportsIndex | str, impl: str = "threefry2x32", reuse: bool = False) -> Key:
        """Return the stream *name* with these indices as a key of JAX; StreamError as for ``numpy()``."""
        return self.streams.jax(name, *index, impl=impl, reuse=reuse)

    if TYPE_CHECKING:

        @overload
        def split(
            self, sample: str | bytes | int, fractions: Mapping[str, Share], *, name: str = ..., seed: int | None = ...
        ) -> str: ...
        @overload
        def split(
            self, sample: str | bytes | int, fractions: Sequence[Share], *, name: str = ..., seed: int | None = ...
        ) -> int: ...

    def split(
        self,
        sample: str | bytes | int,
        fractions: Mapping[str, Share] | Sequence[Share],
        *,
        name: str = "split",
        seed: int | None = None,
    ) -> str | int:
        """Return the part of *fractions* (its key, or its place) that a *sample* belongs to, by a hash of its identity.

        Samples that are added or reordered move no other, and no library's generator is asked. *seed* takes the place of
        the run's, for a split that stays while seeds change. ValueError where the fractions make no whole.
        """
        from .split import bucket

        return bucket(self.seed if seed is None else seed, name, sample, fractions)

    @property
    def epoch(self) -> int:
        """The epoch that ``set_epoch`` said, in workers of data loaders as well; StreamError where it said none."""
        return self.streams.epoch.get()

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch begins, before its data loader is asked for the first batch."""
        self.streams.epoch.set(epoch)
