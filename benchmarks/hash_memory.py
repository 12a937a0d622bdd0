"""The rows of hash_trees.py about hashing in memory on one thread: each SIMD level, and many short inputs at once."""

from __future__ import annotations

import argparse
import ctypes
import functools
import os
import platform
import random
import shutil
import statistics
import subprocess
import time
from typing import TYPE_CHECKING

import hash_tools
from build_environment import HERE, ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

ROWS = ("package", "levels", "many")
LENGTHS = (16 << 10, 64 << 10, 1 << 20, 64 << 20)
SLICE_SECONDS = 0.02
# The bits of csrc/envguard.h that each level may use, and what keeps the authors' implementation from the levels above it.
LEVELS = {
    "portable": (0, ("SSE2", "SSE41", "AVX2", "AVX512")),
    "SSE4.1": (0b111, ("AVX2", "AVX512")),
    "AVX2": (0b11111, ("AVX512",)),
    "AVX-512": (0b1111111, ()),
}
HEAD = (
    "| one thread, in memory | envguard | beside | its speed | envguard is so many times as fast | asked | aim |\n"
    "|---|---:|---|---:|---:|---:|---:|"
)


def size(length: int) -> str:
    """Return *length* in words."""
    return f"{length >> 20} MiB" if length >> 20 else f"{length >> 10} KiB"


def line(what: str, beside: str, spent: list[float], length: int, least: float, aim: float) -> str:
    """Return a line of the table; *spent* are our and their seconds for *length* bytes."""
    ours, theirs = spent
    missed = "" if theirs / ours >= least else " (missed)"
    return (
        f"| {what} | {length / ours / 1e9:.2f} GB/s | {beside} | {length / theirs / 1e9:.2f} GB/s "
        f"| {theirs / ours:.2f}{missed} | {least:g} | {aim:g} |"
    )


def race(functions: Iterable[Callable[[int], float]], rounds: int) -> list[float]:
    """Return for each function, which runs as often as it is told and returns the seconds, the median seconds of a run."""
    runners = []
    for function in functions:
        calls = 1
        while (spent := function(calls)) < SLICE_SECONDS / 4:
            calls *= 4
        runners.append((function, max(1, round(calls * SLICE_SECONDS / spent)), list[float]()))
    order = random.Random(0)
    for _ in range(rounds):
        for function, calls, times in order.sample(runners, len(runners)):
            times.append(function(calls) / calls)
    return [statistics.median(times) for _, _, times in runners]


def beside_the_package(rounds: int) -> None:
    """Compare two calls from Python: what a user of either library writes."""
    import blake3 as package

    from envguard import _native

    data = os.urandom(max(LENGTHS))
    for length in LENGTHS:
        part = memoryview(data)[:length]

        def ours(calls: int, part: memoryview = part) -> float:
            start = time.thread_time()
            for _ in range(calls):
                _native.blake3(part)
            return time.thread_time() - start

        def theirs(calls: int, part: memoryview = part) -> float:
            start = time.thread_time()
            for _ in range(calls):
                package.blake3(part).digest()
            return time.thread_time() - start

        assert _native.blake3(part) == package.blake3(part).digest()
        spent = race((ours, theirs), rounds)
        beside = f"`blake3` package {package.__version__}"
        print(line(f"{size(length)} from Python", beside, spent, length, 0.95, 1.05), flush=True)


def library(name: str, *arguments: str | Path) -> ctypes.CDLL:
    """Return memory.c, compiled together with one implementation."""
    path = hash_tools.FOLDER / f"{name}.so"
    compiler = os.environ.get("CC", "cc")
    flags = ("-O3", "-fPIC", "-shared", "-pthread", "-fvisibility=hidden")
    hash_tools.run(compiler, *flags, HERE / "memory.c", *arguments, "-o", path)
    loaded = ctypes.CDLL(str(path), mode=os.RTLD_LOCAL | getattr(os, "RTLD_DEEPBIND", 0))
    for function in ("seconds", "seconds_many"):
        if hasattr(loaded, function):
            getattr(loaded, function).argtypes = (ctypes.c_size_t,) * 3
            getattr(loaded, function).restype = ctypes.c_double
    return loaded


@functools.cache
def core() -> ctypes.CDLL:
    """Return envguard's own code."""
    return library("envguard", f"-I{ROOT / 'csrc'}", *hash_tools.core())


def authors() -> Path | None:
    """Return the sources of the authors' implementation as Debian packages them, None where they cannot be had."""
    folder = hash_tools.FOLDER / "authors"
    if not folder.is_dir():
        scratch = hash_tools.FOLDER / "authors.tmp"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        fetch = "apt-get download librust-blake3-dev && dpkg -x librust-blake3-dev_*.deb ."
        done = subprocess.run(["sh", "-c", fetch], cwd=scratch, capture_output=True, check=False)
        if done.returncode:
            return None
        scratch.rename(folder)
    return next(folder.rglob("blake3.c")).parent


def at_each_level(rounds: int) -> None:
    """Compare two implementations that are compiled alike, each kept to one level."""
    sources, ours = authors(), core()
    if sources is None or platform.machine() != "x86_64":
        print("(The levels are left out: they are compared with Debian's librust-blake3-dev on x86-64 alone.)")
        return
    version = sources.parent.name
    for name, (mask, without) in LEVELS.items():
        kept = [level for level in ("SSE2", "SSE41", "AVX2", "AVX512") if level not in without]
        assembly = [sources / f"blake3_{level.lower()}_x86-64_unix.S" for level in kept]
        parts = [sources / f"blake3{part}.c" for part in ("", "_dispatch", "_portable")]
        bans = [f"-DBLAKE3_NO_{level}" for level in without]
        theirs = library(f"authors-{name}", "-DAUTHORS", f"-I{sources}", *bans, *parts, *assembly)
        ours.limit(mask)
        for length in LENGTHS:

            def one(calls: int, length: int = length) -> float:
                return float(ours.seconds(length, 1, calls))

            def other(calls: int, length: int = length, theirs: ctypes.CDLL = theirs) -> float:
                return float(theirs.seconds(length, 1, calls))

            spent = race((one, other), rounds)
            beside = f"the authors' C and assembly, {version}"
            print(line(f"{size(length)}, {name}", beside, spent, length, 0.95, 1.05), flush=True)
    ours.limit(0xFFFFFFFF)


def many_at_once(rounds: int) -> None:
    """Compare sixteen inputs of a KiB in one call with the same, one by one, at each level; then other inputs at the best."""
    ours = core()
    every = [(1024, 16, f", {name}", mask) for name, (mask, _) in reversed(LEVELS.items()) if mask]
    every += [(length, count, "", 0xFFFFFFFF) for length, count in ((1024, 64), (2048, 16), (700, 64))]
    for length, count, level, mask in every:
        ours.limit(mask)

        def together(calls: int, length: int = length, count: int = count) -> float:
            return float(ours.seconds_many(length, count, calls))

        def single(calls: int, length: int = length, count: int = count) -> float:
            return float(ours.seconds(length, count, calls))

        spent = race((together, single), rounds)
        print(line(f"{count} inputs of {length} bytes{level}", "one by one", spent, length * count, 3, 4), flush=True)


def report(python: str, rows: list[str], rounds: int) -> None:
    """Print the table of *rows*, measured in a fresh process of *python*."""
    if rows:
        print(HEAD, flush=True)
        subprocess.run([python, __file__, "--rounds", str(rounds), *rows], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    functions = {"package": beside_the_package, "levels": at_each_level, "many": many_at_once}
    for row in options.rows or ROWS:
        functions[row](options.rounds * 3)


if __name__ == "__main__":
    main()
