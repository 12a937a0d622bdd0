"""``envguard staged lock``: is the lock that will be committed fresh, sound, and no other than it seems?"""

from __future__ import annotations

import click

from . import deleting, options


@click.command("lock", short_help="Check the staged lock against its manifest, itself, and the lock of before.")
@click.argument("files", nargs=-1, type=click.Path())
@options.deleted
@options.color
@click.pass_context
def command(context: click.Context, /, *, files: tuple[str, ...], deleted: bool) -> None:
    """Check the staged lock: is it stale, does it contradict itself, was anything published again or moved elsewhere?

    FILES are hints (a hook passes what changed): each project that one of them belongs to is checked once.
    """
    context.exit(deleting.judged("lock", files, lambda: context.find_root().obj, also_deleted=deleted))
