"""Measure reading, judging and comparing locks of about a megabyte beside the check of the tool that each belongs to.

For every format that envguard reads, the largest lock of the corpora is taken, with the manifest beside it. Prints tables in
Markdown. ``make bench-locks`` builds what it needs and runs it. Those of pixi and conda-lock are of 1.6 and 1.4 MB:
``BENCH_ARGS="--cut 1100000 --only pixi --only conda-lock"`` measures less of them.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from build_environment import DEFAULT, ROOT, environment, find_uv
from rounds import Case, interleaved, medians, processor
from shorter import shorten

from envguard.lockfiles import read_lock
from envguard.lockfiles.formats import FORMATS, format_of
from envguard.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from envguard.lockfiles.formats import Format

CORPORA = ROOT / "tests" / "corpora"
BUILD = ROOT / "build" / "benchmark-locks"
TOOLS = {
    "poetry": ("poetry==2.5.1",),
    "pdm": ("pdm==2.29.3", "hishel==1.2.1", "unearth==0.18.2"),
    "pipenv": ("pipenv==2026.10.3",),
}
CHANGED = 10
HOOK_MILLISECONDS = 200
# Reads, judges and selects twice before the clock runs: what is imported then is none of the lock's time.
INSIDE = """
import sys, time
from envguard.installed import running_environment
from envguard.lockfiles import judge_lock
from envguard.lockfiles.select import select
from envguard.model import Selection
from envguard.reader import Reader
path, anew = sys.argv[1], sys.argv[2] == "anew"
markers = running_environment(Reader()).markers
for _ in range(3):
    start = time.perf_counter()
    lock, *_ = judge_lock(Reader(), path, anew=anew)
    select(lock, Selection(), markers)
    spent = (time.perf_counter() - start) * 1000
