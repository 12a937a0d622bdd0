"""The generators that an object carries: a data set that made one in its constructor takes a copy of it into every worker."""

from __future__ import annotations

import random
import sys
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..errors import StreamError
from .generators import reseed_torch, words

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

MOST_OBJECTS = 100_000
MOST_ITEMS = 1000
MOST_DEPTH = 16

_LEAVES = (str, bytes, bytearray, int, float, complex, bool, type(None), type, type(sys), set, frozenset)


def generators(root: object) -> Iterator[tuple[str, Any]]:
    """Yield each generator that *root* holds, and the path of attributes and items that leads to it.

    Looked at are attributes and slots, lists, tuples, dicts, the functions and arguments of partials, what bound methods
    are bound to and what functions close over; of a container the first 1,000 items, at most 16 deep, at most 100,000
    objects, nearest first. No attribute is computed for it. Sets are not looked into: their order is not fixed.
    """
    kinds = _kinds()
    skipped = _arrays()
    seen = {id(root)}
    waiting: deque[tuple[str, object, int]] = deque([("", root, 0)])
    while waiting and len(seen) <= MOST_OBJECTS:
        path, value, depth = waiting.popleft()
        if isinstance(value, kinds):
            yield path, value
            continue
        if depth >= MOST_DEPTH:
            continue
        for step, inner in _inside(value):
            if not isinstance(inner, (*_LEAVES, *skipped)) and id(inner) not in seen and not _of_ours(inner):
                seen.add(id(inner))
                waiting.append((path + step, inner, depth + 1))


def _inside(value: Any) -> Iterator[tuple[str, object]]:
    if isinstance(value, (list, tuple, deque)):
        yield from ((f"[{number}]", item) for number, item in enumerate(islice(value, MOST_ITEMS)))
    elif isinstance(value, dict):
        yield from ((f"[{key!r}]", item) for key, item in islice(value.items(), MOST_ITEMS) if _plain(key))
    for word in ("func", "args", "keywords", "__self__", "__func__"):
        if type(value).__name__ in ("partial", "partialmethod", "method", "builtin_function_or_method"):
            yield f".{word}", getattr(value, word, None)
    for number, cell in enumerate(getattr(value, "__closure__", None) or () if callable(value) else ()):
        try:
            yield f".<closure {number}>", cell.cell_contents
        except ValueError:  # not filled yet
            continue
    attributes = getattr(value, "__dict__", None)
    if isinstance(attributes, dict):
        yield from ((f".{name}", item) for name, item in islice(list(attributes.items()), MOST_ITEMS))
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            slot = kind.__dict__.get(name)
            if type(slot).__name__ == "member_descriptor":
                yield f".{name}", getattr(value, name, None)


def _plain(key: object) -> bool:
    return isinstance(key, (str, int, bytes))


def _of_ours(value: object) -> bool:
    return type(value).__module__.partition(".")[0] == "envguard"


def _kinds() -> tuple[type, ...]:
    numpy: Any = sys.modules.get("numpy")
    torch: Any = sys.modules.get("torch")
    return (
        random.Random,
        *((numpy.random.Generator, numpy.random.RandomState, numpy.random.BitGenerator) if numpy is not None else ()),
        *((torch.Generator,) if torch is not None else ()),
    )


def _arrays() -> tuple[type, ...]:
    numpy: Any = sys.modules.get("numpy")
    torch: Any = sys.modules.get("torch")
    return (*((numpy.ndarray,) if numpy is not None else ()), *((torch.Tensor,) if torch is not None else ()))


def reseed_carried(
    root: object, what: str, entropy_of: Callable[[str], bytes], *, left: Container[int] = frozenset()
) -> tuple[str, ...]:
    """Seed each generator that *root* holds from *entropy_of* its path, in place; return the paths.

    *what* is what *root* is called in messages, *left* are the ``id`` of those that stay as they are. StreamError where one cannot
    be seeded.
    """
    paths = []
    for path, generator in generators(root):
        if id(generator) in left:
            continue
        try:
            _reseed(generator, entropy_of(path))
        except Exception as error:
            raise StreamError(
                f"{what}{path} is a {type(generator).__name__}, which cannot be seeded: {error}\n"
                "why: what a data loader draws from it would be other numbers in every run, or the same in every worker",
                hint='a generator of its own for each sample: run.numpy("augment", run.epoch, index)',
            ) from error
        paths.append(path)
    return tuple(paths)


def _reseed(generator: Any, entropy: bytes) -> None:
    if isinstance(generator, random.SystemRandom):
        raise TypeError("it draws from the system")
    if isinstance(generator, random.Random):
        generator.seed(int.from_bytes(entropy, "little"))
    elif type(generator).__module__.partition(".")[0] == "torch":
        reseed_torch(sys.modules["torch"], generator, entropy)
    else:
        numpy: Any = sys.modules["numpy"]
        bits = generator
        if isinstance(generator, numpy.random.Generator):
            bits = generator.bit_generator
        elif isinstance(generator, numpy.random.RandomState):
            bits = generator._bit_generator  # noqa: SLF001
        bits.state = type(bits)(numpy.random.SeedSequence(words(entropy))).state
