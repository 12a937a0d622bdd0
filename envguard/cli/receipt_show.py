"""``envguard receipt show``."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import click

from ..errors import ConfigError
from ..reader import Reader
from ..receipts import statement
from ..receipts.find import LATEST
from ..report import receipt_text
from ..report.words import shorten
from . import options
from .console import current_folder, write_file
from .receipts import Kept

if TYPE_CHECKING:
    from .console import Console


@click.command("show", short_help="Show the receipt of a run.")
@click.argument("receipt", default=LATEST)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--in-toto", is_flag=True, help="Write it as an in-toto Statement, version 1; not signed.")
@click.option(
    "--subject",
    "subjects",
    metavar="FILE",
    multiple=True,
    help="With --in-toto: a file that the run made. By default those that run.finish() was told, else the receipt itself.",
)
@click.option("--output", metavar="FILE", help="Write to FILE instead of standard output.")
@options.color
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    receipt: str,
    form: str,
    in_toto: bool,
    subjects: tuple[str, ...],
    output: str | None,
) -> None:
    """Show RECEIPT: what was checked, seeded and set, of which code, data, packages and machine.

    By default it is that of the latest run that began; 'refused' is that of the latest which enforce() did not let begin.

    A Statement says of files, known by their digests, that this run made them; its predicate is the receipt. Whoever relies on it
    signs it with a tool that keeps keys.
    """
    console: Console = context.find_root().obj
    if subjects and not in_toto:
        raise ConfigError(
            "--subject names what a Statement is about", hint="envguard receipt show --in-toto --subject FILE"
        )
    reader = Reader()
    kept = Kept(reader)
    path, document = kept.read_run(receipt, "it has made nothing to state") if in_toto else kept.read(receipt)
    stream = io.StringIO()
    if in_toto:
        named = statement.subjects_of(reader, path, document, subjects)
        stream.write(statement.render(statement.statement(document, named)))
    elif form == "json":
        stream.write(json.dumps(document, indent=2, sort_keys=True) + "\n")
    else:
        receipt_text.write(document, stream, path=shorten(path, current_folder()), numeric=kept.config.numeric)
    kept.say_refusal(console, receipt)
    if output is not None:
        write_file(output, stream.getvalue())
    else:
        console.emit(stream.getvalue())
