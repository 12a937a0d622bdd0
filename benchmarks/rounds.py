"""Commands timed side by side: each once a round, in an order that is shuffled anew, so that whatever else the machine does hits them alike."""

from __future__ import annotations

import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A command, where it runs and how it must end. *inside* times what the process itself says on standard error.

    *cold* empties the store of envguard before, and puts what is in the folder *known* into it, where one is named; without it
    the command finds what the runs before it have left.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    status: int = 0
    cold: bool = False
    inside: bool = False
    known: Path | None = None


def once(case: Case, variables: Mapping[str, str], scratch: Path) -> float:
    """Run *case* once and return its milliseconds; *scratch* is the store of a cold case."""
    if case.cold:
        shutil.rmtree(scratch, ignore_errors=True)
        if case.known is not None:
            shutil.copytree(case.known, scratch)
        variables = {**variables, "ENVGUARD_CACHE_DIR": str(scratch)}
    start = time.perf_counter()
    done = subprocess.run(
        case.command, cwd=case.folder, env=dict(variables), stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    spent = (time.perf_counter() - start) * 1000
    if done.returncode != case.status:
        words = (done.stdout + done.stderr).decode(errors="replace")
        sys.exit(f"error: {case.name} ended with {done.returncode}, expected {case.status}\n{words}")
    return float(done.stderr) if case.inside else spent


def interleaved(
    cases: Mapping[str, Case], variables: Mapping[str, str], scratch: Path, rounds: int, warm_up: int = 3
) -> dict[str, list[float]]:
    """Return the milliseconds of each case in each of *rounds* rounds, after *warm_up* rounds that fill page cache and stores."""
    for _ in range(warm_up):
        for case in cases.values():
            once(case, variables, scratch)
    times: dict[str, list[float]] = {name: [] for name in cases}
    shuffled = list(cases.items())
    order = random.Random(0)
    for _ in range(rounds):
        order.shuffle(shuffled)
        for name, case in shuffled:
            times[name].append(once(case, variables, scratch))
    return times


def medians(times: Mapping[str, list[float]]) -> dict[str, float]:
    """Return the median of each case."""
    return {name: statistics.median(values) for name, values in times.items()}


def processor() -> str:
    """Return one line that says on what machine this was measured."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            model = next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, CPython {platform.python_version()}"
