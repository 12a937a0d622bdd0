"""``envguard cost``."""

from __future__ import annotations

import click

from . import options
from .costing import cost_of


@click.command(
    "cost",
    short_help="Measure what each determinism switch costs a command.",
    context_settings={"allow_interspersed_args": False},
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED, required=True, metavar="-- COMMAND [ARGUMENT]...")
@click.option("--rounds", type=click.IntRange(min=3), default=5, show_default=True, help="How often each is measured.")
@click.option("--switch", "only", metavar="NAME", multiple=True, help="Measure only this one. May be repeated.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=3600.0,
    show_default=True,
    metavar="SECONDS",
    help="What one run may take.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to say it."
)
@options.color
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    command: tuple[str, ...],
    rounds: int,
    only: tuple[str, ...],
    timeout: float,
    form: str,
) -> None:
    """Run COMMAND, a short training that calls enforce(), with all switches and without each in turn.

    Whole runs are timed, the start of Python and the check included, in interleaved rounds; what cannot be told from
    running the same thing twice is called noise. Of one step, run.measure(step) tells more in less time.
    """  # fmt: skip
    cost_of(context.find_root().obj, command, rounds=rounds, only=only, seconds=timeout, form=form)
