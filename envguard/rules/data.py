"""EG5: the recorded trees of data."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ..amounts import plural, size
from ..model import Impact, Place
from ..trees.words import fault, listed
from .registry import Need, Rule, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..data.model import Differences
    from ..model import Finding
    from ..trees.model import TreeState
    from .evidence import Evidence

_NAMED = 3
_WHY = "other data give other results"


def _place(evidence: Evidence, state: TreeState, key: str) -> Place | None:
    baseline = evidence.baseline
    return Place(path=baseline.path, keys=("data", state.name, key)) if baseline is not None else None


def difference_text(differences: Differences) -> str:
    """Return ``2 added (a, b), 1 changed (c)``: how many files differ, and the first few of each kind."""
    kinds = (
        ("added", [entry.path for entry in differences.added]),
        ("removed", [entry.path for entry in differences.removed]),
        ("changed", [change.path for change in differences.changed]),
        ("renamed", [f"{rename.before} -> {rename.after}" for rename in differences.renamed]),
    )
    return ", ".join(f"{len(paths):,} {word} ({listed(paths, _NAMED)})" for word, paths in kinds if paths)


@rule(
    "EG501",
    "data-changed",
    "a recorded tree of data has other content than was recorded",
    since="0.1",
    need=Need.BASELINE,
)
def data_changed(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares the content of every tree in the record with what is there now.

    ## What it sees

    Another root, which is a digest over the paths and contents of all files: one that was added, removed, renamed or
    changed by a single bit. Files that the stat cache of this machine proves unchanged are not read again. Where the
    manifest of the recorded state is kept in `.envguard/manifests`, the files that differ are named.

    ## Why it matters

    Other data give other results, at every level.

    ## How to mend

    `envguard data diff NAME` names the files. Restore them, or, where the change is wanted, `envguard data update NAME`
    and commit `envguard.lock`.
    """
    for state in evidence.trees:
        if state.root is None or state.same:
            continue
        old, name = state.recorded, shlex.quote(state.name)
        what = difference_text(state.differences) if state.differences is not None else ""
        untold = f"which files differ cannot be told: {state.untold}"
        yield self.finding(
            state.name,
            f"{state.name} is not the data that was recorded: {what or untold}",
            impact=Impact.NUMBERS,
            why=_WHY,
            expected=f"{old.root} ({plural(old.files, 'file')}, {size(old.bytes)})",
            found=f"{state.root} ({plural(state.files, 'file')}, {size(state.bytes)}, {state.path})",
            place=_place(evidence, state, "root"),
            hint=f"`envguard data diff {name}`, or where the change is wanted: `envguard data update {name}`",
        )


@rule("EG502", "data-missing", "a recorded tree of data is not there", since="0.1", need=Need.BASELINE)
def data_missing(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Looks for the folder of every tree in the record.

    ## What it sees

    Nothing at the recorded path, or a path that begins with an environment variable that is not set: then nobody can say
    where the data lies, and it counts as unknown.

    ## Why it matters

    A run that does not find its data fails late, or finds other data.

    ## How to mend

    Mount or fetch the data, or set the variable. Where the tree is no longer used, `envguard data remove NAME`.
    """
    for state in evidence.trees:
        if state.unset is not None:
            yield self.finding(
                state.name,
                f"{state.name} cannot be found: the environment variable {state.unset} is not set",
                impact=Impact.UNKNOWN,
                why="it would say where the data lies on this machine",
                expected=state.recorded.path,
                place=_place(evidence, state, "path"),
                hint=f"export {state.unset}=…",
                unknown=True,
            )
        elif state.missing:
            yield self.finding(
                state.name,
                f"{state.name} is not there: nothing is at {state.path}",
                impact=Impact.NUMBERS,
                why="a run that does not find its data fails late, or finds other data",
                expected=state.recorded.path,
                place=_place(evidence, state, "path"),
                hint=f"mount or fetch the data; if it is no longer used: envguard data remove {shlex.quote(state.name)}",
            )


@rule("EG503", "data-unreadable", "a recorded tree of data could not be read wholly", since="0.1", need=Need.BASELINE)
def data_unreadable(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Says which trees could not be compared.

    ## What it sees

    A file or folder that cannot be read, a link to nothing, links in a circle, a pipe, socket or device among the files, or
    a file that changed while it was read.

    ## Why it matters

    What cannot be read wholly has no root, and unknown is not equal.

    ## How to mend

    Mend what the finding names. Where such files do not belong to the data, leave them out: `envguard data remove NAME`,
    then `envguard data add PATH --ignore PATTERN`.
    """
    for state in evidence.trees:
        problems = [problem for problem in state.problems if problem.kind != "silent"]
        if not problems and state.fault is None:
            continue
        texts = [f"{_shown(problem.path)} {fault(problem)}" for problem in problems]
        what = state.fault or listed(texts, _NAMED, state.problem_count)
        yield self.finding(
            state.name,
            f"{state.name} cannot be compared: {what}",
            impact=Impact.UNKNOWN,
            why="what cannot be read wholly cannot be called equal",
            expected=state.recorded.root,
            place=_place(evidence, state, "root"),
            hint=f"mend what is named, then: envguard data verify {shlex.quote(state.name)}",
            unknown=True,
        )


@rule(
    "EG504",
    "data-silent-change",
    "a file of data changed, and its size and times say that it did not",
    since="0.1",
    need=Need.BASELINE,
)
def data_silent_change(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Reads a share of the unchanged files again, where the settings ask for it (`sample` in `[tool.envguard.data]`).

    ## What it sees

    A file whose content is not what it was when it was last read, while size, times, inode and device are the same.

    ## Why it matters

    Whoever changes a file leaves a trace in its times. Where there is none, a disk, a memory or a network rots, or a
    program writes through a memory map; other files may be hit, and no stat can tell which.

    ## How to mend

    Read everything: `envguard data verify NAME --full`. Restore the files that differ, and look after the disk.
    """
    for state in evidence.trees:
        silent = [_shown(problem.path) for problem in state.problems if problem.kind == "silent"]
        if silent:
            yield self.finding(
                state.name,
                f"{state.name} changed without a trace: {listed(silent, _NAMED)}",
                impact=Impact.NUMBERS,
                why="size and times are as they were, so other files may have changed as well",
                expected=state.recorded.root,
                place=_place(evidence, state, "root"),
                hint=f"envguard data verify {shlex.quote(state.name)} --full",
            )


def _shown(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape") or "."
