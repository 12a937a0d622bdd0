"""``envguard receipt verify``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from ..names import printable
from ..reader import Reader
from ..receipts.find import LATEST
from ..receipts.judge import judge, status_of
from ..report.words import shorten
from . import options
from .console import current_folder
from .receipts import Kept

if TYPE_CHECKING:
    from ..receipts.judge import Point
    from .console import Console

WIDTH = 14


@click.command("verify", short_help="Say whether a receipt is as it was written, and its parts agree.")
@click.argument("receipt", default=LATEST)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@options.color
@click.pass_context
def command(context: click.Context, /, *, receipt: str, form: str) -> None:
    """Hold RECEIPT to its schema, its digest and itself, and what it names to its digests.

    By default it is that of the latest run that began. What it names is the patch beside it, the kept manifests of its trees of data, and the files that the run made. The digest has no key: it
    tells an accident and an edit, not a forger, who would make a new one. Whether the environment is still the one of the run is what
    'envguard reproduce --check' asks.

    Exit status: 0 all of it is, 1 something is not, 3 something cannot be told.
    """
    console: Console = context.find_root().obj
    reader = Reader()
    kept = Kept(reader)
    path, document = kept.read(receipt)
    points = judge(reader, path, document, kept.project)
    console.emit(told(path, points, form))
    context.exit(status_of(points))


def told(path: str, points: list[Point], form: str) -> str:
    """Return *points* about the receipt at *path* in the format *form*."""
    if form == "json":
        rows = [{"name": point.name, "state": str(point.state), "text": point.text} for point in points]
        document = {"schema": {"name": "envguard.points", "version": 1}, "receipt": path, "points": rows}
        return json.dumps(document, indent=2) + "\n"
    lines = (
        f"  {point.state!s:9}  {printable(point.name):{WIDTH}}  {printable(shorten(point.text, current_folder()))}"
        for point in points
    )
    return "\n".join((printable(shorten(path, current_folder())), *lines)) + "\n"
