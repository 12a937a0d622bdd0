"""``envguard run``."""

from __future__ import annotations

from typing import Any

import click

from ..model import Level
from . import options
from .running import run_command


@click.command(
    "run",
    short_help="Check, set what only a start can set, and become a command.",
    context_settings={"allow_interspersed_args": False, "ignore_unknown_options": False},
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED, required=True, metavar="-- COMMAND [ARGUMENT]...")
@click.option("--seed", metavar="N", help="The root of every random stream, 0 to 2**256 - 1; enforce() takes it.")
@click.option(
    "--level", type=click.Choice(list(map(str, Level))), help="The level to ask for; enforce() takes it, too."
)
@click.option("--machine", metavar="NAME", help="The recorded machine to compare with. By default the nearest.")
@click.option(
    "--project",
    type=click.Path(),
    metavar="FOLDER",
    help="The project. By default where the script is, or this folder.",
)
@click.option(
    "--check/--no-check", default=True, help="Whether to check first, as 'envguard check' does. By default yes."
)
@click.option("--data/--no-data", default=None, help="Whether that verifies the recorded trees of data.")
@click.option("--files/--no-files", default=None, help="Whether that verifies the files of the installed packages.")
@options.color
@click.pass_context
def command(context: click.Context, /, *, command: tuple[str, ...], **asked: Any) -> None:
    """Run COMMAND as enforce() wants it to be started: 'envguard run --seed 42 -- python train.py'.

    The environment of the command's Python is checked; PYTHONHASHSEED and, unless only statistics have to agree,
    CUBLAS_WORKSPACE_CONFIG are set where they are not set already; then this process becomes the command, with its ID,
    signals and exit status. Seed and level are handed to enforce() as ENVGUARD_SEED and ENVGUARD_LEVEL.

    Exit status: that of COMMAND; 126 where it cannot be run, 127 where it is not found, that of 'envguard check' where the
    check is not clean.
    """
    context.exit(run_command(lambda: context.find_root().obj, command, **asked))
