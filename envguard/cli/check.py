"""``envguard check``."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

import click

from .. import answers
from ..check import parse_level, parse_severity, run_check
from ..model import Level, Severity, Verdict
from ..observe import find_project
from ..reader import Reader
from ..report.locate import Locator
from ..report.words import summary
from . import answer_key, options
from .console import Console, current_folder, start_folder, write_file
from .progress import ProgressLine

if TYPE_CHECKING:
    from ..model import Report


@click.command("check", short_help="Compare environment and machine with what was locked and recorded.")
@click.argument("project", required=False, type=click.Path())
@options.python
@click.option("--level", type=click.Choice(list(map(str, Level))), help="The level of reproducibility to ask for.")
@click.option("--machine", metavar="NAME", help="The recorded machine to compare with. By default the nearest.")
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
@click.option("--exit-zero", is_flag=True, help="Exit 0 whatever is found. What cannot be asked still exits 2.")
@click.option("--no-cache", is_flag=True, help="Do not use, or keep, the answer of an earlier check; read all data.")
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
    fail_on: str | None,
    form: str,
    output: str | None,
    data: bool | None,
    exit_zero: bool,
    no_cache: bool,
    **selection: Any,
) -> None:
    """Compare the environment and this machine with uv.lock and envguard.lock.

    PROJECT is a folder in the project; by default the current one.
    """
    console: Console = context.find_root().obj
    reader = Reader()
    folder = find_project(reader, project if project is not None else start_folder())
    with ProgressLine() as line:
        asked: dict[str, Any] = {
            "python": python,
            "level": parse_level(level),
            "machine": machine,
            "data": data,
            "full": no_cache,
        }
        request = options.request(**asked, progress=line.callback, **selection)
        outcome = run_check(reader, folder, request, fail_on=parse_severity(fail_on))
    text = render(outcome.report, form, reader, color=output is None and console.colored(sys.stdout))
    if output is None or output == "-":
        console.emit(text)
    else:
        write_file(output, text)
        console.say(f"{summary(outcome.report)} (the report is in {output})")
    clean = outcome.report.verdict is Verdict.CLEAN
    key = answer_key(console.arguments)
    if clean and output is None and not no_cache and key is not None:
        answers.remember(key, outcome.trace, text)
    context.exit(0 if exit_zero else options.STATUS[outcome.report.verdict])


def render(report: Report, form: str, reader: Reader, *, color: bool) -> str:
    """Return *report* in the format *form*; what is read to render it is read through *reader*."""
    stream = io.StringIO()
    locate = Locator(reader)
    if form == "json":
        from .. import __version__
        from ..report import json_v1

        json_v1.write(report, stream, version=__version__, locate=locate)
    elif form == "github":
        from ..report import github

        github.write(report, stream, root=reader.environ("GITHUB_WORKSPACE") or current_folder(), locate=locate)
    else:
        from ..report import text

        text.write(report, stream, color=color, root=current_folder(), locate=locate)
    return stream.getvalue()
