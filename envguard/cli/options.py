"""Options that several commands share, and what becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..observe import Request
    from .console import Console

    Command = Callable[..., Any]


def _remember_color(context: click.Context, _option: click.Parameter, value: str | None) -> None:
    console: Console = context.find_root().obj
    console.color = value


color = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    envvar="ENVGUARD_COLOR",
    is_eager=True,
    expose_value=False,
    callback=_remember_color,
    help="Whether to use colours. Also ENVGUARD_COLOR, NO_COLOR, FORCE_COLOR.",
)

deleted = click.option(
    "--deleted",
    is_flag=True,
    help="Count among FILES what the staged change deletes, and locks that the settings name; without any of them, do nothing.",
)

python = click.option(
    "--python",
    metavar="PATH",
    help="The environment: an interpreter or a folder. By default the active one, else the project's .venv, else the "
    "Python that runs envguard.",
)


def selection(command: Command) -> Command:
    """Add the options that say what should be installed; each of them overrides what is configured or recorded."""
    for option in reversed(
        (
            click.option("--extra", "extras", metavar="NAME", multiple=True, help="An extra. May be repeated."),
            click.option("--group", "groups", metavar="NAME", multiple=True, help="A group. May be repeated."),
            click.option(
                "--default-groups/--no-default-groups",
                "default_groups",
                default=None,
                help="Whether to add the groups that uv installs by default.",
            ),
            click.option(
                "--package", "packages", metavar="NAME", multiple=True, help="A workspace member; '*' for all of them."
            ),
        )
    ):
        command = option(command)
    return command


def request(
    *,
    extras: tuple[str, ...],
    groups: tuple[str, ...],
    packages: tuple[str, ...],
    default_groups: bool | None,
    **more: Any,
) -> Request:
    """Return a request; what was not given on the command line is left to the settings."""
    from ..observe import Request

    return Request(
        extras=extras or None, groups=groups or None, packages=packages or None, default_groups=default_groups, **more
    )
