"""``envguard staged record``: is the record that will be committed well-formed, and of the lock beside it?"""

from __future__ import annotations

import click

from . import deleting, options


@click.command("record", short_help="Check that the staged envguard.lock is well-formed and of the staged lock.")
@click.argument("files", nargs=-1, type=click.Path())
@options.deleted
@options.color
@click.pass_context
def command(context: click.Context, /, *, files: tuple[str, ...], deleted: bool) -> None:
    """Check the staged envguard.lock: is it well-formed, made for the staged lock, and are the manifests of its trees there?

    FILES are hints (a hook passes what changed): each project that one of them belongs to is looked at once.
    """
    context.exit(deleting.judged("record", files, lambda: context.find_root().obj, also_deleted=deleted))
