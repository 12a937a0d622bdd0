"""``envguard data diff``: which files differ from the recorded ones."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from ..amounts import plural, size
from ..names import printable
from ..observe import find_project
from ..reader import Reader
from ..trees.edit import recorded_in
from ..trees.look import look_at
from . import options
from .console import Console, start_folder
from .data_status import NOTHING
from .data_verify import UNKNOWN, findings, status_of
from .progress import ProgressLine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..baseline import Baseline
    from ..data.model import Differences
    from ..trees.model import TreeState

_FEW = 10


@click.command("diff", short_help="Name the files of a recorded tree that differ.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--all", "everything", is_flag=True, help=f"Name every file, not only the first {_FEW} of each kind.")
@options.color
@click.pass_context
def command(context: click.Context, /, *, names: tuple[str, ...], everything: bool) -> None:
    """Name the files that were added, removed, changed or renamed in the trees NAME, by default all, with their size now.

    That takes the manifest of the recorded state, which envguard data add keeps in .envguard/manifests.
    """
    console: Console = context.find_root().obj
    reader = Reader()
    baseline = recorded_in(reader, find_project(reader, start_folder()), names)
    if not baseline.data:
        console.emit(NOTHING)
        context.exit(UNKNOWN)
    with ProgressLine() as line:
        states = look_at(reader, baseline, names or None, progress=line.callback)
    limit = None if everything else _FEW
    for state in states:
        console.emit("".join(f"{text}\n" for text in _said(baseline, state, limit)))
    context.exit(status_of([finding for state in states for finding in findings(baseline, state)]))


def _said(baseline: Baseline, state: TreeState, limit: int | None) -> Iterator[str]:
    recorded = state.recorded
    if state.root is None:
        for finding in findings(baseline, state):
            yield printable(finding.message)
        return
    if state.same:
        yield f"{state.name}: the same, {plural(state.files, 'file')}, {size(state.bytes)}"
        return
    now = f"{plural(state.files, 'file')}, {size(state.bytes)}"
    then = f"{plural(recorded.files, 'file')}, {size(recorded.bytes)}"
    if state.differences is None:
        yield f"{state.name}: differs; which files cannot be told: {state.untold}"
    else:
        yield f"{state.name}: {totals(state.differences)}"
        yield from differing(state.differences, state.path or "", limit)
    yield f"  now {now}; recorded {then}"


def totals(differences: Differences) -> str:
    """Return ``2 added, 1 changed``: how many files differ."""
    kinds = ("added", "removed", "changed", "renamed")
    return ", ".join(f"{len(getattr(differences, kind)):,} {kind}" for kind in kinds if getattr(differences, kind))


def differing(differences: Differences, root: str, limit: int | None) -> Iterator[str]:
    """Yield a line for each of the first *limit* files of a kind, with its size below *root* now where it is there."""
    kinds = (
        ("added", [(entry.path, entry.path) for entry in differences.added]),
        ("removed", [(entry.path, None) for entry in differences.removed]),
        ("changed", [(change.path, change.path) for change in differences.changed]),
        ("renamed", [(f"{rename.before} -> {rename.after}", rename.after) for rename in differences.renamed]),
    )
    for kind, files in kinds:
        for text, path in files[:limit]:
            yield f"  {kind:8} {printable(text)}{_size(root, path)}"
        if limit is not None and len(files) > limit:
            yield f"  {kind:8} … and {len(files) - limit:,} more (--all names them)"


def _size(root: str, path: str | None) -> str:
    try:
        return "" if path is None else f" ({size(os.stat(os.path.join(root, path)).st_size)})"
    except OSError:
        return ""
