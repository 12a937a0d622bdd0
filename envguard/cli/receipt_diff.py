"""``envguard receipt diff``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from ..reader import Reader
from ..receipts.find import LATEST
from ..receipts.place import SUFFIX
from ..report.meaning import Told
from ..runs.compare import compare_receipts
from . import options
from .console import start_folder
from .diffing import rendered
from .receipts import Kept

if TYPE_CHECKING:
    from .console import Console


@click.command("diff", short_help="Say what differs between two runs, what can change numbers first.")
@click.argument("old", default="@2")
@click.argument("new", default=LATEST)
@click.option("--all", "every", is_flag=True, help="List everything, not only the first few of what computes nothing.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown", "github"]),
    default="text",
    show_default=True,
    help="How to say it.",
)
@options.color
@click.pass_context
def command(context: click.Context, /, *, old: str, new: str, every: bool, form: str) -> None:
    """Compare the receipts OLD and NEW: why did this work yesterday, and not today?

    By default they are those of the last two runs that began; 'latest refused' compares a refusal with the last of them. First what is most likely to have changed numbers: packages that compute, the machine, seeds, switches, data, code, the command.
    """
    console: Console = context.find_root().obj
    reader = Reader()
    kept = Kept(reader)
    (first, before), (second, after) = kept.read(old), kept.read(new)
    kept.say_refusal(console, old, new)
    found = compare_receipts(before, after, numeric=kept.config.numeric, repository=start_folder())
    names = [os.path.basename(path).removesuffix(SUFFIX) for path in (first, second)]
    told = Told(title=f"{names[0]} -> {names[1]}", old=names[0], new=names[1], meaning=found)
    console.emit(rendered(console, [told], None, reader, kept.config, form, every=every))
