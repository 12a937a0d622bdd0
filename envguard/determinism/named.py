"""The named streams of a run: each asked for by a name and indices, as a generator of the library that draws from it."""

from __future__ import annotations

import operator
from weakref import WeakSet

from ..errors import StreamError
from .epoch import Epoch
from .handed import Handed, Registry
from .streams import check_whole, derive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sized
    from random import Random
    from typing import Any, Self, SupportsIndex

    from jax import Array as Key
    from numpy.random import Generator
    from torch import Generator as TorchGenerator
    from torch import device as Device  # noqa: N812

    from .at_home import AtHome
    from .samplers import Sampler

    Index = tuple[int | str, ...]

RESERVED = "lib:"
_MOST_NAME = 200


class Streams:
    """The streams of one *root*; picklable, so that a worker of a data loader has them too.

    A stream is a function of root, name and indices: not of the order of requests, of PYTHONHASHSEED, of the number of
    workers or ranks. Each process keeps account of its own requests.
    """

    def __init__(self, root: int) -> None:
        check_whole(root, "a seed", 32)
        self.root = root
        self.epoch = Epoch()
        self.homes: WeakSet[AtHome] = WeakSet()
        self._registry = Registry()

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.root, self.epoch)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def numpy(self, name: str, *index: SupportsIndex | str, reuse: bool = False) -> Generator:
        """Return the stream as ``numpy.random.Generator`` over PCG64DXSM."""
        from .generators import numpy_generator

        made: Generator = self._hand("numpy", name, index, numpy_generator, reuse=reuse)
        return made

    def random(self, name: str, *index: SupportsIndex | str, reuse: bool = False) -> Random:
        """Return the stream as ``random.Random``."""
        from .generators import python_random

        made: Random = self._hand("random", name, index, python_random, reuse=reuse)
        return made

    def torch(
        self, name: str, *index: SupportsIndex | str, device: Device | str = "cpu", reuse: bool = False
    ) -> TorchGenerator:
        """Return the stream as ``torch.Generator`` on *device*."""
        from .generators import torch_generator

        return self._hand("torch", name, index, lambda entropy: torch_generator(entropy, device), reuse=reuse)

    def jax(self, name: str, *index: SupportsIndex | str, impl: str = "threefry2x32", reuse: bool = False) -> Key:
        """Return the stream as a key of JAX, of the implementation *impl*."""
        from .generators import jax_key

        clean = named(name, index)
        key = jax_key(derive(self.root, name, *clean), impl)
        self._registry.request("jax", name, clean, reuse=reuse)
        return key

    def _hand(
        self,
        library: str,
        name: str,
        index: tuple[SupportsIndex | str, ...],
        make: Callable[[bytes], Any],
        *,
        reuse: bool,
        ours: bool = False,
    ) -> Any:
        clean = named(name, index, ours=ours)
        generator = make(derive(self.root, name, *clean))
        self._registry.request(library, name, clean, reuse=reuse)
        if (state := self._registry.claim((library, name, clean))) is not None:
            from .generators import put_state

            put_state(library, generator, state)
        self._registry.watch((library, name, clean), generator)
        return generator

    def loader(self, name: str, index: tuple[SupportsIndex | str, ...], *, reuse: bool) -> TorchGenerator:
        """Return the generator of the data loader called *name*."""
        from .generators import torch_generator

        named(name, index)
        inner = f"{RESERVED}loader:{name}"
        return self._hand(
            "torch", inner, index, lambda entropy: torch_generator(entropy, "cpu"), reuse=reuse, ours=True
        )

    def reseed(self, name: str, index: tuple[SupportsIndex | str, ...], *, reuse: bool) -> None:
        """Seed the libraries' own generators anew, each from a stream of its own for *name* and *index*."""
        from .seeds import seed_anew

        clean = named(name, index)
        self._registry.request("globals", name, clean, reuse=reuse)
        seed_anew(self.root, f"again:{name}", *clean)

    def sampler(self, data: Sized, name: str, *, reuse: bool, **options: Any) -> Sampler:
        """Return the sampler called *name*, with the options of ``Sampler``."""
        from .at_home import AtHome
        from .samplers import Sampler

        named(name, ())
        made = Sampler(data, root=self.root, name=name, epoch=self.epoch, **options)
        made.begins = AtHome(self, f"{RESERVED}carried-by-sampler:{name}", (made.rank,), data).seed
        self._registry.request("sampler", name, (), reuse=reuse)
        return made

    def handed_out(self) -> tuple[Handed, ...]:
        """Return the requests of this process, by library and name."""
        return self._registry.handed_out()

    def alive(self) -> Iterator[tuple[tuple[str, str, Index], Any]]:
        """Yield (library, name, indices) and the generator of each stream that was handed out and still lives."""
        return self._registry.alive()

    def states(self) -> list[dict[str, Any]]:
        """Return the state of each generator that lives, and those that wait to be asked for, as plain values."""
        from .generators import state_of

        found = [(key, state_of(key[0], generator)) for key, generator in self.alive()]
        return [
            {"library": library, "name": name, "index": list(index), "state": state}
            for (library, name, index), state in (*found, *self._registry.waiting())
        ]

    def resume(self, saved: list[Any]) -> None:
        """Bring generators that live into their *saved* states, and keep the other states for when they are asked for."""
        from .generators import put_state

        living: dict[tuple[str, str, Index], list[Any]] = {}
        for key, generator in self.alive():
            living.setdefault(key, []).append(generator)
        self._registry.wait_no_longer()
        for entry in saved:
            key = (str(entry["library"]), str(entry["name"]), tuple(entry["index"]))
            if waiting := living.get(key):
                put_state(key[0], waiting.pop(0), entry["state"])
            else:
                self._registry.wait(key, entry["state"])


def _again(root: int, epoch: Epoch) -> Streams:
    streams = Streams(root)
    streams.epoch = epoch
    return streams


def named(name: str, index: tuple[SupportsIndex | str, ...], *, ours: bool = False) -> Index:
    """Return *index* as plain numbers and text; TypeError or ValueError where name or index cannot be used.

    What counts as a whole number for Python does (``numpy.int64``), but True and False do not.
    """
    if not isinstance(name, str):
        raise TypeError(f"the name of a stream is text, not {name!r}")
    if not name or len(name) > _MOST_NAME:
        raise ValueError(f"the name of a stream has 1 to {_MOST_NAME} characters, not {len(name)}")
    if name.startswith(RESERVED) and not ours:
        raise StreamError(
            f"'{name}': names that begin with '{RESERVED}' are those of the libraries' own generators",
            hint=f"another name, such as '{name.removeprefix(RESERVED) or 'augment'}'",
        )
    return tuple(_part(part) for part in index)


def _part(part: SupportsIndex | str) -> int | str:
    if type(part) is int or isinstance(part, str):
        return part
    if isinstance(part, bool) or not hasattr(part, "__index__"):
        raise TypeError(f"an index of a stream is a whole number or text, not {part!r}")
    return operator.index(part)
