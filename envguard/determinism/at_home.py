"""The generators that a data set carries, in the process that holds it: there a data loader without workers draws from them.

torch calls nobody then, as it calls ``worker_init_fn`` in a worker, so the data set has to be named: to a sampler, or to
``dataloader_kwargs`` as ``dataset=``.
"""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING, Any

from .carried import reseed_carried
from .streams import derive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .named import Streams

# The words under which a worker of a data loader derives stand before its number (``workers``); this text is none.
_HOME = "home"
_BY_EPOCH, _NO_EPOCH = 0, 1


class AtHome:
    """Seeds what *data* carries in this process, each generator from a stream of its own: by *name*, *key*, path and epoch.

    A stream of the run that *data* holds is left as it is, and so are the libraries' own generators: those are seeded already, and
    whoever drew from them since goes on.
    """

    def __init__(self, streams: Streams, name: str, key: tuple[int | str, ...], data: object) -> None:
        self._streams = streams
        self._name = name
        self._key = key
        self.data = data
        streams.homes.add(self)

    def seed(self, epoch: int | None) -> tuple[str, ...]:
        """Seed them for *epoch*, and return their paths; StreamError where one cannot be seeded."""
        when = (_NO_EPOCH, 0) if epoch is None else (_BY_EPOCH, epoch)
        key = (*self._key, *when, _HOME)
        root = self._streams.root
        left = frozenset(id(generator) for generator in seeded(self._streams))
        return reseed_carried(self.data, "dataset", lambda path: derive(root, self._name, path, *key), left=left)


def seeded(streams: Streams) -> Iterator[Any]:
    """Yield the generators of this process that are seeded otherwise: those that *streams* handed out, and the libraries' own."""
    for (library, _, _), generator in streams.alive():
        yield generator
        if library == "numpy":
            yield generator.bit_generator
    yield getattr(random, "_inst", None)
    numpy: Any = sys.modules.get("numpy")
    if numpy is not None:
        yield numpy.random.mtrand._rand  # noqa: SLF001
        yield numpy.random.mtrand._rand._bit_generator  # noqa: SLF001
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        yield torch.default_generator
