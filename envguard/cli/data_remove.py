"""``envguard data remove``: a tree leaves the record."""

from __future__ import annotations

import os

import click

from ..baseline import FILE
from ..observe import find_project
from ..reader import Reader
from ..trees.edit import remove
from . import options
from .console import Console, start_folder
from .record import shown_path


@click.command("remove", short_help="Take a tree out of envguard.lock; the data itself stays.")
@click.argument("name")
@options.color
@click.pass_context
def command(context: click.Context, /, *, name: str) -> None:
    """Take the tree NAME, and its kept manifest, out of the record. The data itself is not touched."""
    console: Console = context.find_root().obj
    project = find_project(Reader(), start_folder())
    remove(project, name)
    console.emit(f"removed tree '{name}' from {shown_path(os.path.join(project, FILE))}; its data is where it was\n")
