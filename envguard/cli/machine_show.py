"""``envguard machine show``: what would be recorded of this machine."""

from __future__ import annotations

import click

from . import options
from .machine_showing import show_machine


@click.command("show", short_help="Show the facts of this machine, and where its sources disagree.")
@options.python
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--canaries", is_flag=True, help="Run the numeric canaries in the environment's own interpreter as well.")
@options.color
@click.pass_context
def command(context: click.Context, /, *, python: str | None, form: str, canaries: bool) -> None:
    """Show what decides numbers on this machine: interpreter, platform, processor, threads, GPUs, libraries, variables.

    Nothing is compared, and, but for --canaries, nothing of the environment is imported. "none" means that there is no such thing here.
    """
    context.exit(show_machine(context.find_root().obj, python=python, form=form, canaries=canaries))
