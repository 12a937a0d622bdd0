"""The report as annotations of GitHub Actions: ``::error file=…,line=…,title=…::message`` on standard output.

GitHub shows ten errors and ten warnings of a step and drops the rest without a word, so the first line counts them all
and the gravest findings come first.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TextIO

from ..model import Severity, Verdict
from ..names import printable
from .locator import Locator
from .words import hint, shorten, summary

if TYPE_CHECKING:
    from ..model import Finding, Report

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_OF_VERDICT = {Verdict.CLEAN: "notice", Verdict.DRIFT: "error", Verdict.UNDECIDED: "error"}


def write(report: Report, stream: TextIO, *, root: str | None = None, locate: Locator | None = None) -> None:
    """Write *report* to *stream* as workflow commands; *root* is the folder that GitHub's paths are relative to."""
    locate = locate or Locator()
    stream.write(f"::{_OF_VERDICT[report.verdict]} title=envguard::{data(summary(report))}\n")
    notes = dict(report.notes)
    subject = report.subject
    if subject.machine is not None and subject.machine_why is not None:
        notes = {"machine": f"{subject.machine} of {subject.baseline} ({subject.machine_why})", **notes}
    stream.writelines(
        f"::notice title={property_(f'envguard, {key}')}::{data(shorten(value, root))}\n"
        for key, value in notes.items()
    )
    for finding in report.active:
        command = _COMMANDS[report.severity(finding)]
        properties = {"title": f"{finding.code} {finding.name}"}
        # In a record of another revision there is nothing to annotate.
        if finding.place is not None and os.path.isabs(finding.place.path):
            position = locate(finding.place)
            # Without a line GitHub shows no annotation at all.
            line = str(position.line if position else 1)
            properties = {"file": relative(finding.place.path, root), "line": line, **properties}
        joined = ",".join(f"{key}={property_(value)}" for key, value in properties.items())
        stream.write(f"::{command} {joined}::{data(_message(finding, subject.project, root))}\n")
    for waived in report.waived:
        title = property_(f"{waived.finding.code} {waived.finding.name}, waived")
        until = f", until {waived.waiver.until.isoformat()}" if waived.waiver.until else ""
        text = f"{shorten(waived.finding.message, root)}\nwaived: {waived.waiver.reason}{until}"
        stream.write(f"::notice title={title}::{data(text)}\n")


def _message(finding: Finding, project: str, root: str | None) -> str:
    lines = [finding.message]
    if finding.expected is not None:
        lines.append(f"expected: {finding.expected}")
    if finding.found is not None:
        lines.append(f"found: {finding.found}")
    if finding.note is not None:
        lines.append(f"note: {finding.note}")
    lines += [str(finding.impact), f"why: {finding.why}"]
    if finding.hint is not None:
        lines.append(f"hint: {hint(finding.hint, project, root)}")
    return "\n".join(shorten(line.replace("\n", " "), root) for line in lines)


def relative(path: str, root: str | None) -> str:
    """Return *path* as GitHub wants it: from *root*, with ``/`` between its parts."""
    return shorten(path, root).replace("\\", "/")


def data(text: str) -> str:
    """Return *text* as the message of a workflow command."""
    lines = "\n".join(map(printable, text.split("\n")))
    return lines.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def property_(text: str) -> str:
    """Return *text* as the value of a property of a workflow command."""
    return data(text).replace(":", "%3A").replace(",", "%2C")
