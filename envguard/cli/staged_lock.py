"""``envguard staged lock``: is the lock that will be committed fresh, sound, and no other than it seems?"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from ..staged import judge_lock
from . import options
from .check import render
from .staged_projects import judge

if TYPE_CHECKING:
    from ..model import Report
    from ..staged import Staged
    from .console import Console


@click.command("lock", short_help="Check the staged lock against its manifest, itself, and the lock of before.")
@click.argument("files", nargs=-1, type=click.Path())
@options.color
@click.pass_context
def command(context: click.Context, /, *, files: tuple[str, ...]) -> None:
    """Check the staged lock: is it stale, does it contradict itself, was anything published again or moved elsewhere?

    FILES are hints (a hook passes what changed): each project that one of them belongs to is checked once.
    """
    console: Console = context.find_root().obj

    def one(staged: Staged, project: str) -> tuple[Report, str]:
        report = judge_lock(staged, project)
        return report, render(report, "text", staged.index, color=console.colored(sys.stdout))

    context.exit(judge(console, files, one))
