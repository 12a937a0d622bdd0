"""Measure the numeric canaries of NumPy and PyTorch inside a process that has just imported both, beside importing them.

Each round starts a process, imports the libraries, and runs the canaries once: what enforce() adds to the start of a training.
The peers, in the same process, are the two imports, and one product of two 512 by 512 matrices. Prints a table in Markdown.
``make bench-canaries`` runs it in the environment of the tests that holds PyTorch.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from rounds import processor

ROOT = Path(__file__).resolve().parents[1]
# After so many seconds no further round begins: where other work has the processors, the threads of OpenMP wait for one another
# in each of their regions until somebody is interrupted, and a run takes seconds in the place of milliseconds.
_SECONDS = 90
_LEAST = 3
PROGRAM = """
import json, sys, time
def timed(call):
    # The workers of OpenBLAS and OpenMP keep their processors for some 30 ms after the last product.
    time.sleep(0.1)
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    return result, ((time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000)
def load():
    import numpy.random, torch
    return numpy, torch
(numpy, torch), imports = timed(load)
from envguard.canaries.running import run
results, first = timed(lambda: run(numpy, torch))
assert all(value.startswith("blake2b:") for value in results.digests.values()), results.digests
_, alone = timed(lambda: run(numpy))
_, again = timed(lambda: run(numpy, torch))
made = torch.ones(512, 512)
_, product = timed(lambda: made @ made)
print(json.dumps({"imports": imports, "first": first, "again": again, "numpy": alone, "product": product,
                  "count": len(results.digests), "conditions": results.conditions}))
"""
ROWS = {
    "imports": "`import numpy, torch`",
    "first": "the canaries, the first time in a process",
    "again": "the same, again",
    "numpy": "those of NumPy alone, again",
    "product": "one product of two 512 by 512 matrices",
}


def measured(threads: str) -> dict[str, object]:
    """Return what one process measured, with *threads* threads."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environ, capture_output=True, text=True, check=True)
    told: dict[str, object] = json.loads(done.stdout)
    return told


def table(rounds: list[dict[str, object]]) -> list[str]:
    """Return the rows of one number of threads: median and least of the time that passed, and of processor time."""
    lines = []
    imports = _times(rounds, "imports", 0)
    for name, words in ROWS.items():
        wall, cpu = _times(rounds, name, 0), _times(rounds, name, 1)
        ratio = statistics.median(one / other for one, other in zip(wall, imports, strict=True))
        lines.append(
            f"| {words} | {statistics.median(wall):.1f} ms | {min(wall):.1f} ms | {statistics.median(cpu):.1f} ms "
            f"| {min(cpu):.1f} ms | {ratio:.3f} |"
        )
    return lines


def _times(rounds: list[dict[str, object]], name: str, which: int) -> list[float]:
    return [told[name][which] for told in rounds]  # type: ignore[index]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help=f"fewer where {_SECONDS} seconds are over")
    options = parser.parse_args()
    every = str(len(os.sched_getaffinity(0)))
    rounds: dict[str, list[dict[str, object]]] = {threads: [] for threads in dict.fromkeys(("1", every))}
    end = time.monotonic() + _SECONDS
    for done in range(options.rounds):
        if done >= _LEAST and time.monotonic() > end:
            break
        for threads, told in rounds.items():
            told.append(measured(threads))
    for threads, told in rounds.items():
        last = told[-1]
        print(f"{last['count']} canaries, {threads} thread{'s' if threads != '1' else ''}, {last['conditions']}\n")
        print("| what | median | least | processor time, median | least | beside the imports |")
        print("|---|---:|---:|---:|---:|---:|")
        print("\n".join(table(told)), end="\n\n")
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{len(rounds[every])} rounds, each a process of its own. {processor()}; load average {load}.")


if __name__ == "__main__":
    main()
