"""A block of a run that may be non-deterministic, and after which every switch is what it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from .knobs import Knob
    from .switches import Switches


class NonDeterministic:
    """The block ``with run.nondeterministic("..."):``; what ``enforce()`` has switched on is off in it.

    Each switch is what the program had before ``enforce()``. However the block ends, each is put back to what it was when the
    block began; RuntimeError where a library does not take that.
    """

    def __init__(self, switches: Switches, reason: str, tell: Callable[..., None]) -> None:
        if not reason.strip():
            raise ValueError("a block that may be non-deterministic needs a reason: the receipt tells it")
        self._switches = switches
        self._reason = reason
        self._tell = tell
        self._saved: list[list[tuple[Knob, object]]] = []

    def __enter__(self) -> None:
        saved = [(knob, knob.value()) for knob in self._switches.knobs() if self._switches.sets(knob)]
        self._saved.append(saved)
        for knob, _ in saved:
            knob.set(self._switches.before.get(knob.name, not knob.wanted))
        off = {knob.name: str(knob.value()) for knob, _ in saved}
        self._tell("non-deterministic block", reason=self._reason, switches=off)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        wrong = []
        for knob, value in self._saved.pop():
            trouble = knob.set(value)
            if trouble or knob.value() != value:
                wrong.append(f"{knob.name} is {knob.value()}, and was {value} ({trouble or 'it did not take it'})")
        if wrong and error is None:
            raise RuntimeError("after the block that may be non-deterministic " + "; ".join(wrong))
