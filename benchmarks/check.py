"""Measure a check beside uv's own, a bare interpreter, and enforce() inside a process that has NumPy loaded.

The medians over all rounds are compared. Prints a table in Markdown. ``make bench`` builds what it needs and runs it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
from pathlib import Path

from build_environment import DEFAULT, environment, find_uv
from rounds import Case, interleaved, medians, processor

ENFORCE = """
import sys, time, numpy.random
start = time.perf_counter()
import envguard
run = envguard.enforce(seed=42)
sys.stderr.write(f"{(time.perf_counter() - start) * 1000}\\n")
assert run.receipt.verdict == "clean"
"""


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
        "show": Case(name="`envguard machine show`, no GPU", command=(envguard, "machine", "show"), folder=clean),
        "enforce": Case(
            name="`import envguard; envguard.enforce()`, clean, warm, NumPy loaded",
            command=(str(guarded / ".venv" / "bin" / "python"), "-c", ENFORCE),
            folder=guarded,
            inside=True,
        ),
    }


def machine(folder: Path) -> str:
    """Return one line that says where this was measured."""
    uv = subprocess.run([find_uv(), "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    lock = folder / "clean" / "uv.lock"
    site = next((folder / "clean" / ".venv" / "lib").glob("python*/site-packages"))
    packages = sum(name.endswith(".dist-info") for name in os.listdir(site))
    return f"{processor()}, uv {uv}; {packages} packages, uv.lock of {lock.stat().st_size / 1e6:.2f} MB, everything in the page cache"


def table(times: dict[str, list[float]], folder: Path, rounds: int) -> str:
    """Return the table in Markdown."""
    median = medians(times)
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
    times = interleaved(cases(folder), environment(folder), folder / "cold-store", options.rounds)
    print(table(times, folder, options.rounds))


if __name__ == "__main__":
    main()
