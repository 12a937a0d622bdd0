"""Seeding the global generators of the libraries that are there, each from a stream of its own.

With one integer for all of them NumPy's and torch's CPU generators would walk the same Mersenne words. What a library
drew before it was seeded cannot be taken back: seeding fixes what comes after it.
"""

from __future__ import annotations

import functools
import os
import sys

from .libraries import LIBRARIES
from .on_import import after_import
from .streams import check_whole, derive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    from .libraries import Library

ROOT_BITS = 128
CLASSIC_BITS = 32
DERIVED: Literal["derived"] = "derived"
CLASSIC: Literal["classic"] = "classic"
WAITS = "will be seeded when it is imported"
_ALWAYS_NAMED = ("random", "numpy", "torch")
# The names of the streams were given before there were more libraries than these.
_STREAM = {"random": "lib:python"}


def fresh_root(seeds: str = DERIVED) -> int:
    """Return a root seed that nobody has used: 128 bits of the system's entropy, or 32 where every library takes it."""
    return int.from_bytes(os.urandom((CLASSIC_BITS if seeds == CLASSIC else ROOT_BITS) // 8), "little")


def check_seed(seed: int | None, seeds: str) -> None:
    """Raise TypeError or ValueError unless *seed* can be used as *seeds* says.

    The same integer for all libraries has to fit the narrowest of them: ``numpy.random.seed`` takes 32 bits.
    """
    if seeds not in (DERIVED, CLASSIC):
        raise ValueError(f"seeds are '{DERIVED}' or '{CLASSIC}', not {seeds!r}")
    if seed is not None and seeds == CLASSIC:
        check_whole(seed, "a classic seed, which numpy.random.seed() must take,", CLASSIC_BITS // 8)
    elif seed is not None:
        check_whole(seed, "a seed", 32)


class Seeding:
    """What one ``enforce`` seeds: *state* maps each library to ``seeded`` or to what it waits for.

    *seeds* is ``derived``, where each library gets a stream of its own, or ``classic``, where each gets *root* itself, as
    the ``set_seed`` of transformers and the ``seed_everything`` of Lightning do.
    """

    def __init__(self, root: int, seeds: str = DERIVED) -> None:
        check_seed(root, seeds)
        self.root = root
        self.seeds = seeds
        self.state: dict[str, str] = {}

    def seed(self, installed: frozenset[str]) -> None:
        """Seed what is loaded now, and what is *installed* (normalised names) as soon as it is imported."""
        for library in LIBRARIES:
            name = library.module
            if not (name in sys.modules or any(package in installed for package in library.packages)):
                if name in _ALWAYS_NAMED:
                    self.state[name] = "not installed"
            elif library.through:
                self.state[name] = f"draws through {library.through}"
            else:
                self.state[name] = WAITS
                after_import(name, "seed", self._then(library))

    def _then(self, library: Library) -> Any:
        def then(module: Any) -> None:
            if self.seeds == CLASSIC:
                library.same(module, self.root)
            else:
                library.seed(module, derive(self.root, stream_name(library)))
            how = "seeded with the integer itself (classic)" if self.seeds == CLASSIC else "seeded"
            self.state[library.module] = f"{how}; {library.left}" if library.left else how

        return then


def stream_name(library: Library) -> str:
    """Return the name of the stream that seeds *library*."""
    return _STREAM.get(library.module, f"lib:{library.module}")


def seed_anew(root: int, inner: str, *index: int | str, worker: bool = False) -> None:
    """Seed the libraries' own generators from a stream of *inner* and *index* for each; of a *worker*, those it can use.

    What is imported later is seeded then: a forked worker would else be given the numbers of its parent.
    """
    for library in LIBRARIES:
        if not library.through:
            entropy = derive(root, f"{stream_name(library)}:{inner}", *index)
            after_import(library.module, "seed", functools.partial(_seed, library, entropy, worker))


def _seed(library: Library, entropy: bytes, worker: bool, module: Any) -> None:
    (library.seed_worker if worker else library.seed)(module, entropy)


def findable() -> frozenset[str]:
    """Return the names of packages whose library could be imported now, where nobody has listed what is installed."""
    from importlib.util import find_spec

    return frozenset(
        library.packages[0]
        for library in LIBRARIES
        if library.packages and (library.module in sys.modules or find_spec(library.module) is not None)
    )
