"""Measure verifying the files of about 320 packages beside a thread pool over hashlib, and two peers that do not even look.

The environment is the one of ``build_environment.py``. Prints a table in Markdown. ``make bench-files`` builds what it needs
and runs it.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from build_environment import DEFAULT, environment, find_uv
from rounds import Case, interleaved, medians, once, processor

# What a person would write: every row of every RECORD, as many threads as there are processors, hashlib lets the GIL go.
POOL = """
import base64, concurrent.futures, csv, hashlib, os, sys
site = sys.argv[1]
def rows():
    for name in os.listdir(site):
        if name.endswith(".dist-info"):
            with open(os.path.join(site, name, "RECORD"), newline="", encoding="utf-8") as file:
                yield from ((path, digest.partition("=")[2]) for path, digest, _ in csv.reader(file) if digest)
def same(row):
    path, digest = row
    with open(os.path.join(site, path), "rb") as file:
        found = hashlib.file_digest(file, "sha256").digest()
    return base64.urlsafe_b64encode(found).rstrip(b"=").decode() == digest
with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
    sys.exit(not all(pool.map(same, rows(), chunksize=64)))
"""
# The same bytes, in memory already: all that is left is SHA-256, by hashlib, with as many threads.
BARE = """
import concurrent.futures, hashlib, os, sys, time
data = []
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        with open(os.path.join(folder, name), "rb") as file:
            data.append(file.read())
with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
    list(pool.map(len, data))
    start = time.perf_counter()
    for _ in pool.map(lambda part: [hashlib.sha256(one).digest() for one in part], [data[n::64] for n in range(64)]):
        pass
    sys.stderr.write(f"{(time.perf_counter() - start) * 1000}\\n")
"""
WITHOUT_CORE = """
import sys
sys.modules["envguard._native._core"] = None
from envguard.cli import main
sys.exit(main(sys.argv[1:]))
"""


def cases(folder: Path, known: Path) -> dict[str, Case]:
    """Return what is measured, in the order of the table; *known* is the store of somebody who has checked without files."""
    python, envguard, uv = str(folder / "tool" / "bin" / "python"), str(folder / "tool" / "bin" / "envguard"), find_uv()
    clean = folder / "clean"
    site = str(next((clean / ".venv" / "lib").glob("python*/site-packages")))
    check = ("check", "--files")
    return {
        "pip": Case(
            name="`pip check`: opens none of the files",
            command=(sys.executable, "-m", "pip", "--python", str(clean / ".venv"), "check"),
            folder=clean,
        ),
        "uv": Case(
            name="`uv pip check`: neither",
            command=(uv, "pip", "check", "--quiet", "--python", str(clean / ".venv")),
            folder=clean,
        ),
        "bare": Case(
            name="SHA-256 alone, by `hashlib` with a thread a processor, everything in memory",
            command=(python, "-c", BARE, site),
            folder=clean,
            inside=True,
        ),
        "pool": Case(name="a thread pool over `hashlib` and RECORD", command=(python, "-c", POOL, site), folder=clean),
        "python": Case(
            name="`envguard check --files`, first time, without the C core",
            command=(python, "-c", WITHOUT_CORE, *check),
            folder=clean,
            cold=True,
            known=known,
        ),
        "empty": Case(
            name="`envguard check --files`, first time, nothing known at all",
            command=(envguard, *check),
            folder=clean,
            cold=True,
        ),
        "first": Case(
            name="`envguard check --files`, first time, lock and packages known",
            command=(envguard, *check),
            folder=clean,
            cold=True,
            known=known,
        ),
        "again": Case(name="`envguard check --files`, unchanged", command=(envguard, *check), folder=clean),
        "check": Case(name="`envguard check` without `--files`, unchanged", command=(envguard, "check"), folder=clean),
    }


def amounts(folder: Path) -> str:
    """Return how much is verified, as envguard says it."""
    envguard = str(folder / "tool" / "bin" / "envguard")
    done = subprocess.run(
        (envguard, "check", "--files"),
        cwd=folder / "clean",
        env=environment(folder),
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("files "))
    return line.removeprefix("files").partition("(")[0].strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT, help="what build_environment.py has built")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", nargs="*", help="names of rows")
    options = parser.parse_args()
    folder = options.folder.resolve()
    variables, scratch, known = environment(folder), folder / "cold-store", folder / "known-store"
    shutil.rmtree(known, ignore_errors=True)
    chosen = cases(folder, known)
    once(chosen["check"], {**variables, "ENVGUARD_CACHE_DIR": str(known)}, scratch)
    chosen = {name: case for name, case in chosen.items() if not options.only or name in options.only}
    times = interleaved(chosen, variables, scratch, options.rounds, warm_up=2)
    median = medians(times)
    print("| what | median | quartiles | beside the thread pool |", "|---|---:|---:|---:|", sep="\n")
    for name, case in chosen.items():
        low, _, high = statistics.quantiles(times[name], n=4)
        ratio = f"{median[name] / median['pool']:.2f}" if "pool" in median else ""
        print(f"| {case.name} | {median[name]:.0f} ms | {low:.0f} to {high:.0f} | {ratio} |")
    print(f"\nMedians of {options.rounds} interleaved rounds, whole processes; {amounts(folder)}, in the page cache.")
    print(f"{processor()}.")


if __name__ == "__main__":
    main()
