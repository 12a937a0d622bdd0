"""``envguard staged diff``: what the staged change of the lock means, and whether it was recorded."""

from __future__ import annotations

import click

from . import deleting, options


@click.command("diff", short_help="Say what the staged change of the lock means, and whether it was recorded.")
@click.argument("files", nargs=-1, type=click.Path())
@options.deleted
@options.color
@click.pass_context
def command(context: click.Context, /, *, files: tuple[str, ...], deleted: bool) -> None:
    """Say what the staged change of the lock means.

    It fails where packages that compute numbers changed and envguard.lock did not change with them.

    FILES are hints (a hook passes what changed): each project that one of them belongs to is looked at once.
    """
    context.exit(deleting.judged("diff", files, lambda: context.find_root().obj, also_deleted=deleted))
