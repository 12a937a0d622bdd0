"""Measure a check beside uv's own, a bare interpreter, and enforce() inside a process that has NumPy loaded.

All commands run once a round, in an order that is shuffled anew, so that whatever else the machine does hits them alike;
the medians over all rounds are compared. Prints a table in Markdown. ``make bench`` builds what it needs and runs it.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from build_environment import DEFAULT, environment, find_uv

ENFORCE = """
import sys, time, numpy.random
start = time.perf_counter()
import envguard
run = envguard.enforce(seed=42)
sys.stderr.write(f"{(time.perf_counter() - start) * 1000}\\n")
assert run.receipt.verdict == "clean"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One line of the table: a command, where it runs, how it must end. *inside* times what the process itself says."""

    name: str
    command: tuple[str, ...]
    folder: Path
    status: int = 0
    cold: bool = False
    inside: bool = False


def cases(folder: Path) -> dict[str, Case]:
    """Return what is measured, in the order of the table."""
    python, envguard, uv = str(folder / "tool" / "bin" / "python"), str(folder / "tool" / "bin" / "envguard"), find_uv()
    clean, drifted, guarded = folder / "clean", folder / "drifted", folder / "guarded"
    uv_check = (uv, "sync", "--check", "--locked", "--offline")
    return {
        "bare": Case(name="`python -c pass`", command=(python, "-c", "pass"), folder=folder),
        "import": Case(name='`python -c "import envguard"`', command=(python, "-c", "import envguard"), folder=folder),
        "uv": Case(name="`uv sync --check --locked --offline`, clean", command=uv_check, folder=clean),
        "check": Case(name="`envguard check`, clean, warm", command=(envguard, "check"), folder=clean),
        "uv drifted": Case(
            name="`uv sync --check --locked --offline`, one package drifted", command=uv_check, folder=drifted, status=1
        ),
        "drifted": Case(
            name="`envguard check`, one package drifted", command=(envguard, "check"), folder=drifted, status=1
        ),
        "cold": Case(name="`envguard check`, clean, cold", command=(envguard, "check"), folder=clean, cold=True),
        "enforce": Case(
            name="`import envguard; envguard.enforce()`, clean, warm, NumPy loaded",
            command=(str(guarded / ".venv" / "bin" / "python"), "-c", ENFORCE),
            folder=guarded,
            inside=True,
        ),
    }


def measure(case: Case, variables: dict[str, str], scratch: Path) -> float:
    """Run *case* once and return its milliseconds."""
    if case.cold:
        shutil.rmtree(scratch, ignore_errors=True)
        variables = {**variables, "ENVGUARD_CACHE_DIR": str(scratch)}
    start = time.perf_counter()
    done = subprocess.run(
        case.command, cwd=case.folder, env=variables, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    spent = (time.perf_counter() - start) * 1000
    if done.returncode != case.status:
        words = (done.stdout + done.stderr).decode(errors="replace")
        sys.exit(f"error: {case.name} ended with {done.returncode}, expected {case.status}\n{words}")
    return float(done.stderr) if case.inside else spent


def machine(folder: Path) -> str:
    """Return one line that says where this was measured."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            model = next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    uv = subprocess.run([find_uv(), "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    lock = folder / "clean" / "uv.lock"
    site = next((folder / "clean" / ".venv" / "lib").glob("python*/site-packages"))
    packages = sum(name.endswith(".dist-info") for name in os.listdir(site))
    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, CPython {platform.python_version()}, "
        f"uv {uv}; {packages} packages, uv.lock of {lock.stat().st_size / 1e6:.2f} MB, everything in the page cache"
    )


def table(times: dict[str, list[float]], folder: Path, rounds: int) -> str:
    """Return the table in Markdown."""
    median = {name: statistics.median(values) for name, values in times.items()}
    lines = ["| what | median | quartiles | beside uv |", "|---|---:|---:|---:|"]
    for name, case in cases(folder).items():
        low, _, high = statistics.quantiles(times[name], n=4)
        peer = "uv drifted" if name.endswith("drifted") else "uv"
        ratio = f"{median[name] / median[peer]:.2f}" if name in ("check", "cold", "drifted", "uv", "uv drifted") else ""
        lines.append(f"| {case.name} | {median[name]:.1f} ms | {low:.1f} to {high:.1f} | {ratio} |")
    over = median["import"] - median["bare"]
    return "\n".join(
        (
            *lines,
            "",
            f"Medians of {rounds} interleaved rounds, whole processes but for `enforce()`, which is timed inside its process.",
            f"`import envguard` costs {over:.1f} ms over a bare interpreter. {machine(folder)}.",
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT, help="what build_environment.py has built")
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args()
    folder = options.folder.resolve()
    variables, scratch = environment(folder), folder / "cold-store"
    every = cases(folder)
    for _ in range(3):  # warms the page cache and the store
        for case in every.values():
            measure(case, variables, scratch)
    times: dict[str, list[float]] = {name: [] for name in every}
    shuffled = list(every.items())
    order = random.Random(0)
    for _ in range(options.rounds):
        order.shuffle(shuffled)
        for name, case in shuffled:
            times[name].append(measure(case, variables, scratch))
    print(table(times, folder, options.rounds))


if __name__ == "__main__":
    main()
