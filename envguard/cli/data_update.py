"""``envguard data update``: what is there now becomes the record."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from ..baseline import FILE
from ..observe import find_project
from ..reader import Reader
from ..trees.edit import recorded_in, update, write
from . import options
from .console import FAILED, Console, start_folder
from .data_add import contents, kept
from .data_diff import differing, totals
from .data_status import NOTHING
from .hashing import tell_problems
from .progress import ProgressLine
from .record import shown_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..trees.edit import Recording

_FEW = 10


@click.command("update", short_help="Record the trees anew as they are now.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@options.color
@click.pass_context
def command(context: click.Context, /, *, names: tuple[str, ...]) -> None:
    """Record the trees NAME, by default all, as they are now, and show what changed. Path and patterns stay."""
    console: Console = context.find_root().obj
    reader = Reader()
    project = find_project(reader, start_folder())
    baseline = recorded_in(reader, project, names)
    if not baseline.data:
        console.emit(NOTHING)
    failed = False
    for name in sorted(set(names) or baseline.data):
        with ProgressLine() as line:
            recording = update(reader, project, name, progress=line.callback)
        if recording.tree.root is None:
            tell_problems(console, recording.tree.path, recording.tree.problems, recording.tree.problem_count)
            failed = True
            continue
        write(recording)
        console.emit("".join(f"{text}\n" for text in _said(recording)))
    context.exit(FAILED if failed else 0)


def _said(recording: Recording) -> Iterator[str]:
    old, new = recording.old, recording.recorded
    if old is not None and old.root == new.root:
        yield f"nothing changed in tree '{recording.name}': {contents(recording)}"
        return
    lock = shown_path(os.path.join(recording.project, FILE))
    changed = totals(recording.differences) if recording.differences is not None else "what changed cannot be told"
    yield f"recorded tree '{recording.name}' again in {lock}: {contents(recording)}; {changed}"
    if recording.differences is not None:
        yield from differing(recording.differences, recording.tree.path, _FEW)
    yield f"  manifest {kept(recording)}"
