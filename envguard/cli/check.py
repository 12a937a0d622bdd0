"""``envguard check``."""

from __future__ import annotations

from typing import Any

import click

from ..check import parse_level, parse_severity
from ..model import Level, Severity
from . import options
from .checking import check_project


@click.command("check", short_help="Compare environment and machine with what was locked and recorded.")
@click.argument("project", required=False, type=click.Path())
@options.python
@click.option("--level", type=click.Choice(list(map(str, Level))), help="The level of reproducibility to ask for.")
@click.option("--machine", metavar="NAME", help="The recorded machine to compare with. By default the nearest.")
@click.option(
    "--against",
    metavar="FILE_OR_REV",
    help="Compare with another record: an envguard.lock, the receipt of a run, or a git revision.",
)
@options.selection
@click.option(
    "--fail-on", type=click.Choice([str(severity) for severity in Severity]), help="The least severity that fails."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="How to say it.",
)
@click.option(
    "--output", type=click.Path(), metavar="FILE", help="Write the report to a file instead of standard output."
)
@click.option(
    "--data/--no-data",
    default=None,
    help="Whether to verify the recorded trees of data. By default at the levels of the settings, which are all.",
)
@click.option(
    "--files/--no-files",
    default=None,
    help="Whether to verify the files of the installed packages. By default as the settings say, which is no.",
)
@click.option("--canaries", is_flag=True, help="Run the numeric canaries in the environment's own interpreter.")
@click.option("--exit-zero", is_flag=True, help="Exit 0 whatever is found. What cannot be asked still exits 2.")
@click.option("--no-cache", is_flag=True, help="Do not use, or keep, the answer of an earlier check; read every file.")
@options.color
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    project: str | None,
    python: str | None,
    level: str | None,
    machine: str | None,
    against: str | None,
    fail_on: str | None,
    form: str,
    output: str | None,
    data: bool | None,
    files: bool | None,
    canaries: bool,
    exit_zero: bool,
    no_cache: bool,
    **selection: Any,
) -> None:
    """Compare the environment and this machine with uv.lock and envguard.lock.

    PROJECT is a folder in the project; by default the current one.
    """
    asked: dict[str, Any] = {
        "python": python,
        "level": parse_level(level),
        "machine": machine,
        "against": against,
        "data": data,
        "files": files,
        "canaries": canaries or None,
    }
    status = check_project(
        context.find_root().obj,
        project,
        request=options.request(**asked, full=no_cache, **selection),
        fail_on=parse_severity(fail_on),
        form=form,
        output=output,
        cache=not no_cache,
    )
    context.exit(0 if exit_zero else status)
