"""``envguard data verify``: are the recorded trees as they were recorded?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..amounts import plural, size
from ..config import load_config
from ..names import printable
from ..observe import find_project
from ..reader import Reader
from ..report.words import shorten
from ..rules import data
from ..rules.evidence import Evidence
from ..trees.edit import recorded_in
from ..trees.look import as_known_later, look_at
from . import options
from .answered import keep
from .console import Console, current_folder, start_folder
from .data_status import NOTHING
from .progress import ProgressLine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..baseline import Baseline
    from ..model import Finding
    from ..trees.model import TreeState

SAME, DIFFERS, UNKNOWN = 0, 1, 3
_RULES = (data.data_changed, data.data_missing, data.data_unreadable, data.data_silent_change)
_HOW = {"content": "every file was read", "stat-cache": "unchanged files by the stat cache"}


@click.command("verify", short_help="Say whether the recorded trees are as they were recorded.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--full", is_flag=True, help="Read every file, also those that the stat cache knows to be unchanged.")
@options.color
@click.pass_context
def command(context: click.Context, /, *, names: tuple[str, ...], full: bool) -> None:
    """Compare the trees NAME, by default all, with what was recorded.

    Files whose size, times, inode and device are those of an earlier reading are not read again, unless --full asks for it.
    """
    console: Console = context.find_root().obj
    reader = Reader()
    project = find_project(reader, start_folder())
    baseline = recorded_in(reader, project, names)
    if not baseline.data:
        console.emit(NOTHING)
        context.exit(UNKNOWN)
    sample = load_config(reader, project).data.sample
    with ProgressLine() as line:
        chosen = names or None
        states = look_at(reader, baseline, chosen, sample=sample, full=full, progress=line.callback)
    found = {state.name: list(findings(baseline, state)) for state in states}
    told = "".join(f"{text}\n" for state in states for text in _said(state, found[state.name]))
    console.emit(told)
    status = status_of([finding for state in states for finding in found[state.name]])
    if status == SAME and not full:
        later = as_known_later(reader, states, sample=sample)
        keep(console.arguments, reader.trace, "".join(f"{text}\n" for state in later for text in _said(state, [])))
    context.exit(status)


def findings(baseline: Baseline, state: TreeState) -> Iterator[Finding]:
    """Yield what the rules find of one tree."""
    import datetime

    from ..config import Config

    # The rules of data look at the record and the tree alone.
    evidence = Evidence(project="", config=Config(), today=datetime.date.min, baseline=baseline, trees=(state,))
    for rule in _RULES:
        yield from rule.check(rule, evidence)


def status_of(found: list[Finding]) -> int:
    """Return the exit status: something differs, something could not be told, or neither."""
    if any(not finding.unknown for finding in found):
        return DIFFERS
    return UNKNOWN if found else SAME


def _said(state: TreeState, found: list[Finding]) -> Iterator[str]:
    if not found:
        amount = f"{plural(state.files, 'file')}, {size(state.bytes)}"
        yield f"{state.name}: the same, {amount} ({_HOW[state.assurance or 'content']})"
        return
    for finding in found:
        text = printable(shorten(finding.message, current_folder()))
        yield f"{finding.code} [{finding.name}] {text}"
        if finding.expected is not None and finding.found is not None:
            yield f"  expected  {printable(finding.expected)}"
            yield f"  found     {printable(shorten(finding.found, current_folder()))}"
        if finding.hint is not None:
            yield f"  hint: {printable(finding.hint)}"
