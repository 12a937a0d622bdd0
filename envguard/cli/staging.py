"""What the commands of ``envguard staged`` do, once it is known what is asked for."""

from __future__ import annotations

import io
import os
import sys

from ..errors import EnvguardError
from ..observe import find_project
from ..staged import Target, judge_change, judge_lock, judge_record, open_staged
from .console import FAILED, start_folder
from .rendering import render
from .status import STATUS, graver

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..model import Report
    from ..staged import Staged
    from .console import Console


def judge(what: str, console: Console, files: Sequence[str]) -> int:
    """Do what ``envguard staged`` *what* does, and return the exit status."""
    return {"lock": lock, "diff": change, "record": record}[what](console, files)


def lock(console: Console, files: Sequence[str]) -> int:
    """Say what is wrong with the staged locks, and return the exit status; *files* are hints, as for all three."""

    def one(staged: Staged, target: Target) -> tuple[Report, str] | None:
        # A hook also runs for manifests that nobody has locked: there is nothing to compare them with.
        report = judge_lock(staged, target, anyway=not files)
        if report is None:
            return None
        return report, render(report, "text", staged.index, color=console.colored(sys.stdout))

    return _judge(console, files, one, dependents=True)


def record(console: Console, files: Sequence[str]) -> int:
    """Say what is wrong with the staged record, and return the exit status."""

    def one(staged: Staged, target: Target) -> tuple[Report, str] | None:
        report = judge_record(staged, target, anyway=not files) if target.lock is None else None
        if report is None:
            return None
        return report, render(report, "text", staged.index, color=console.colored(sys.stdout))

    return _judge(console, files, one)


def change(console: Console, files: Sequence[str]) -> int:
    """Say what the staged changes of the locks mean, and return the exit status."""

    def one(staged: Staged, target: Target) -> tuple[Report, str] | None:
        diffs, report = judge_change(staged, target)
        if not diffs:
            return None
        from ..config import load_config
        from ..report import diff_text
        from ..report.meaning import meaning

        color = console.colored(sys.stdout)
        numeric = load_config(staged.index, target.project).numeric
        parts = []
        for diff in diffs:
            stream = io.StringIO()
            newer = diff.new or diff.old
            title = f"{os.path.relpath(newer.path, staged.index.root) if newer else ''}: HEAD -> what is staged"
            diff_text.write(meaning(diff, numeric), stream, title=title, color=color, arrow=console.arrow(sys.stdout))
            parts.append(stream.getvalue())
        if report.findings or report.waived:
            parts.append(render(report, "text", staged.index, color=color))
        return report, "\n".join(parts)

    return _judge(console, files, one)


def _judge(
    console: Console,
    files: Sequence[str],
    one: Callable[[Staged, Target], tuple[Report, str] | None],
    *,
    dependents: bool = False,
) -> int:
    """Say what *one* says of each project (its report, and that in words), and return the gravest exit status.

    *files* are hints, relative to the current folder; without any, the project of the current folder is meant. *dependents* is
    whether projects whose locks are made from one of them are asked, too.
    """
    folder = start_folder()
    staged = open_staged(folder)
    targets = staged.targets((os.path.join(folder, file) for file in files), dependents=dependents)
    if not files:
        targets = [Target(project=find_project(staged.index, folder))]
    status, said = 0, False
    for target in targets:
        try:
            judged = one(staged, target)
        except EnvguardError as error:
            console.error(error)
            status = FAILED
            continue
        if judged is not None:
            report, text = judged
            console.emit(("\n" if said else "") + text)
            status, said = graver(status, STATUS[report.verdict]), True
    return status
