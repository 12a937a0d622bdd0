"""``envguard data add``: a tree enters the record."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from ..amounts import plural, size
from ..baseline import FILE
from ..names import printable
from ..observe import find_project
from ..reader import Reader
from ..trees.edit import add, write
from . import options
from .console import FAILED, Console, start_folder
from .hashing import tell_problems
from .progress import ProgressLine
from .record import shown_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..trees.edit import Recording


@click.command("add", short_help="Record a tree of data in envguard.lock.")
@click.argument("path", type=click.Path())
@click.option("--name", metavar="NAME", help="What to call it. By default the last part of its path.")
@click.option(
    "--ignore", metavar="GLOB", multiple=True, help="Leave out what matches, as .gitignore does. May be repeated."
)
@options.color
@click.pass_context
def command(context: click.Context, /, *, path: str, name: str | None, ignore: tuple[str, ...]) -> None:
    """Record the folder PATH with all that is in it: its root, its files and bytes, and what is left out.

    Where the data lies elsewhere on other machines, begin PATH with an environment variable, in single quotes:
    envguard data add '$DATA_ROOT/imagenet'. It is recorded as it stands and looked up at every check.
    """
    console: Console = context.find_root().obj
    folder = start_folder()
    reader = Reader()
    project = find_project(reader, folder)
    with ProgressLine() as line:
        recording = add(reader, project, folder, path, name=name, ignore=ignore, progress=line.callback)
    if recording.tree.root is None:
        tell_problems(console, recording.tree.path, recording.tree.problems, recording.tree.problem_count)
        context.exit(FAILED)
    write(recording)
    console.emit("\n".join(_said(recording)) + "\n")


def _said(recording: Recording) -> Iterator[str]:
    recorded = recording.recorded
    lock = shown_path(os.path.join(recording.project, FILE))
    yield f"recorded tree '{recording.name}' in {lock}: {contents(recording)}"
    yield f"  path      {printable(recorded.path)}"
    yield f"  root      {recorded.root}"
    if recorded.ignore:
        yield f"  ignore    {printable(', '.join(recorded.ignore))}"
    yield f"  manifest  {kept(recording)}"
    if not recorded.files:
        yield ""
        yield "The folder is empty: is the data mounted?"
    yield ""
    yield f"Commit {lock}. Commit the manifest as well, and colleagues can be told which files differ;"
    yield "without it they are told that something does."


def contents(recording: Recording) -> str:
    """Return how much is in the tree: ``20,000 files, 2.1 GB``."""
    return f"{plural(recording.recorded.files, 'file')}, {size(recording.recorded.bytes)}"


def kept(recording: Recording) -> str:
    """Return where the manifest is kept, and how large it is."""
    manifest = recording.tree.manifest
    amount = f" ({size(len(manifest.to_bytes()))})" if manifest is not None else ""
    return f"{shown_path(recording.manifest_path)}{amount}"
