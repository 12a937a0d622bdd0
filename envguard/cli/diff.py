"""``envguard diff``: what a change of the lock means."""

from __future__ import annotations

import click

from ..check import parse_severity
from ..model import Severity
from . import options
from .diffing import diff

FORMATS = ("text", "json", "markdown", "github")


@click.command("diff", short_help="Say what a change of the lock means: packages, builds, sources, hashes.")
@click.argument("old", required=False)
@click.argument("new", required=False)
@click.option("--staged", is_flag=True, help="Compare with what is staged instead of the working tree.")
@click.option(
    "--all", "every", is_flag=True, help="List every package, not only the first few of those that compute nothing."
)
@click.option(
    "--fail-on", type=click.Choice([str(severity) for severity in Severity]), help="The least severity that fails."
)
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="How to say it.")
@options.color
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    old: str | None,
    new: str | None,
    staged: bool,
    every: bool,
    fail_on: str | None,
    form: str,
) -> None:
    """Compare the lock OLD with the lock NEW: what comes, goes and changes, why, and what it can do to numbers.

    OLD and NEW are each the path of a lock, a git revision, or REVISION:PATH. By default OLD is HEAD and NEW the working
    tree. Two records (envguard.lock) or two receipts of runs are compared in the same way.

    Differences alone are no failure. What no resolution explains is: a file of the same version with another hash, hashes
    that are gone.
    """
    if new is not None and staged:
        raise click.UsageError("--staged stands for NEW: name only OLD", context)
    console = context.find_root().obj
    context.exit(diff(console, old, new, staged=staged, every=every, fail_on=parse_severity(fail_on), form=form))
