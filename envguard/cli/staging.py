"""What the commands of ``envguard staged`` do, once it is known what is asked for."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from ..errors import EnvguardError
from ..staged import judge_change, judge_lock, judge_record, open_staged
from .console import FAILED, start_folder
from .rendering import render
from .status import STATUS, graver

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..model import Report
    from ..staged import Staged
    from .console import Console


def lock(console: Console, files: Sequence[str]) -> int:
    """Say what is wrong with the staged lock, and return the exit status; *files* are hints, as for all three."""

    def one(staged: Staged, project: str) -> tuple[Report, str]:
        report = judge_lock(staged, project)
        return report, render(report, "text", staged.index, color=console.colored(sys.stdout))

    return _judge(console, files, one)


def record(console: Console, files: Sequence[str]) -> int:
    """Say what is wrong with the staged record, and return the exit status."""

    def one(staged: Staged, project: str) -> tuple[Report, str]:
        report = judge_record(staged, project)
        return report, render(report, "text", staged.index, color=console.colored(sys.stdout))

    return _judge(console, files, one)


def change(console: Console, files: Sequence[str]) -> int:
    """Say what the staged change of the lock means, and return the exit status."""

    def one(staged: Staged, project: str) -> tuple[Report, str]:
        diff, report = judge_change(staged, project)
        if not diff:
            return report, ""
        import io

        from ..config import load_config
        from ..report import diff_text
        from ..report.meaning import meaning

        stream = io.StringIO()
        newer = diff.new or diff.old
        title = f"{os.path.relpath(newer.path, staged.index.root) if newer else ''}: HEAD -> what is staged"
        color = console.colored(sys.stdout)
        found = meaning(diff, load_config(staged.index, project).numeric)
        diff_text.write(found, stream, title=title, color=color)
        if report.findings or report.waived:
            stream.write("\n" + render(report, "text", staged.index, color=color))
        return report, stream.getvalue()

    return _judge(console, files, one)


def _judge(console: Console, files: Sequence[str], one: Callable[[Staged, str], tuple[Report, str]]) -> int:
    """Say what *one* says of each project (its report, and that in words), and return the gravest exit status.

    *files* are hints, relative to the current folder; without any, the project of the current folder is meant.
    """
    folder = start_folder()
    staged = open_staged(folder)
    status = 0
    for number, project in enumerate(staged.projects([os.path.join(folder, file) for file in files] or [folder])):
        try:
            report, text = one(staged, project)
        except EnvguardError as error:
            console.error(error)
            status = FAILED
            continue
        console.emit(("\n" if number and text else "") + text)
        status = graver(status, STATUS[report.verdict])
    return status
