"""``envguard lock check``: the static check that a pre-commit hook runs."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from ..check import check_lock, parse_severity
from ..errors import EnvguardError
from ..model import Severity
from ..observe import find_project
from ..reader import Reader
from . import options
from .check import render
from .console import FAILED, Console, start_folder

if TYPE_CHECKING:
    from collections.abc import Iterable


@click.command("check", short_help="Check the lockfile against its manifest and against itself.")
@click.argument("files", nargs=-1, type=click.Path())
@click.option(
    "--fail-on", type=click.Choice([str(severity) for severity in Severity]), help="The least severity that fails."
)
@click.option("--format", "form", type=click.Choice(["text", "github"]), default="text", show_default=True)
@options.color
@click.pass_context
def command(context: click.Context, /, *, files: tuple[str, ...], fail_on: str | None, form: str) -> None:
    """Check whether uv.lock belongs to its manifest, and whether it contradicts itself.

    No environment is touched and nothing is resolved or downloaded. FILES are hints (a hook passes what changed): each
    project that one of them belongs to is checked once; without any, the project of the current folder.
    """
    console: Console = context.find_root().obj
    status = 0
    for number, project in enumerate(projects(files or (start_folder(),))):
        reader = Reader()
        try:
            report = check_lock(reader, project, fail_on=parse_severity(fail_on)).report
        except EnvguardError as error:
            console.error(error)
            status = FAILED
            continue
        console.emit(("\n" if number else "") + render(report, form, reader, color=console.colored(sys.stdout)))
        status = options.graver(status, options.STATUS[report.verdict])
    context.exit(status)


def projects(files: Iterable[str]) -> list[str]:
    """Return the folders of the projects that *files* belong to, each once.

    A file that was deleted, with its folder or without, counts as much as one that changed.
    """
    found: dict[str, None] = {}
    for file in files:
        start = os.path.abspath(file)
        while not os.path.isdir(start):
            start = os.path.dirname(start)
        found[find_project(Reader(), start)] = None
    return list(found)
