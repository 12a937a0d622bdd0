"""``envguard lock list``: what the lock says should be installed."""

from __future__ import annotations

from typing import Any

import click

from . import options
from .lock_listing import list_locked


@click.command("list", short_help="List the packages that the lockfile selects.")
@click.argument("lock", required=False, type=click.Path())
@options.selection
@options.python
@click.option("--python-version", metavar="X.Y", help="Ask for another Python version than the environment's.")
@click.option(
    "--platform", metavar="NAME", help="Ask for another platform: linux, macos, windows, or as uv names them."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    lock: str | None,
    python: str | None,
    python_version: str | None,
    platform: str | None,
    form: str,
    **selection: Any,
) -> None:
    """List the packages that LOCK selects for an environment, as name==version, one a line.

    LOCK is a lockfile or the folder of a project; by default the project of the current folder. What no option selects is
    as the settings have it, else as uv installs by default. Nothing is resolved or
    downloaded.
    """
    request = options.request(python=python, **selection)
    status = list_locked(
        context.find_root().obj, lock, request=request, python_version=python_version, platform=platform, form=form
    )
    context.exit(status)