sys.stderr.write(f"{spent}\\n")
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The largest lock of a format in a folder of its own, once as it is, once in a repository where a change of it is staged."""

    form: Format
    lock: Path
    changed: Path
    repository: Path
    known: Path
    packages: int

    @property
    def title(self) -> str:
        """The lock and its size."""
        return f"`{self.lock.name}`, {self.lock.stat().st_size / 1e6:.2f} MB, {self.packages} packages"


def projects(
    folder: Path, only: list[str], variables: Mapping[str, str], *, cut: int | None = None
) -> Iterator[Project]:
    """Make a project of each format that has a lock in the corpora, in *folder*; of at most *cut* bytes, where it can be cut."""
    for form in FORMATS:
        locks = [path for path in CORPORA.rglob("*.*") if format_of(path.name) is form]
        if not locks or (only and form.name not in only):
            continue
        largest = max(locks, key=lambda path: path.stat().st_size)
        here, repository = folder / form.name / "project", folder / form.name / "repository"
        for place in (here, repository):
            shutil.copytree(largest.parent, place, ignore=shutil.ignore_patterns(".*_cache"))
            if cut is not None and form.name in ("pixi", "conda-lock"):
                shorten(place / largest.name, cut)
        lock, changed = here / largest.name, folder / form.name / "changed" / largest.name
        changed.parent.mkdir()
        changed.write_text(another(lock.read_text(encoding="utf-8")), encoding="utf-8")
        name_the_lock(here, largest.name)
        read = read_lock(Reader(), str(lock))
        stage(repository, largest.name, changed, read.digest, variables)
        yield Project(
            form=form,
            lock=lock,
            changed=changed,
            repository=repository,
            known=folder / form.name / "known",
            packages=len(read.packages),
        )


def name_the_lock(folder: Path, name: str) -> None:
    """Say in the settings which file is the lock: a ``requirements.txt`` or ``pylock.toml`` is not taken for one, but a lock further up is."""
    settings, table = folder / "pyproject.toml", "[tool.envguard]\n"
    if not settings.exists():
        settings, table = folder / "envguard.toml", ""
    with settings.open("a", encoding="utf-8") as file:
        file.write(f'\n{table}lock = "{name}"\n')


def another(text: str) -> str:
    """Return the lock *text* with other hashes of a few files, as if they had been published again."""
    digests = [match.start() for match in re.finditer(r"\b[0-9a-f]{64}\b", text)]
    middle = digests[len(digests) // 10 : -len(digests) // 10]
    for place in middle[:: max(1, len(middle) // CHANGED)]:
        text = text[:place] + text[place : place + 32][::-1] + text[place + 32 :]
    return text


def stage(repository: Path, name: str, changed: Path, digest: str, variables: Mapping[str, str]) -> None:
    """Commit the project in *repository* with a record, then stage the lock *changed* in the place of *name*."""

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=repository, env=dict(variables), check=True)

    selection = {"default-groups": True, "extras": [], "groups": [], "packages": []}
    machine = {"facts": {}, "lock": {"digest": digest, "path": name}, "packages": {}, "selection": selection}
    record = {"schema": {"name": "envguard.lock", "version": 1}, "machines": {"default": machine}}
    (repository / "envguard.lock").write_text(json.dumps(record), encoding="utf-8")
    git("init", "--quiet")
    git("add", ".")
    git("-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "--message", "first")
    shutil.copy(changed, repository / name)
    git("add", name)


def tools(folder: Path, only: list[str]) -> dict[str, Path]:
    """Install each lock tool into an environment of its own and return their programs, by format."""
    programs = {}
    for name, requirements in TOOLS.items():
        if only and name not in only:
            continue
        place = folder / "tools" / name
        if not (place / "bin" / name).exists():
            uv = (find_uv(), "--quiet")
            subprocess.run((*uv, "venv", "--clear", "--no-project", "--python", sys.executable, str(place)), check=True)
            subprocess.run(
                (*uv, "pip", "install", "--compile-bytecode", "--python", str(place), *requirements), check=True
            )
        programs[name] = place / "bin" / name
    return programs


def peers(found: list[Project], programs: Mapping[str, Path], benchmark: Path) -> dict[str, Case]:
    """Return for each format the check of its own tool."""
    python = str(benchmark / "tool" / "bin" / "python")
    # Neither knows the lock: what pip says of an environment is all that a user of these formats has.
    pip = Case(
        name="`pip check` of 320 packages",
        command=(sys.executable, "-m", "pip", "--python", str(benchmark / "clean" / ".venv"), "check"),
        folder=benchmark,
    )
    uv = (find_uv(), "lock", "--check", "--offline", "--python", python)
    commands = {
        "uv": ("`uv lock --check --offline`", uv),
        "poetry": ("`poetry check --lock`", (str(programs.get("poetry")), "check", "--lock")),
        "pdm": ("`pdm lock --check`", (str(programs.get("pdm")), "lock", "--check")),
        "pipenv": ("`pipenv verify`", (str(programs.get("pipenv")), "verify")),
    }
    cases = {}
    for project in found:
        if project.form.name in commands:
            name, command = commands[project.form.name]
            cases[project.form.name] = Case(name=name, command=command, folder=project.lock.parent)
        elif project.form.name in ("requirements", "pylock"):
            cases[project.form.name] = pip
    return cases


def cases(project: Project, tool: Path) -> dict[str, Case]:
    """Return what is measured of one format."""
    envguard, python = str(tool / "envguard"), str(tool / "python")
    lock, here, repository = str(project.lock), project.lock.parent, project.repository

    def case(*words: str, folder: Path = here) -> Case:
        return Case(name=f"{project.form.name}: {' '.join(words)}", command=(envguard, *words), folder=folder)

    check, listed = case("lock", "check"), case("lock", "list")
    diff = case("diff", lock, str(project.changed))
    hooks = {name: case("staged", name, project.lock.name, folder=repository) for name in ("lock", "diff", "record")}
    inside = Case(name="inside", command=(python, "-P", "-c", INSIDE, lock, "anew"), folder=here, inside=True)
    return {
        "check first": replace(check, cold=True),
        "check again": check,
        "list first": replace(listed, cold=True),
        "list again": listed,
        "parsed": inside,
        "kept": replace(inside, command=(*inside.command[:-1], "kept")),
        "diff first": replace(diff, cold=True),
        "diff again": diff,
        **{f"staged {name} first": replace(hook, cold=True) for name, hook in hooks.items()},
        **{f"staged {name} new": replace(hook, cold=True, known=project.known) for name, hook in hooks.items()},
        **{f"staged {name} again": hook for name, hook in hooks.items()},
    }


def settled(found: dict[str, Case], variables: Mapping[str, str]) -> dict[str, Case]:
    """Return the cases with the status that each ends with now; only an answer counts, be it a finding."""
    known = {}
    for name, case in found.items():
        done = subprocess.run(
            case.command,
            cwd=case.folder,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        if done.returncode not in (0, 1, 3):
            words = (done.stdout + done.stderr).decode(errors="replace")
            sys.exit(f"error: {case.name} ended with {done.returncode}\n{words}")
        known[name] = replace(case, status=done.returncode)
    return known


def judges(project: Project, tool: Path, variables: Mapping[str, str]) -> None:
    """Make sure that the check of the folder of *project* is one of its lock, and of no other."""
    command = (str(tool / "envguard"), "lock", "check")
    done = subprocess.run(
        command, cwd=project.lock.parent, env=dict(variables), capture_output=True, text=True, check=False
    )
    if done.stdout.partition("\n")[0].split() != ["lock", project.lock.name]:
        sys.exit(f"error: envguard lock check in {project.lock.parent} judges another lock\n{done.stdout}{done.stderr}")


def know_the_lock_of_before(project: Project, tool: Path, variables: Mapping[str, str]) -> None:
    """Fill the store *known* with what a hook has kept of the lock that was committed last."""
    store = {**variables, "ENVGUARD_CACHE_DIR": str(project.known)}
    code = "import sys; from envguard.lockfiles import read_lock; from envguard.repository.snapshot import revision_reader\n"
    code += "read_lock(revision_reader(sys.argv[1], 'HEAD'), sys.argv[2])"
    here = str(project.repository), str(project.repository / project.lock.name)
    # Without -P the code in the folder that this runs in would be asked, and what that keeps is not what the tool finds.
    subprocess.run([str(tool / "python"), "-P", "-c", code, *here], env=store, check=True)


def times(ratio: float) -> str:
    """Return how many times as fast, with as many digits as mean something."""
    return f"{ratio:.2f}" if ratio < 1 else f"{ratio:.1f}" if ratio < 10 else f"{ratio:.0f}"


def checks(found: list[Project], median: Mapping[str, float], own: Mapping[str, Case]) -> Iterator[str]:
    """Yield the table of the checks."""
    yield "| lock | `envguard lock check`, first | again | its tool's own check | so many times as fast, first | again |"
    yield "|---|---:|---:|---:|---:|---:|"
    for project in found:
        name = project.form.name
        first, again = median[f"{name} check first"], median[f"{name} check again"]
        peer = own.get(name)
        beside = "none that is measured | | " if peer is None else f"{peer.name} {median[f'{name} tool']:.0f} ms"
        if peer is not None:
            spent = median[f"{name} tool"]
            beside += f" | {times(spent / first)} | {times(spent / again)}"
        yield f"| {project.title} | {first:.0f} ms | {again:.0f} ms | {beside} |"


def readings(found: list[Project], median: Mapping[str, float]) -> Iterator[str]:
    """Yield the table of reading and comparing."""
    yield "| lock | in process: parsed | kept | `lock list`, first | again | `diff`, first | again |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for project in found:
        names = ("parsed", "kept", "list first", "list again", "diff first", "diff again")
        values = [f"{median[f'{project.form.name} {name}']:.0f} ms" for name in names]
        yield f"| `{project.lock.name}` | {' | '.join(values)} |"


def hooks(found: list[Project], median: Mapping[str, float]) -> Iterator[str]:
    """Yield the table of the hooks."""
    yield "| lock | hook | nothing known | the committed lock known | both known |"
    yield "|---|---|---:|---:|---:|"
    limit = HOOK_MILLISECONDS + median["bare"]
    for project in found:
        for hook in ("lock", "diff", "record"):
            values = [median[f"{project.form.name} staged {hook} {state}"] for state in ("first", "new", "again")]
            cells = " | ".join(f"{value:.0f} ms{' (over)' if value > limit else ''}" for value in values)
            yield f"| `{project.lock.name}` | `staged {hook}` | {cells} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT, help="what build_environment.py has built")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument(
        "--only", action="append", default=[], metavar="FORMAT", help="measure this format alone; may be repeated"
    )
    parser.add_argument(
        "--cut",
        type=int,
        metavar="BYTES",
        help="take platforms and environments out of locks that are larger than that",
    )
    options = parser.parse_args()
    benchmark = options.folder.resolve()
    tool = benchmark / "tool" / "bin"
    programs = tools(BUILD, options.only)
    work = BUILD / "work"
    shutil.rmtree(work, ignore_errors=True)
    variables = {**environment(benchmark), "ENVGUARD_CACHE_DIR": str(work / "store"), "PIPENV_IGNORE_VIRTUALENVS": "1"}
    # Whatever asks git must find these repositories, not the one around them.
    variables["GIT_CEILING_DIRECTORIES"] = str(work)
    found = list(projects(work, options.only, variables, cut=options.cut))
    # Files that have just been written cannot be told from files that will be: nothing is kept before they have aged.
    time.sleep(3)
    for project in found:
        know_the_lock_of_before(project, tool, variables)
    own = peers(found, programs, benchmark)
    every = {"bare": Case(name="`python -c pass`", command=(str(tool / "python"), "-c", "pass"), folder=work)}
    for project in found:
        name = project.form.name
        every |= {f"{name} {what}": case for what, case in cases(project, tool).items()}
        if name in own:
            every[f"{name} tool"] = own[name]
    every = settled(every, variables)
    for project in found:
        judges(project, tool, variables)
    for name, case in every.items():
        if name.endswith(" tool") and case.status != 0:
            sys.exit(f"error: {case.name} does not call the lock fresh: status {case.status}")
    median = medians(interleaved(every, variables, work / "cold-store", options.rounds, warm_up=1))
    for lines in (checks(found, median, own), readings(found, median), hooks(found, median)):
        print("\n".join(lines), end="\n\n")
    uv = subprocess.run([find_uv(), "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    versions = ", ".join(" ".join(requirements[0].split("==")) for requirements in TOOLS.values())
    print(
        f"Medians of {options.rounds} interleaved rounds, whole processes unless it says otherwise; a bare interpreter takes "
        f"{median['bare']:.0f} ms. {processor()}, uv {uv}, {versions}."
    )


if __name__ == "__main__":
    main()
