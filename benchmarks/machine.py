"""Measure ``envguard machine show`` of an environment with PyTorch beside what shows the machine with PyTorch's help.

Prints a table in Markdown. ``make bench-machine`` runs it in the environment of the tests that holds PyTorch. On a machine with a
GPU the look asks the driver as well, in a process of its own, which takes longer.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import tempfile
from pathlib import Path

from rounds import Case, medians, once, processor

ROOT = Path(__file__).resolve().parents[1]


def cases(folder: Path) -> dict[str, Case]:
    """Return what is measured, in the order of the table."""
    python = sys.executable
    envguard = (python, "-c", "import sys; from envguard.cli import main; sys.exit(main())")
    return {
        "collect": Case(
            name="`python -m torch.utils.collect_env`", command=(python, "-m", "torch.utils.collect_env"), folder=folder
        ),
        "import": Case(name="`python -c 'import torch'`", command=(python, "-c", "import torch"), folder=folder),
        "show": Case(name="`envguard machine show`", command=(*envguard, "machine", "show"), folder=folder),
        "version": Case(name="`envguard --version`", command=(*envguard, "--version"), folder=folder),
        "start": Case(name="`python -c pass`", command=(python, "-c", "pass"), folder=folder),
    }


def spent(case: Case, variables: dict[str, str], folder: Path) -> tuple[float, float]:
    """Return the milliseconds that passed, and those of processor time that the command and its children took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    passed = once(case, variables, folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return passed, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    options = parser.parse_args()
    strangers = ("CONDA_PREFIX", "ENVGUARD", "PYTHON", "VIRTUAL_ENV")
    variables = {key: value for key, value in os.environ.items() if not key.startswith(strangers)}
    variables["PYTHONPATH"] = str(ROOT)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        chosen = cases(folder)
        for case in chosen.values():
            once(case, variables, folder)
        both: dict[str, list[tuple[float, float]]] = {name: [] for name in chosen}
        for _ in range(options.rounds):
            for name, case in chosen.items():
                both[name].append(spent(case, variables, folder))
    passed = medians({name: [wall for wall, _ in values] for name, values in both.items()})
    print("| what | median | processor time, median | beside importing PyTorch |", "|---|---:|---:|---:|", sep="\n")
    for name, case in chosen.items():
        cpu = statistics.median(cpu for _, cpu in both[name])
        print(f"| {case.name} | {passed[name]:.0f} ms | {cpu:.0f} ms | {passed[name] / passed['import']:.2f} |")
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"\nMedians of {options.rounds} interleaved rounds, whole processes. {processor()}; load average {load}.")


if __name__ == "__main__":
    main()
