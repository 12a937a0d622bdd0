"""What every worker of a data loader does first: its generators, and those that its copy of the data set carries, are its own.

torch seeds a worker with ``base_seed + worker_id``, NumPy's legacy generator with a hash of that, and leaves every generator
that the data set carries as the parent made it: the same in all workers and in every epoch. Here all of them are derived
from root, loader, rank, epoch and worker. That makes what they draw depend on the number of workers, as it must;
what shall not asks for a stream by sample: ``run.numpy("augment", run.epoch, index)``.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from ..errors import StreamError
from .at_home import AtHome
from .carried import reseed_carried
from .seeds import seed_anew
from .streams import derive

if TYPE_CHECKING:
    from typing import SupportsIndex

    from .named import Streams

_BY_EPOCH, _BY_BASE_SEED = 0, 1


class WorkerInit:
    """The ``worker_init_fn`` of a data loader; picklable, for workers that are spawned."""

    def __init__(self, streams: Streams, name: str, index: tuple[int | str, ...], rank: int) -> None:
        self.streams = streams
        self.name = name
        self.index = index
        self.rank = rank
        self._pid = os.getpid()

    def __call__(self, worker: int) -> None:
        """Seed what worker number *worker* has; StreamError where it shares the process of others, or cannot be seeded."""
        if os.getpid() == self._pid:
            raise StreamError(
                f"worker {worker} of the data loader '{self.name}' is no process of its own\n"
                "why: threads share the generators of the process, and draw from them in the order of their luck",
                hint="workers that are processes",
            )
        info = sys.modules["torch"].utils.data.get_worker_info()
        epoch = self.streams.epoch.known()
        # Where nobody says which epoch it is, torch's base seed tells one from the next: the loader's generator draws it.
        when = (_BY_EPOCH, epoch) if epoch is not None else (_BY_BASE_SEED, (info.seed - worker) % (1 << 64))
        key = (*self.index, self.rank, *when, worker)
        root = self.streams.root
        seed_anew(root, f"loader:{self.name}", *key, worker=True)
        reseed_carried(info.dataset, "dataset", lambda path: derive(root, f"lib:carried:{self.name}", path, *key))


def loader_arguments(
    streams: Streams,
    name: str,
    index: tuple[SupportsIndex | str, ...],
    options: dict[str, Any],
    *,
    rank: int,
    reuse: bool,
) -> dict[str, Any]:
    """Return the arguments of a ``DataLoader`` called *name*; StreamError where *options* would undo what they are for.

    Where ``dataset`` is among *options*, what it carries is seeded here too, now and whenever another epoch begins.
    """
    from .named import named

    for word in ("generator", "worker_init_fn"):
        if word in options:
            raise StreamError(f"the data loader '{name}' cannot have a {word} of another: that is what is made here")
    if not options.get("in_order", True):
        raise StreamError(
            f"the data loader '{name}' cannot have in_order=False\n"
            "why: batches would come in the order in which workers finish, which no seed fixes",
            hint="leave in_order away",
        )
    generator = streams.loader(name, index, reuse=reuse)
    streams.epoch.share()
    clean = named(name, index)
    if "dataset" in options:
        home = AtHome(streams, f"lib:carried:{name}", (*clean, rank), options["dataset"])
        home.seed(streams.epoch.known())
        streams.epoch.then[(name, *clean)] = home.seed
    start = WorkerInit(streams, name, clean, rank)
    return {**options, "in_order": True, "generator": generator, "worker_init_fn": start}
