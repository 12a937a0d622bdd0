"""The recorded canaries of a library that is imported after ``enforce()``: run when it is, before anything is computed with it."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

from ..errors import RefusedError
from .on_import import after_import

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

_NONE = "none"


def watch(answer: dict[str, Any], check: Callable[[], dict[str, Any]], event: Callable[..., None]) -> None:
    """Compare the canaries of what is imported later with those recorded, as *answer*, that of a check, has them.

    Where all give the recorded bits, *answer* says so from then on. Where one does not, *check* is asked again: it raises, out of
    the ``import`` itself, where that stands in the way, so that nothing is computed with a library that computes otherwise; what
    it answers else takes the place of what *answer* said. *event* is told of a refusal: the receipt of the run, which began clean, says
    how it ended.
    """
    recorded = answer["observed"]["canaries"]["recorded"]
    for library in sorted({key.partition(".")[0] for key in recorded}):
        if library not in sys.modules:
            after_import(library, "canaries", _Watch(library, answer, check, event).compare)


@contextlib.contextmanager
def _imported(module: ModuleType) -> Iterator[None]:
    """Let other threads import *module*, whose code has run, while the thread that imports it waits for one of them.

    The import system lets them wait for its lock as long as the module's spec says that it is being initialised.
    """
    spec: Any = module.__spec__
    before = getattr(spec, "_initializing", False)
    if before:
        spec._initializing = False  # noqa: SLF001 - the one place that the import system looks at
    try:
        yield
    finally:
        if before:
            spec._initializing = before  # noqa: SLF001 - likewise


class _Watch:
    def __init__(
        self, library: str, answer: dict[str, Any], check: Callable[[], dict[str, Any]], event: Callable[..., None]
    ) -> None:
        self.library = library
        self.answer = answer
        self.check = check
        self.event = event

    def compare(self, module: ModuleType) -> None:
        """Compare those of *module*, whose code has run."""
        from ..canaries import SCHEME
        from ..canaries.live import live

        told = self.answer["observed"]["canaries"]
        with _imported(module):
            seen = live(only=self.library)
        wanted = {key: value for key, value in told["recorded"].items() if self._concerns(key, value)}
        ran = {key for key in wanted if ".".join(key.split(".")[:2]) not in seen.left_out}
        for name in dict.fromkeys(".".join(key.split(".")[:2]) for key in wanted):
            names = [key.removeprefix(f"{name}.") for key in sorted(ran) if key.startswith(f"{name}.")]
            other = [short for short in names if seen.digests.get(f"{name}.{short}") != wanted[f"{name}.{short}"]]
            told["groups"][name] = {
                "same": [short for short in names if short not in other],
                "other": other,
                "unknown": {},
                "not-run": seen.left_out.get(name),
            }
            told.setdefault("seen", {}).update(
                {
                    f"{name}.{short}": seen.digests[f"{name}.{short}"]
                    for short in other
                    if f"{name}.{short}" in seen.digests
                }
            )
        if told["scheme"] != SCHEME or any(seen.digests.get(key) != wanted[key] for key in ran):
            # Slow, and thorough: it says why, asks the settings whether it is waived, and raises.
            with _imported(module):
                try:
                    found = self.check()
                except RefusedError as error:
                    self.event("refused", error=type(error).__name__, importing=self.library)
                    raise
            # Others hold this list, too.
            passed = self.answer["overridden"]
            passed += [item for item in found["overridden"] if item not in passed]
            self.answer.update({**found, "overridden": passed})

    def _concerns(self, key: str, value: str) -> bool:
        return key.partition(".")[0] == self.library and value != _NONE
