"""The price of each switch on somebody's own step: every round runs it with all of them, and without each in turn."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from .lateness import cuda_is_up
from .libraries import BY_MODULE, states
from .prices import ALL, TWICE, Cost, cost

if TYPE_CHECKING:
    from collections.abc import Callable

    from .knobs import Knob
    from .switches import Switches


def measure(switches: Switches, step: Callable[[], object], *, rounds: int = 11, warm_up: int = 1) -> Cost:
    """Return what each switch that is set costs *step*, which is called ``(switches + 3) * (warm_up + 1)`` times a round.

    Each call begins with the same random numbers. Switches and generators are afterwards what they were, also where a call
    fails; what *step* does to model and optimizer is its own. ValueError for fewer than 3 rounds.
    """
    if rounds < 3 or warm_up < 0:
        raise ValueError("prices need at least 3 rounds")
    knobs = [knob for knob in switches.knobs() if switches.sets(knob)]
    values = [(knob, knob.value()) for knob in knobs]
    off: dict[str, list[Knob]] = {TWICE: [], **{knob.name: [knob] for knob in knobs}, ALL: knobs}
    kept = states()
    on, without = [], dict[str, list[float]]({name: [] for name in off})
    try:
        for number in range(rounds):
            on.append(_timed(step, kept, warm_up))
            # Another order each round: what one leaves warm is not always the same one's gain.
            names = list(off)
            for name in names[number % len(names) :] + names[: number % len(names)]:
                for knob in off[name]:
                    knob.set(switches.before.get(knob.name, not knob.wanted))
                without[name].append(_timed(step, kept, warm_up))
                for knob, value in values:
                    knob.set(value)
    finally:
        for knob, value in values:
            knob.set(value)
        _restore(kept)
    return cost("a step", on, without)


def _timed(step: Callable[[], object], kept: dict[str, Any], warm_up: int) -> float:
    for _ in range(warm_up):
        _restore(kept)
        step()
    _restore(kept)
    _wait()
    begin = time.perf_counter()
    step()
    _wait()
    return time.perf_counter() - begin


def _wait() -> None:
    """Wait for what was given to the GPU: a step only hands it over."""
    if cuda_is_up():
        torch: Any = sys.modules["torch"]
        torch.cuda.synchronize()


def _restore(kept: dict[str, Any]) -> None:
    for key, state in kept.items():
        name = key.partition(".")[0]
        if state is not None and name in BY_MODULE and name in sys.modules:
            BY_MODULE[name].restore(sys.modules[name], key, state)
