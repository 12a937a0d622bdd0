"""Measure the hashing of large trees beside what a user could take instead, and print tables in Markdown.

Makes its data first (up to 5 GB at a time, deleted again unless --keep is given). The commands of a row run once a round, in
an order that is shuffled anew, so that whatever else the machine does hits them alike; medians are compared. Seconds are
those of whole processes, the start of Python included, unless a line says otherwise. Peak memory is that of the largest
process of a command. Each tree's root is first compared with what b3sum says it is.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import hash_memory
import hash_tools
from build_environment import HERE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FIND = 'find "$1" -type f -print0 | xargs -0 b3sum'
FIND_PARALLEL = f'find "$1" -type f -print0 | xargs -0 -n 1000 -P {len(os.sched_getaffinity(0))} b3sum'
ROOT_BY_B3SUM = r"cd $1 && find -L . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 b3sum | b3sum"
SIZES = r'find "$1" -type f -printf %s'
PACKAGE = """
import sys, blake3
hasher = blake3.blake3(max_threads=blake3.blake3.AUTO)
hasher.update_mmap(sys.argv[1])
print(hasher.hexdigest())
"""
ENGINE = """
import sys, time, envguard
envguard.hash_bytes(b"")
start = time.perf_counter()
tree = envguard.hash_tree(sys.argv[1], cache=False)
sys.stderr.write(f"{time.perf_counter() - start}\\n")
assert tree.root is not None
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A command to be measured. *before* prepares each run; *inside* takes the seconds that the process itself prints.

    *most* limits the rounds of what takes long.
    """

    name: str
    command: tuple[str, ...]
    cwd: Path | None = None
    before: Callable[[], None] | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    inside: bool = False
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the table: our *cases*, the first of which counts, and *peers* to be *least* times as fast as.

    With *within*, the first of our cases may take at most that many times as long instead, *aim* likewise. *setup* is done
    once before the rounds; *extras* are shown and asked for nothing.
    """

    title: str
    tree: str
    ours: tuple[Case, ...]
    peers: tuple[Case, ...]
    least: float
    aim: float
    within: bool = False
    extras: tuple[Case, ...] = ()
    setup: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run of a command took."""

    seconds: float
    processor: float
    peak: int


def measure(case: Case, variables: Mapping[str, str]) -> Run:
    """Run *case* once; everything ends where it does not end as it should."""
    if case.before is not None:
        case.before()
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            case.command,
            cwd=case.cwd,
            env={**variables, **case.variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        # Of this process and all that it waited for, which subprocess would not tell.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        said = errors.read().decode(errors="replace")
    if process.returncode:
        sys.exit(f"error: {case.name} ended with {process.returncode}\n{said}")
    return Run(
        seconds=float(said) if case.inside else seconds,
        processor=usage.ru_utime + usage.ru_stime,
        peak=usage.ru_maxrss * 1024,
    )


class Bench:
    """The rows, over trees in *data*; what they keep on the side lies there too."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.variables = hash_tools.variables(data / "store")
        self.tool = hash_tools.envguard()
        self.envguard, self.python = str(self.tool / "envguard"), str(self.tool / "python")
        self.how_cold = ""

    def tree(self, name: str) -> str:
        return str(self.data / name / "tree")

    def rows(self) -> dict[str, Row]:
        """Return what is measured, in the order of the table."""
        huge = str(self.data / "huge" / "tree" / "train" / "000000.tar")
        floor = str(hash_tools.FOLDER / "floor")
        threads = str(len(os.sched_getaffinity(0)))
        return {
            "huge": Row(
                title="one file of 4 GiB",
                tree="huge",
                ours=(self.ours("envguard hash FILE", "hash", huge),),
                peers=(
                    Case(name="b3sum FILE", command=("b3sum", huge)),
                    Case(name="`blake3` package, all threads, mmap", command=(self.python, "-P", "-c", PACKAGE, huge)),
                ),
                least=1.0,
                aim=1.1,
            ),
            "reading": self.reading(huge, threads),
            "cold-huge": self.cold("huge", "the same, cold cache", huge, ("b3sum", huge), least=1.0, aim=1.0),
            "large": self.beside_b3sum("large", "40 files of 100 MiB", 1.7, 2),
            "medium": self.beside_b3sum("medium", "20,000 files of 60 to 160 kB", 3, 4),
            "dvc-add": self.dvc_add(),
            "dvc-status": self.dvc_status(),
            "small": self.beside_b3sum("small", "200,000 files of 0.2 to 4 kB", 3, 4.5),
            "floor": Row(
                title="the same, against the floor",
                tree="small",
                ours=(
                    Case(
                        name="envguard.hash_tree(), timed inside",
                        command=(self.python, "-P", "-c", ENGINE, self.tree("small")),
                        inside=True,
                    ),
                    self.ours("envguard hash --no-cache", "hash", "--no-cache", self.tree("small")),
                ),
                peers=(
                    Case(
                        name="open, stat, read, close, no hash; timed inside",
                        command=(floor, self.tree("small"), threads),
                        inside=True,
                    ),
                ),
                least=1.5,
                aim=1.2,
                within=True,
            ),
            "cached": Row(
                title="the same, unchanged, through the cache",
                tree="small",
                ours=(self.ours("envguard hash", "hash", self.tree("small")),),
                peers=(Case(name="find -type f -printf %s", command=("sh", "-c", SIZES, "sh", self.tree("small"))),),
                least=1.0,
                aim=2.0,
                setup=self.fill_cache,
            ),
            "cold": self.cold(
                "small",
                "the same, cold cache",
                self.tree("small"),
                ("sh", "-c", FIND, "sh", self.tree("small")),
                least=2.0,
                aim=4.0,
            ),
        }

    def ours(self, name: str, *arguments: str, **more: object) -> Case:
        return Case(name=name, command=(self.envguard, *arguments), **more)  # type: ignore[arg-type]

    def beside_b3sum(self, name: str, title: str, least: float, aim: float) -> Row:
        """Return a row in which a tree is hashed for the first time, by us and by find, xargs and b3sum."""
        tree, empty = self.tree(name), self.data / "store" / "empty"
        return Row(
            title=title,
            tree=name,
            ours=(
                self.ours(
                    "envguard hash, for the first time",
                    "hash",
                    tree,
                    before=lambda: shutil.rmtree(empty, ignore_errors=True),
                    variables={"ENVGUARD_CACHE_DIR": str(empty)},
                ),
                self.ours("envguard hash --no-cache", "hash", "--no-cache", tree),
            ),
            peers=(Case(name="find … \\| xargs b3sum", command=("sh", "-c", FIND, "sh", tree)),),
            extras=(Case(name="the same, several b3sum at once", command=("sh", "-c", FIND_PARALLEL, "sh", tree)),),
            least=least,
            aim=aim,
        )

    def reading(self, huge: str, threads: str) -> Row:
        """Return the row of the ways to get a large file into a hash: what the engine does, and what it could do instead."""

        def way(word: str, name: str) -> Case:
            return Case(name=name, command=(reading, word, threads, huge), inside=True)

        reading = str(hash_tools.FOLDER / "reading")
        return Row(
            title="the same, by the ways into memory, timed inside",
            tree="huge",
            ours=(way("windows", "mapped in guarded windows"),),
            peers=(way("copy", "read into buffers"),),
            extras=(
                way("faults", "mapped whole, pages faulted in"),
                way("populate", "mapped piece by piece"),
                way("nothing", "no way: one piece again and again"),
            ),
            least=1.0,
            aim=1.0,
        )

    def cold(self, tree: str, title: str, path: str, peer: tuple[str, ...], *, least: float, aim: float) -> Row:
        """Return a row in which nothing of *tree* is in memory: *path* beside what the command *peer* makes of it."""

        def drop() -> None:
            self.how_cold = hash_tools.drop_caches(Path(self.tree(tree)))

        name = "b3sum FILE" if peer[0] == "b3sum" else "find … \\| xargs b3sum"
        return Row(
            title=title,
            tree=tree,
            ours=(self.ours("envguard hash --no-cache", "hash", "--no-cache", path, before=drop, most=5),),
            peers=(Case(name=name, command=peer, before=drop, most=5),),
            least=least,
            aim=aim,
        )

    def dvc_add(self) -> Row:
        """Return the row of a tree that is recorded for the first time; DVC also copies it into its cache."""
        project = self.data / "medium"
        return Row(
            title="the same, recorded for the first time",
            tree="medium",
            ours=(
                self.ours("envguard data add", "data", "add", "tree", cwd=project, before=self.forget_recorded, most=3),
            ),
            peers=(
                Case(
                    name="dvc add",
                    command=(str(hash_tools.FOLDER / "dvc" / "bin" / "dvc"), "add", "tree"),
                    cwd=project,
                    before=self.new_dvc,
                    most=3,
                ),
            ),
            least=15,
            aim=20,
        )

    def dvc_status(self) -> Row:
        project, dvc = self.data / "medium", str(hash_tools.FOLDER / "dvc" / "bin" / "dvc")

        def record() -> None:
            if not (project / "tree.dvc").exists():
                self.new_dvc()
                subprocess.run([dvc, "add", "tree"], cwd=project, env=self.variables, capture_output=True, check=True)
            self.forget_recorded()
            command = [self.envguard, "data", "add", "tree"]
            subprocess.run(command, cwd=project, env=self.variables, capture_output=True, check=True)

        return Row(
            title="the same, unchanged",
            tree="medium",
            ours=(self.ours("envguard data verify", "data", "verify", cwd=project),),
            peers=(Case(name="dvc status", command=(dvc, "status"), cwd=project),),
            least=20,
            aim=40,
            setup=record,
        )

    def forget_recorded(self) -> None:
        """Make the folder of the medium tree a project in which nothing was recorded, with an empty store."""
        project = self.data / "medium"
        for name in ("envguard.lock", ".envguard"):
            remove(project / name)
        remove(Path(self.variables["ENVGUARD_CACHE_DIR"]))
        (project / "envguard.toml").touch()

    def new_dvc(self) -> None:
        """Make the folder of the medium tree a DVC project in which nothing was recorded."""
        project = self.data / "medium"
        for path in (project / ".dvc", project / "tree.dvc", project / ".dvcignore", self.data / "store" / "dvc"):
            remove(path)
        dvc = str(hash_tools.FOLDER / "dvc" / "bin" / "dvc")
        subprocess.run([dvc, "init", "--quiet", "--no-scm"], cwd=project, env=self.variables, check=True)
        os.sync()

    def fill_cache(self) -> None:
        command = [self.envguard, "hash", self.tree("small")]
        subprocess.run(command, env=self.variables, capture_output=True, check=True)

    def compare(self, name: str) -> None:
        """End everything unless envguard gives the tree the root that find, sort, xargs and b3sum give it."""
        shell = ("sh", "-c", ROOT_BY_B3SUM, "sh", self.tree(name))
        command = (self.envguard, "hash", "--no-cache", self.tree(name))
        digests = [
            subprocess.run(each, env=self.variables, capture_output=True, text=True, check=True).stdout[:64]
            for each in (shell, command)
        ]
        if digests[0] != digests[1]:
            sys.exit(f"error: the root of '{name}' is {digests[0]} for b3sum and {digests[1]} for envguard")


