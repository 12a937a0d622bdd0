"""Which streams were handed out, so that none is handed out twice by mistake; and which generators of theirs still live.

What was asked for is kept as bits: one page of 4,096 of them for each block of last indices, so that a stream for every
sample of a large data set costs a bit a sample; a text, or a number that stands alone in its block, takes a page. Where there
are more than ``MOST_PAGES`` pages (20 MB), the name that has the most of them forgets its oldest; until then no repetition
escapes. Each process keeps account of its own requests
alone: a forked worker begins with an empty book, as a spawned one does.
"""

from __future__ import annotations

import os
import sys
import threading
from weakref import ref

from ..errors import StreamError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Index = tuple[int | str, ...]
    Key = tuple[str, str, Index]

MOST_NAMES = 4096
MOST_PAGES = 1 << 15
_PAGE_BITS = 12
_PAGE = 1 << _PAGE_BITS
# All bits of a full page, in a number that takes no memory of its own.
_FULL = -1
_SHOWN = 16

_lock = threading.RLock()


def _fresh_lock() -> None:
    """Replace the lock in a forked child: another thread of the parent may have held it."""
    global _lock  # noqa: PLW0603
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_fresh_lock)


class Handed:
    """The requests for one *name* of one *library*.

    *requests* counts them, *repeated* those that were for a stream that was handed out before, *forgotten* the pages of
    4,096 indices whose repetition would no longer be seen. *first* holds the first indices, *place* is ``file:line`` of
    the first request.
    """

    __slots__ = ("first", "forgotten", "library", "name", "pages", "place", "repeated", "requests")

    def __init__(self, library: str, name: str, place: str) -> None:
        self.library = library
        self.name = name
        self.place = place
        self.requests = 0
        self.repeated = 0
        self.forgotten = 0
        self.first: list[Index] = []
        self.pages: dict[Index, int] = {}

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain JSON values; of many indices only the first are named."""
        return {
            "library": self.library,
            "name": self.name,
            "requests": self.requests,
            "repeated": self.repeated,
            "forgotten": self.forgotten,
            "first": [list(index) for index in self.first],
        }

    def has(self, index: Index) -> bool:
        """Return whether *index* was written down, and is not forgotten."""
        key, bit = _page(index)
        return bool(self.pages.get(key, 0) & bit)

    def note(self, index: Index) -> bool:
        """Write *index* down; return whether that took a new page."""
        key, bit = _page(index)
        page = self.pages.get(key)
        marked = (page or 0) | bit
        self.pages[key] = _FULL if marked == (1 << _PAGE) - 1 else marked
        return page is None


def _page(index: Index) -> tuple[Index, int]:
    last = index[-1] if index else ""
    if isinstance(last, str):
        return index, 1
    return (*index[:-1], last >> _PAGE_BITS), 1 << (last & (_PAGE - 1))


class Registry:
    """The streams that one process was handed."""

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._handed: dict[tuple[str, str], Handed] = {}
        self._alive: dict[int, tuple[Key, ref[Any]]] = {}
        self._waiting: dict[Key, list[Any]] = {}
        self._pages = 0
        self._number = 0

    def request(self, library: str, name: str, index: Index, *, reuse: bool) -> None:
        """Write a request down; StreamError where the stream was handed out before, unless *reuse*."""
        with _lock:
            self._own()
            handed = self._handed.get((library, name))
            if handed is None:
                handed = self._open(library, name)
            repeated = handed.has(index)
            if repeated and not reuse:
                raise StreamError(
                    f"the stream {shown(name, index)} of {library} was handed out before in this process; "
                    f"'{name}' was first asked for at {handed.place}\n"
                    "why: two uses of one stream draw the same numbers",
                    hint="give the second use another name or index, or say reuse=True where equal numbers are wanted "
                    "(a sample that may be read twice)",
                )
            handed.requests += 1
            handed.repeated += repeated
            if len(handed.first) < _SHOWN and not repeated:
                handed.first.append(index)
            if not repeated and handed.note(index):
                self._pages += 1
                if self._pages > MOST_PAGES:
                    self._forget()

    def _own(self) -> None:
        """Begin anew in a forked child."""
        if self._pid != os.getpid():
            self.__init__()  # type: ignore[misc]

    def _open(self, library: str, name: str) -> Handed:
        if len(self._handed) >= MOST_NAMES:
            raise StreamError(
                f"'{name}' would be stream name number {MOST_NAMES + 1} of this run",
                hint='put what changes into an index: run.numpy("augment", epoch, sample)',
            )
        handed = self._handed[library, name] = Handed(library, name, _place())
        return handed

    def _forget(self) -> None:
        largest = max(self._handed.values(), key=lambda handed: len(handed.pages))
        del largest.pages[next(iter(largest.pages))]
        largest.forgotten += 1
        self._pages -= 1

    def handed_out(self) -> tuple[Handed, ...]:
        """Return what was handed out in this process, by library and name."""
        with _lock:
            self._own()
            return tuple(self._handed[key] for key in sorted(self._handed))

    def watch(self, key: Key, generator: object) -> None:
        """Remember *generator* as long as it lives."""
        with _lock:
            self._own()
            self._number += 1
            number, alive = self._number, self._alive

            def gone(_: object) -> None:
                alive.pop(number, None)

            alive[number] = (key, ref(generator, gone))

    def wait(self, key: Key, state: Any) -> None:
        """Keep the *state* of a stream that a resumed run has not asked for yet."""
        with _lock:
            self._own()
            self._waiting.setdefault(key, []).append(state)

    def claim(self, key: Key) -> Any:
        """Return the state that waits for a stream, and keep it no longer; None where none does."""
        with _lock:
            self._own()
            states = self._waiting.get(key, [])
            state = states.pop(0) if states else None
            if not states:
                self._waiting.pop(key, None)
            return state

    def waiting(self) -> list[tuple[Key, Any]]:
        """Return the states that nobody has asked for."""
        with _lock:
            self._own()
            return [(key, state) for key, states in self._waiting.items() for state in states]

    def wait_no_longer(self) -> None:
        """Forget the states that nobody has asked for."""
        with _lock:
            self._waiting.clear()

    def alive(self) -> Iterator[tuple[Key, Any]]:
        """Yield the generators that still live, in the order in which they were handed out."""
        with _lock:
            self._own()
            held = [(key, reference()) for key, reference in list(self._alive.values())]
        yield from ((key, generator) for key, generator in held if generator is not None)


def shown(name: str, index: Index) -> str:
    """Return a stream as messages name it: ``'augment' [3, 17]``."""
    return f"'{name}' {list(index)}" if index else f"'{name}'"


def _place() -> str:
    """Return ``file:line`` of the nearest caller that is not envguard."""
    frame = sys._getframe(1)  # noqa: SLF001
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "envguard":
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
