"""What ``envguard cost`` does: whole runs of a command, with all switches and without each in turn, in interleaved rounds."""

from __future__ import annotations

import json
import os
import tempfile
import time
from typing import TYPE_CHECKING

from ..child import run
from ..determinism.leaving import NAMES
from ..determinism.prices import ALL, TWICE, cost
from ..determinism.start import LEAVE_VARIABLE, WORKSPACE, missing
from ..errors import ConfigError
from ..receipts.place import VARIABLE as RUNS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..determinism.prices import Cost
    from .console import Console

_TAIL = 2000


def cost_of(
    console: Console,
    command: Sequence[str],
    *,
    rounds: int,
    only: Sequence[str],
    seconds: float,
    form: str,
) -> None:
    """Say what each switch costs *command*, which is run to its end ``(switches + 3) * rounds + 1`` times.

    *only* are the switches to measure, by default all that ``enforce()`` sets in it; *seconds* is what one run may take.
    ConfigError where it fails, takes longer, or calls no ``enforce()``.
    """
    base = {**os.environ, **missing(os.environ, bitwise=True)}
    found = _switches(command, base, seconds)
    unknown = [name for name in only if name not in found]
    if unknown:
        raise ConfigError(f"enforce() does not set {', '.join(unknown)} there", hint=f"it sets {', '.join(found)}")
    names = only or found
    without: dict[str, list[float]] = {TWICE: [], **{name: [] for name in names}, ALL: []}
    on = []
    for number in range(rounds):
        on.append(_timed(command, base, (), seconds))
        order = list(without)
        for name in order[number % len(order) :] + order[: number % len(order)]:
            left = () if name == TWICE else found if name == ALL else (name,)
            without[name].append(_timed(command, base, left, seconds))
    told = cost("a whole run", on, without)
    console.emit(_rendered(told, form))


def _rendered(told: Cost, form: str) -> str:
    return json.dumps(told.to_dict(), indent=2) + "\n" if form == "json" else f"{told}\n"


def _switches(command: Sequence[str], base: Mapping[str, str], seconds: float) -> list[str]:
    """Return the switches that ``enforce()`` sets in *command*: by the receipt of a first run, which also warms what can be warm."""
    with tempfile.TemporaryDirectory(prefix="envguard-cost-") as folder:
        _timed(command, base, (), seconds, runs=folder)
        names: list[str] = []
        for name in sorted(os.listdir(folder)):
            if name.endswith(".json"):
                with open(os.path.join(folder, name), "rb") as file:
                    switches = json.loads(file.read()).get("switches", {})
                names += [key for key, switch in switches.items() if switch["wanted"] != "any" and key in NAMES]
    if not names:
        raise ConfigError(
            "the command called no enforce() that sets a switch, so there is nothing to measure",
            hint="call envguard.enforce() in the script, at another level than cross-hardware",
        )
    return list(dict.fromkeys(names))


def _timed(
    command: Sequence[str], base: Mapping[str, str], left: Sequence[str], seconds: float, *, runs: str = "off"
) -> float:
    environ = {**base, RUNS: runs, LEAVE_VARIABLE: ",".join(left)}
    if WORKSPACE in left:
        environ.pop(WORKSPACE, None)
    begin = time.perf_counter()
    try:
        ended = run(command, seconds=seconds, environ=environ)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(f"'{command[0]}' cannot be run: {reason}") from None
    spent = time.perf_counter() - begin
    if ended.status is None:
        raise ConfigError(f"a run took longer than {seconds:g} seconds", hint="make it shorter, or give --timeout")
    if ended.status:
        words = ended.errors[-_TAIL:].decode(errors="replace").strip()
        what = f"without {', '.join(left)}" if left else "with all switches"
        message = f"the command ended with status {ended.status} {what}"
        raise ConfigError(message, hint=f"run it by itself; the last that it said is:\n{words}")
    return spent
