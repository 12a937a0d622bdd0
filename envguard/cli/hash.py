"""``envguard hash``: what ``b3sum`` says of a file, and the root or the manifest of a folder."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from . import options
from .hashing import STDIN, hash_paths

if TYPE_CHECKING:
    from .console import Console


@click.command("hash", short_help="Print the BLAKE3 digests of files, and the roots or manifests of folders.")
@click.argument("paths", nargs=-1, type=click.Path(), metavar="[PATH]...")
@click.option(
    "--root", "form", flag_value="root", default="root", help="Of a folder, print its root. This is the default."
)
@click.option(
    "--manifest", "form", flag_value="manifest", help="Of a folder, print its manifest: the lines of its files."
)
@click.option(
    "--ignore", metavar="GLOB", multiple=True, help="Leave out what matches, as .gitignore does. May be repeated."
)
@click.option(
    "--jobs", type=click.IntRange(min=1), metavar="N", help="Use at most N threads. By default all processors."
)
@click.option("--no-cache", is_flag=True, help="Read every file, also those that the stat cache knows to be unchanged.")
@options.color
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    paths: tuple[str, ...],
    form: str,
    ignore: tuple[str, ...],
    jobs: int | None,
    no_cache: bool,
) -> None:
    """Print the BLAKE3 digest of each PATH. No project is needed.

    A file gives the line that b3sum prints, and so does standard input, which is meant by - or where no PATH is given. A
    folder gives its root and its path with a / at the end; the root is the digest of its manifest, which has one line a
    file, sorted by path:

    \b
      envguard hash --manifest data | b3sum              is the root of data
      envguard hash --manifest data > data.b3
      (cd data && b3sum --check ../data.b3)              checks its files
    """  # noqa: D301 - the backspace keeps click from wrapping what follows
    console: Console = context.find_root().obj
    if form == "manifest" and len(paths) != 1:
        raise click.UsageError("--manifest prints the manifest of one folder: name one PATH", context)
    if not paths and sys.stdin is not None and sys.stdin.isatty():
        raise click.UsageError("name a PATH, or pipe something in", context)
    context.exit(
        hash_paths(
            paths or (STDIN,),
            manifest=form == "manifest",
            ignore=ignore,
            jobs=jobs,
            cache=not no_cache,
            console=lambda: console,
        )
    )
