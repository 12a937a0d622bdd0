"""What ``envguard check`` does, once it is known what is asked for."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ..check import run_check
from ..model import Verdict
from ..observe import Request, find_project
from ..reader import Reader
from ..report.words import summary
from ..values import replace
from .answered import keep
from .console import start_folder, write_file
from .progress import ProgressLine
from .rendering import render
from .status import STATUS

if TYPE_CHECKING:
    from ..model import Severity
    from .console import Console


def check_project(
    console: Console,
    project: str | None = None,
    *,
    request: Request | None = None,
    fail_on: Severity | None = None,
    form: str = "text",
    output: str | None = None,
    cache: bool = True,
) -> int:
    """Check the project around the folder *project*, say what was found, and return the exit status.

    The report goes to the file *output* where one is named. A clean answer on standard output is kept, unless not *cache*.
    """
    reader = Reader()
    folder = find_project(reader, project if project is not None else start_folder())
    with ProgressLine() as line:
        asked = replace(request or Request(), progress=line.callback)
        outcome = run_check(reader, folder, asked, fail_on=fail_on)
    text = render(outcome.report, form, reader, color=output is None and console.colored(sys.stdout))
    if output is None or output == "-":
        console.emit(text)
    else:
        write_file(output, text)
        console.say(f"{summary(outcome.report)} (the report is in {output})")
    if outcome.report.verdict is Verdict.CLEAN and output is None and cache:
        if outcome.later is not None:
            text = render(outcome.later.report, form, reader, color=console.colored(sys.stdout))
        keep(console.arguments, outcome.trace, text)
    return STATUS[outcome.report.verdict]
