"""Ranks that are threads, and a store that is a dictionary: talks without torch."""

from __future__ import annotations

import threading
from typing import Any

from envguard.errors import RanksError
from envguard.ranks.exchange import Star
from envguard.ranks.store import Store, StoreMailbox


class Shelf:
    """What a store of torch.distributed does, as far as the talks use it."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.lock = threading.Lock()

    def set(self, key: str, value: str | bytes) -> None:
        with self.lock:
            self.values[key] = value.encode() if isinstance(value, str) else value

    def get(self, key: str) -> bytes:
        with self.lock:
            return self.values[key]

    def add(self, key: str, amount: int) -> int:
        with self.lock:
            now = int(self.values.get(key, b"0")) + amount
            self.values[key] = str(now).encode()
            return now

    def check(self, keys: list[str]) -> bool:
        with self.lock:
            return all(key in self.values for key in keys)


def star(shelf: Shelf, rank: int, size: int, limit: float = 20.0) -> Star:
    return Star(
        StoreMailbox(Store(shelf, "a shelf", serves=False), rank=rank, size=size, turn=1),
        rank=rank,
        size=size,
        limit=limit,
    )


def together(*acts: Any) -> list[Any]:
    """Return what each of *acts* returns or raises, as they run at the same time."""
    found: list[Any] = [None] * len(acts)

    def run(place: int) -> None:
        try:
            found[place] = acts[place]()
        except RanksError as error:
            found[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


class Circle:
    """A function that gathers, for ranks that are threads."""

    def __init__(self, size: int) -> None:
        self.parts: list[bytes] = [b""] * size
        self.barrier = threading.Barrier(size)

    def of(self, place: int) -> Any:
        def gather(data: bytes) -> list[bytes]:
            self.parts[place] = data
            self.barrier.wait(20)
            whole = list(self.parts)
            self.barrier.wait(20)
            return whole

        return gather