def remove(path: Path) -> None:
    """Remove the file or folder *path*, if there is one."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def rounds_of(row: Row, rounds: int, variables: Mapping[str, str]) -> dict[str, list[Run]]:
    """Return the runs of each case of *row*; a first one, which warms the caches, is not among them."""
    cases = [*row.ours, *row.peers, *row.extras]
    runs: dict[str, list[Run]] = {case.name: [] for case in cases}
    if row.setup is not None:
        row.setup()
    for case in cases:
        if case.most is None:
            measure(case, variables)
    order = random.Random(0)
    for number in range(rounds):
        order.shuffle(cases)
        for case in cases:
            if case.most is None or number < case.most:
                runs[case.name].append(measure(case, variables))
    return runs


def lines(row: Row, runs: Mapping[str, list[Run]]) -> list[str]:
    """Return the lines of the table for *row*."""

    def middle(case: Case, what: Callable[[Run], float]) -> float:
        return statistics.median(map(what, runs[case.name]))

    found = []
    title, ours = row.title, middle(row.ours[0], lambda run: run.seconds)
    for case in (*row.ours, *row.peers, *row.extras):
        seconds = [run.seconds for run in runs[case.name]]
        verdict = asked = aim = ""
        if case not in row.ours:
            ratio = ours / statistics.median(seconds) if row.within else statistics.median(seconds) / ours
            reached = ratio <= row.least if row.within else ratio >= row.least
            verdict = f"{ratio:.2f}" + ("" if reached or case in row.extras else " (missed)")
        if case in row.peers:
            limit = "at most " if row.within else ""
            asked, aim = f"{limit}{row.least:g}", f"{limit}{row.aim:g}"
        found.append(
            f"| {title} | {case.name} | {statistics.median(seconds):.3f} s | {min(seconds):.3f} to {max(seconds):.3f} "
            f"| {middle(case, lambda run: run.processor):.2f} s | {middle(case, lambda run: run.peak) / 1e6:,.0f} MB | {verdict} | {asked} | {aim} |"
        )
        title = ""
    return found


HEAD = (
    "| tree | command | median | range | processor | peak memory | envguard is so many times as fast | asked | aim |\n"
    "|---|---|---:|---:|---:|---:|---:|---:|---:|"
)


def machine(rounds: int, folder: Path, load: float) -> str:
    """Return a few lines that say where this was measured."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "?")
    system = os.uname()
    folder.mkdir(parents=True, exist_ok=True)
    kind = hash_tools.run("df", "--output=fstype", folder).split()[-1]
    idle = measure(Case(name="true", command=("true",)), os.environ).peak
    return (
        f"{model}, {len(os.sched_getaffinity(0))} processors, {system.sysname} {system.release}, {kind}, Python "
        f"{sys.version.split()[0]}, {hash_tools.b3sum()}, {hash_tools.DVC.replace('==', ' ')}. Medians of {rounds} rounds "
        f"(at most 3 with DVC, 5 cold). Load before the start {load:.2f}. A program that does nothing shows {idle / 1e6:.0f} MB."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    every = (
        "huge",
        "reading",
        "cold-huge",
        "large",
        "medium",
        "dvc-add",
        "dvc-status",
        "small",
        "floor",
        "cached",
        "cold",
        *hash_memory.ROWS,
    )
    parser.add_argument("--rows", nargs="+", choices=every, default=every, metavar="ROW", help=", ".join(every))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--data", type=Path, help="where the trees are made (default: a temporary folder)")
    parser.add_argument("--keep", action="store_true", help="leave the trees in --data, and take those that are there")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    hash_tools.b3sum()
    above = Path(options.data or tempfile.mkdtemp(prefix="envguard-hash-")).resolve()
    # A folder that nobody else has anything in: whole trees are deleted there.
    data = above / "envguard-hash-trees"
    bench = Bench(data)
    rows = bench.rows()
    chosen = [name for name in every if name in options.rows]
    if any(name.startswith("dvc") for name in chosen):
        hash_tools.dvc()
    hash_tools.floor()
    hash_tools.reading()
    try:
        print(HEAD, flush=True)
        for index, name in enumerate(chosen):
            if name not in rows:
                continue
            tree = rows[name].tree
            maker = HERE / "hash_data.py"
            if not any(rows[before].tree == tree for before in chosen[:index]):
                hash_tools.run(sys.executable, maker, data / tree, tree)
                bench.compare(tree)
            runs = rounds_of(rows[name], options.rounds, bench.variables)
            print("\n".join(lines(rows[name], runs)), flush=True)
            if not options.keep and not any(rows[after].tree == tree for after in chosen[index + 1 :] if after in rows):
                shutil.rmtree(data / tree)
        print()
        hash_memory.report(bench.python, [name for name in chosen if name in hash_memory.ROWS], options.rounds)
        print(f"\n{machine(options.rounds, data, load)}" + (f" Cold: {bench.how_cold}." if bench.how_cold else ""))
    finally:
        if not options.keep:
            shutil.rmtree(data if options.data else above, ignore_errors=True)


if __name__ == "__main__":
    main()
