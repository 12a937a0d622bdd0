"""``envguard staged diff``: what the staged change of the lock means, and whether it was recorded."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

import click

from ..config import load_config
from ..report import diff_text
from ..report.meaning import meaning
from ..staged import judge_change
from . import options
from .check import render
from .staged_projects import judge

if TYPE_CHECKING:
    from ..model import Report
    from ..staged import Staged
    from .console import Console


@click.command("diff", short_help="Say what the staged change of the lock means, and whether it was recorded.")
@click.argument("files", nargs=-1, type=click.Path())
@options.color
@click.pass_context
def command(context: click.Context, /, *, files: tuple[str, ...]) -> None:
    """Say what the staged change of the lock means.

    It fails where packages that compute numbers changed and envguard.lock did not change with them.

    FILES are hints (a hook passes what changed): each project that one of them belongs to is looked at once.
    """
    console: Console = context.find_root().obj

    def one(staged: Staged, project: str) -> tuple[Report, str]:
        diff, report = judge_change(staged, project)
        if not diff:
            return report, ""
        stream = io.StringIO()
        lock = diff.new or diff.old
        title = f"{os.path.relpath(lock.path, staged.index.root) if lock else ''}: HEAD -> what is staged"
        color = console.colored(sys.stdout)
        found = meaning(diff, load_config(staged.index, project).numeric)
        diff_text.write(found, stream, title=title, color=color)
        if report.findings or report.waived:
            stream.write("\n" + render(report, "text", staged.index, color=color))
        return report, stream.getvalue()

    context.exit(judge(console, files, one))
