"""``envguard data status``: what is recorded, and whether it is there; nothing of it is read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from ..amounts import plural, size
from ..names import printable
from ..observe import find_project
from ..reader import Reader
from ..trees.edit import recorded_in
from ..trees.look import find
from . import options
from .console import Console, start_folder

if TYPE_CHECKING:
    from ..trees.model import TreeState

NOTHING = "no data is recorded\n\nTo record a tree: envguard data add PATH\n"


@click.command("status", short_help="List the recorded trees, and where they are; nothing is hashed.")
@options.color
@click.pass_context
def command(context: click.Context, /) -> None:
    """List the recorded trees: name, path, what was recorded, and whether a folder is there now.

    Nothing is hashed: whether they are as recorded says envguard data verify.
    """
    console: Console = context.find_root().obj
    reader = Reader()
    baseline = recorded_in(reader, find_project(reader, start_folder()))
    if not baseline.data:
        console.emit(NOTHING)
        return
    rows = [_row(find(reader, baseline, name)) for name in sorted(baseline.data)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    lines = ("  ".join(f"{text:{width}}" for text, width in zip(row, [*widths, 0], strict=True)) for row in rows)
    console.emit("".join(f"{line.rstrip()}\n" for line in lines))


def _row(state: TreeState) -> tuple[str, str, str, str]:
    recorded = state.recorded
    if state.unset is not None:
        now = f"unknown: {state.unset} is not set"
    else:
        now = "missing" if state.missing else "present" if os.path.isdir(state.path or "") else "no folder"
        if state.path != recorded.path and recorded.path.startswith("$"):
            now += f" ({printable(state.path or '')})"
    return state.name, printable(recorded.path), f"{plural(recorded.files, 'file')}, {size(recorded.bytes)}", now
