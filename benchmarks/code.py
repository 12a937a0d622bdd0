"""Measure what it costs to know the state of the code, beside ``git status`` of the same repository in the same rounds.

Makes repositories of N tracked modules in a temporary folder. What is measured is the time of the processor, of this process and
of every git that it starts, so that it can be compared on a busy machine; ``--wall`` measures the clock. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rounds import processor

from envguard.model import CodePolicy
from envguard.probes.own_code import modules
from envguard.reader import Reader
from envguard.repository import probe
from envguard.repository.imports import judge_listing
from envguard.repository.look import look_at
from envguard.repository.patch import capture

if TYPE_CHECKING:
    from collections.abc import Callable

LOADED = 30


def make(folder: Path, files: int) -> None:
    """Make a repository of *files* committed modules in *folder*."""
    for number in range(files):
        path = folder / f"package{number // 100}" / f"module{number % 100}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"VALUE = {number}\n" * 50)
    for command in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message", "all")):
        subprocess.run(["git", "-c", "user.name=A", "-c", "user.email=a@example.com", *command], cwd=folder, check=True)


def cases(folder: Path, files: int) -> dict[str, Callable[[], object]]:
    """Return what is measured in the repository in *folder*."""
    root = str(folder)
    identity = probe.identify(root, None)
    listing = "".join(f"m{n}\t{root}/package{n // 100}/module{n % 100}.py\n" for n in range(min(LOADED, files)))
    policy, limit = CodePolicy.COMMITTED_IMPORTS, 10**7
    return {
        "which modules this process has loaded": modules,
        "the work tree, from what is kept": lambda: probe.retell(identity),
        "the work tree, by git": lambda: probe.tell(identity),
        f"{LOADED} loaded modules against the commit, by git": lambda: judge_listing(Reader(), listing),
        "all of it, by git, as the first `enforce()` does": lambda: look_at(
            Reader(), root, policy=policy, running=True, limit=limit
        ),
        "a proven patch of one changed file": lambda: capture(f"{root}-changed"),
        "`git status --porcelain`": lambda: subprocess.run(
            ["git", "status", "--porcelain"], cwd=folder, check=True, capture_output=True
        ),
    }


def spent(case: Callable[[], object], *, wall: bool) -> float:
    """Return how many milliseconds *case* takes, of the processor or of the clock."""

    def now() -> float:
        if wall:
            return time.perf_counter()
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + used.ru_utime + used.ru_stime

    start = now()
    case()
    return (now() - start) * 1000


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=int, default=[100, 1000, 10_000])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--wall", action="store_true")
    options = parser.parse_args()
    print("| what | tracked files | median | quartiles |\n|---|---:|---:|---:|")
    for files in options.files:
        with tempfile.TemporaryDirectory() as name:
            os.environ["ENVGUARD_CACHE_DIR"] = os.path.join(name, "store")
            folder = Path(name).resolve() / "repository"
            make(folder, files)
            changed = Path(f"{folder}-changed")
            subprocess.run(["git", "clone", "--quiet", str(folder), str(changed)], check=True)
            (changed / "package0/module0.py").write_text("VALUE = 1\n")
            # What is younger than two seconds is not believed, and so never kept.
            time.sleep(3)
            known = cases(folder, files)
            times: dict[str, list[float]] = {case: [] for case in known}
            for number in range(options.rounds + 2):
                for case, run in known.items():
                    took = spent(run, wall=options.wall)
                    if number > 1:
                        times[case].append(took)
            for case, found in times.items():
                low, median, high = statistics.quantiles(found, n=4)
                print(f"| {case} | {files:,} | {median:.1f} ms | {low:.1f} to {high:.1f} |")
    kind = "the clock" if options.wall else "the processor"
    count = f"{len(sys.modules)} modules in the process"
    print(
        f"\nMedians of {options.rounds} rounds, time of {kind}, {count}, load {os.getloadavg()[0]:.1f}. {processor()}."
    )


if __name__ == "__main__":
    main()
