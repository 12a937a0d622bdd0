"""The group of commands, each imported when it is called, and the one place where errors become exit statuses."""

from __future__ import annotations

import difflib
import errno
import importlib
import platform
from typing import TYPE_CHECKING

import click

from . import INTERRUPTED
from .console import FAILED, Console, settle
from .streams import unwritable

if TYPE_CHECKING:
    from collections.abc import Sequence

HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class LazyGroup(click.Group):
    """A group whose command ``name`` is the object ``command`` of a module; nothing is imported before it is needed."""

    def __init__(self, *, modules: dict[str, str], **settings: object) -> None:
        super().__init__(**settings)  # type: ignore[arg-type]
        self.modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which a person needs them."""
        del ctx
        return list(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command *cmd_name*."""
        del ctx
        if cmd_name not in self.modules:
            return None
        command: click.Command = importlib.import_module(self.modules[cmd_name], __package__).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one could have been meant."""
        if args[0] not in self.modules and not args[0].startswith("-"):
            close = difflib.get_close_matches(args[0], self.modules, n=1)
            meant = f", did you mean '{close[0]}'?" if close else ""
            ctx.fail(f"there is no command '{args[0]}'{meant}")
        return super().resolve_command(ctx, args)


def _version(context: click.Context, _option: click.Parameter, asked: object) -> None:
    if not asked or context.resilient_parsing:
        return
    from .. import __version__
    from .._native import backend

    console: Console = context.find_root().obj
    console.emit(f"envguard {__version__} (Python {platform.python_version()}) hashing: {backend()}\n")
    context.exit()


group = LazyGroup(
    name="envguard",
    help="Check that this is the environment that was locked and recorded, before a result is produced.\n\n"
    "Exit status: 0 clean, 1 findings at or above --fail-on, 2 the question could not be asked (usage, settings, "
    "unreadable input), 3 it cannot be decided (no lock, no record, or only unknowns).",
    modules={
        "init": ".init",
        "check": ".check",
        "run": ".run",
        "cost": ".cost",
        "record": ".record",
        "data": ".data",
        "hash": ".hash",
        "diff": ".diff",
        "explain": ".explain",
        "machine": ".machine",
        "code": ".code",
        "lock": ".lock",
        "receipt": ".receipt",
        "reproduce": ".reproduce",
        "staged": ".staged",
    },
    context_settings=HELP,
    params=[
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_version,
            help="Show the version, the Python that runs it, and which code does the hashing.",
        )
    ],
)


def run(arguments: Sequence[str]) -> int:
    """Run the command line *arguments* and return the exit status; whatever goes wrong is said on standard error."""
    console = Console(arguments)
    status = FAILED
    try:
        result = group.main(list(arguments), prog_name="envguard", standalone_mode=False, obj=console)
        status = result if isinstance(result, int) else 0
    except click.Abort:
        console.say("interrupted")
        status = INTERRUPTED
    except click.ClickException as error:
        console.usage(error)
    except SystemExit:
        # The only one of click's own: the reader of its help text went away.
        status = 0
    except Exception as error:  # noqa: BLE001 - the last line of defence: a traceback must not look like a finding
        if isinstance(error, OSError) and error.errno == errno.ENOSPC and error.filename is None:
            # All that we write ourselves says so itself: this was click's help text.
            unwritable(error)
        else:
            status = settle(console, error)
    return status
