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
        from ..canaries.model import Canaries, compare, facts, told_of

        told = self.answer["observed"]["canaries"]
        with _imported(module):
            seen = live(only=self.library)
        wanted = {key: value for key, value in told["recorded"].items() if key.partition(".")[0] == self.library}
        groups = compare(
            Canaries(scheme=told["scheme"], conditions={}, digests=facts(wanted)),
            Canaries(scheme=SCHEME, conditions={}, digests=facts(seen.digests), left_out=seen.left_out),
        )
        others = told.setdefault("seen", {})
        for group in groups:
            told["groups"][group.name] = told_of(group)
            others.update({key: seen.digests[key] for key in (f"{group.name}.{short}" for short in group.other)})
        if any(group.other or group.unknown for group in groups):
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
