"""``envguard staged record``: is the record that will be committed well-formed, and of the lock beside it?"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from ..staged import judge_record
from . import options
from .check import render
from .staged_projects import judge

if TYPE_CHECKING:
    from ..model import Report
    from ..staged import Staged
    from .console import Console


@click.command("record", short_help="Check that the staged envguard.lock is well-formed and of the staged lock.")
@click.argument("files", nargs=-1, type=click.Path())
@options.color
@click.pass_context
def command(context: click.Context, /, *, files: tuple[str, ...]) -> None:
    """Check the staged envguard.lock: is it well-formed, made for the staged lock, and are the manifests of its trees there?

    FILES are hints (a hook passes what changed): each project that one of them belongs to is looked at once.
    """
    console: Console = context.find_root().obj

    def one(staged: Staged, project: str) -> tuple[Report, str]:
        report = judge_record(staged, project)
        return report, render(report, "text", staged.index, color=console.colored(sys.stdout))

    context.exit(judge(console, files, one))
