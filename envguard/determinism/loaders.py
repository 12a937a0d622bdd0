"""Data loaders without workers whose data set carries generators that nobody seeded: looked for when a run is verified.

torch tells nobody that such a loader is there, so it is found by what it holds: the generator that ``dataloader_kwargs`` made for it.
"""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING, Any

from .at_home import seeded
from .carried import generators
from .changes import GENERATOR, Change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .named import Streams

LOADER = "lib:loader:"


def unseeded(streams: Streams) -> Iterator[Change]:
    """Yield each generator that nobody has seeded and a data loader of *streams* draws from in this process.

    Whether its maker gave it a seed cannot be told, so none of them is certain.
    """
    if "torch.utils.data.dataloader" not in sys.modules:
        return
    known: set[int] | None = None
    for (_, name, _), generator in streams.alive():
        if not name.startswith(LOADER):
            continue
        for data in _data_sets(generator):
            if known is None:
                known = {id(one) for one in seeded(streams)}
                known |= {id(one) for home in list(streams.homes) for _, one in generators(home.data)}
            for path, one in generators(data):
                if id(one) not in known:
                    yield _change(name.removeprefix(LOADER), f"dataset{path}", type(one).__name__)


def _data_sets(generator: Any) -> Iterator[Any]:
    """Yield the data sets of the loaders without workers that hold *generator*."""
    loader: Any = sys.modules["torch.utils.data.dataloader"].DataLoader
    for holder in gc.get_referrers(generator):
        # Of an object whose attributes were never asked for as a dict, there is none.
        if isinstance(holder, loader):
            holder = vars(holder)  # noqa: PLW2901
        if (
            isinstance(holder, dict)
            and holder.get("generator") is generator
            and holder.get("num_workers") == 0
            and "dataset" in holder
        ):
            yield holder["dataset"]


def _change(name: str, path: str, kind: str) -> Change:
    told = (
        f"{path}, a {kind}, is drawn from by the data loader '{name}', which has no workers, and this run has not seeded it: "
        f"say dataloader_kwargs('{name}', dataset=...), or draw by sample"
    )
    return Change(kind=GENERATOR, name=path, before="", now="", told=told, certain=False)
