"""``envguard record``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..baseline import write_baseline
from ..canaries.model import NONE, group_of, title
from ..check import run_check
from ..model import Unknown, Verdict
from ..names import printable
from ..observe import Request, find_project
from ..reader import Reader
from ..recording import changes, propose
from ..report.words import shorten, summary
from . import options
from .console import Console, current_folder, start_folder
from .progress import ProgressLine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..recording import Change, Proposal

_DIGEST = 20


@click.command("record", short_help="Record this environment and machine anew in envguard.lock.")
@click.argument("project", required=False, type=click.Path())
@click.option("--machine", metavar="NAME", help="The machine to add or replace; all others stay as they are.")
@options.python
@options.selection
@click.option(
    "--files/--no-files",
    default=None,
    help="Whether to accept files of installed packages as they are. By default as the settings say, which is no.",
)
@click.option(
    "--canaries/--no-canaries",
    default=None,
    help="Whether to run numeric canaries and record their bits. By default recorded ones stay while all is as it was.",
)
@options.color
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    project: str | None,
    machine: str | None,
    python: str | None,
    files: bool | None,
    canaries: bool | None,
    **selection: Any,
) -> None:
    """Record this environment and machine in envguard.lock, and show what changed against the record before.

    PROJECT is a folder in the project; by default the current one. Commit envguard.lock together with the lock.
    """
    console: Console = context.find_root().obj
    reader = Reader()
    folder = find_project(reader, project if project is not None else start_folder())
    with ProgressLine() as line:
        request = options.request(python=python, files=files, canaries=canaries, progress=line.callback, **selection)
        proposal = propose(reader, folder, request, name=machine)
    written = write_baseline(proposal.baseline)
    lines = [
        *_changes(proposal, written=written),
        *_canaries(proposal, wanted=canaries),
        "",
        *outlook(proposal, python, files=files),
    ]
    console.emit("\n".join(lines) + "\n")


def outlook(proposal: Proposal, python: str | None, *, files: bool | None = None) -> Iterator[str]:
    """Check against the new record and yield what that says."""
    request = Request(python=python, machine=proposal.name, data=False, files=files)
    report = run_check(Reader(), proposal.evidence.project, request).report
    yield summary(report)
    if report.verdict is not Verdict.CLEAN:
        yield ""
        yield "What was recorded is not what the lock asks for. See what differs, mend it, and record again:"
        yield ""
        yield "  envguard check"


def shown_path(path: str) -> str:
    """Return *path* as it is shown: relative to the current folder where it is below it."""
    return printable(shorten(path, current_folder()))


def _changes(proposal: Proposal, *, written: bool) -> Iterator[str]:
    path = shown_path(proposal.baseline.path)
    name = printable(proposal.name)
    if proposal.old is None:
        yield f"recorded machine '{name}' in {path}: {contents(proposal)}"
        if proposal.inferred:
            yield f"  selection    {proposal.machine.selection} (told from what is installed)"
        return
    differing = list(changes(proposal.old, proposal.machine))
    if not differing:
        how = "written in its usual form" if written else "left as it is"
        yield f"nothing changed for machine '{name}': {path} is {how}"
        return
    yield f"recorded machine '{name}' again in {path}: {len(differing)} changed"
    width = max(12, *(len(printable(change.subject)) for change in differing))
    for change in differing:
        yield f"  {printable(change.subject):{width}} {printable(_change(change))}"


def _canaries(proposal: Proposal, *, wanted: bool | None) -> Iterator[str]:
    """Yield what became of the canaries, where somebody asked for them or loses them."""
    asked, old, new = proposal.evidence.canaries, proposal.old, proposal.machine.canaries
    if asked is not None:
        unknown = {key: value.reason for key, value in asked.digests.items() if isinstance(value, Unknown)}
        if new is None:
            reason = next(iter(unknown.values()), "neither NumPy nor PyTorch is installed")
            yield f"  canaries     unknown: {printable(reason)}; none are recorded"
            return
        known = [key for key, value in asked.digests.items() if key not in unknown and value != NONE]
        groups = dict.fromkeys(map(group_of, known))
        counts = ", ".join(f"{sum(group_of(key) == name for key in known)} of {title(name)}" for name in groups)
        yield f"  canaries     {counts}"
        for key, reason in unknown.items():
            yield f"  canaries     {key} is unknown: {printable(reason)}"
    elif new is None and old is not None and old.canaries is not None and wanted is None:
        yield "  canaries     dropped: what they hold under has changed; record them anew: envguard record --canaries"


def contents(proposal: Proposal) -> str:
    """Return how much is in a record."""
    facts = len(proposal.machine.facts) + len(proposal.machine.audit)
    packages = len(proposal.machine.packages) + len(proposal.machine.conda)
    return f"{facts} facts, {packages} packages"


def _change(change: Change) -> str:
    if change.old is None:
        return f"added: {_short(change.new or '')}"
    if change.new is None:
        return f"removed: {_short(change.old)}"
    old_words, new_words = change.old.split(" "), change.new.split(" ")
    if old_words[0] == new_words[0] and len(old_words) == len(new_words) == 2 and ":" in new_words[1]:
        return f"{old_words[0]}, {_short(old_words[1])} -> {_short(new_words[1])}"
    return f"{_short(change.old)} -> {_short(change.new)}"


def _short(text: str) -> str:
    """Return *text* with digests cut to what a person compares."""
    words = (word[:_DIGEST] if word.startswith("blake3:") else word for word in text.split(" "))
    return " ".join(words)
