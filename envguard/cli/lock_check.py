"""``envguard lock check``: the static check that CI runs, of the files alone."""

from __future__ import annotations

import click

from ..check import parse_severity
from ..model import Severity
from . import options
from .lock_checking import check_locks


@click.command("check", short_help="Check the lockfile against its manifest and against itself.")
@click.argument("files", nargs=-1, type=click.Path())
@click.option(
    "--fail-on", type=click.Choice([str(severity) for severity in Severity]), help="The least severity that fails."
)
@click.option("--format", "form", type=click.Choice(["text", "github"]), default="text", show_default=True)
@click.option("--no-cache", is_flag=True, help="Do not use, or keep, the answer of an earlier check.")
@options.color
@click.pass_context
def command(
    context: click.Context, /, *, files: tuple[str, ...], fail_on: str | None, form: str, no_cache: bool
) -> None:
    """Check whether uv.lock belongs to its manifest, and whether it contradicts itself.

    No environment is touched and nothing is resolved or downloaded. FILES are hints (a hook passes what changed): each
    project that one of them belongs to is checked once; without any, the project of the current folder.
    """
    console = context.find_root().obj
    context.exit(check_locks(console, files, fail_on=parse_severity(fail_on), form=form, cache=not no_cache))
