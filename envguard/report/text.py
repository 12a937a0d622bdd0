"""The report for people: calm where all is well, and enough to act upon at two in the morning where it is not."""

from __future__ import annotations

import re

from ..model import Impact, Level, Severity
from ..names import printable
from .locator import Locator
from .words import hint, names, plural, shorten, summary, where

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TextIO

    from ..model import Finding, LevelVerdict, Report, Subject

WIDTH = 100
_LABEL = 13
_LEVEL = max(map(len, Level)) + 2
# In a long group of like findings the later ones are a line each: an empty environment lacks hundreds of packages.
_DETAILED = 10
_CODES = {
    "error": "1;31",
    "warning": "1;33",
    "note": "1;36",
    "clean": "1;32",
    "drift": "1;31",
    "undecided": "1;33",
    "hint": "36",
    "place": "1",
    "label": "2",
}
# What can change numbers is read first; what nobody can tell comes before what is known to be harmless.
_IMPACTS = (Impact.NUMBERS, Impact.UNKNOWN, Impact.BEHAVIOUR, Impact.NONE)


def write(
    report: Report, stream: TextIO, *, color: bool = False, root: str | None = None, locate: Locator | None = None
) -> None:
    """Write *report* to *stream* as text of at most 100 columns (paths and commands are never broken).

    *root*: absolute paths below this folder are written relative to it. *color*: whether to use ANSI colours; they
    underline, and nothing is said by them alone.
    """
    stream.writelines(f"{line}\n" for line in _Text(report, color=color, root=root, locate=locate or Locator()).lines())


class _Text:
    def __init__(self, report: Report, *, color: bool, root: str | None, locate: Locator) -> None:
        self.report = report
        self.color = color
        self.root = root
        self.locate = locate

    def lines(self) -> Iterator[str]:
        yield from self.subject(self.report.subject)
        groups = _grouped(self.report)
        for group in groups:
            if self.report.severity(group[0]) > Severity.NOTE:
                yield ""
                yield from self.group(group)
        for waived in self.report.waived:
            yield ""
            yield from self.head(waived.finding, "waived")
            yield from self.labelled("waived", waived.waiver.reason)
            yield from self.labelled("until", waived.waiver.until.isoformat() if waived.waiver.until else "no end date")
        yield ""
        # What nobody has to act upon is a line each.
        notes = [note for group in groups if self.report.severity(group[0]) is Severity.NOTE for note in group]
        for note in notes:
            yield from self.row("note", f"{note.code} [{note.name}] {self.text(note.message)}", style="note")
        if notes:
            yield ""
        if self.report.subject.environment is not None:
            for level in self.report.levels:
                yield from self.level(level)
            yield ""
        line = summary(self.report)
        word = str(self.report.verdict)
        yield self.paint(word, word) + line[len(word) :]

    def subject(self, subject: Subject) -> Iterator[str]:
        """Say what was compared."""
        if subject.lock is None:
            yield from self.row("project", self.text(subject.project))
        elif subject.environment is None:
            yield from self.row("lock", self.text(subject.lock))
        else:
            lock = f"{self.text(subject.lock)}, {plural(subject.packages, 'package')}"
            yield from self.row("lock", f"{lock} ({subject.selection})" if subject.selection else lock)
        if subject.environment is not None:
            details = ", ".join(part for part in (subject.python, subject.chosen_by) if part)
            environment = self.text(subject.environment)
            yield from self.row("environment", f"{environment} ({details})" if details else environment)
        if subject.baseline is not None:
            machine = f", machine {self.text(subject.machine)}" if subject.machine else ""
            machine += f" ({self.text(subject.machine_why)})" if machine and subject.machine_why else ""
            yield from self.row("baseline", self.text(subject.baseline) + machine)
        if subject.environment is not None:
            yield from self.row("level", self.report.level)
        for key, value in self.report.notes.items():
            yield from self.row(key, self.text(value))

    def group(self, group: Sequence[Finding]) -> Iterator[str]:
        """Write findings that share rule, severity, impact and reason; what they share is said once."""
        first = group[0]
        severity = self.report.severity(first)
        hints = list(dict.fromkeys(finding.hint for finding in group))
        for index, finding in enumerate(group):
            yield from self.head(finding, str(severity))
            if finding.expected is not None and index < _DETAILED:
                yield from self.labelled("expected", self.text(finding.expected))
            if finding.found is not None and index < _DETAILED:
                yield from self.labelled("found", self.text(finding.found))
            if finding.note is not None and index < _DETAILED:
                yield from self.labelled("note", self.text(finding.note))
            if len(hints) > 1:
                yield from self.hint(finding)
        words = [str(first.impact)]
        if first.unknown:
            words = ["could not be told", *(words if first.impact is not Impact.UNKNOWN else ())]
        yield from self.labelled(str(severity), "; ".join(words), style=str(severity))
        yield from self.labelled("why", first.why)
        if len(hints) == 1 and first.hint:
            yield ""
            yield from self.hint(first)

    def head(self, finding: Finding, style: str) -> Iterator[str]:
        place = where(finding.place, self.root, self.locate)
        before = f"{place}: " if place else ""
        rule = f"{finding.code} [{finding.name}]"
        lines = _wrap(f"{before}{rule} {self.text(finding.message)}", 4)
        if lines[0].startswith(before + rule):
            rest = lines[0][len(before + rule) :]
            lines[0] = self.paint("place", before) + self.paint(style, rule) + rest
        yield from lines

    def hint(self, finding: Finding) -> Iterator[str]:
        if finding.hint is not None:
            told = printable(hint(finding.hint, self.report.subject.project, self.root))
            first, *rest = _wrap(told, 8, first=8) if "`" in told else [told]
            yield f"  {self.paint('hint', 'hint:')} {first.lstrip()}"
            yield from rest

    def labelled(self, label: str, value: str, *, style: str = "label") -> Iterator[str]:
        return self.row(label, value, style=style, indent=2)

    def row(
        self, label: str, value: str, *, style: str = "label", width: int = _LABEL, indent: int = 0
    ) -> Iterator[str]:
        start = indent + max(width, len(label) + 1)
        first, *rest = _wrap(printable(value), start, first=start)
        yield f"{' ' * indent}{self.paint(style, label)}{first[indent + len(label) :]}"
        yield from rest

    def level(self, verdict: LevelVerdict) -> Iterator[str]:
        match verdict.reachable:
            case True:
                text = "reachable"
            case False:
                text = f"not reachable: {names(verdict.blockers)}"
            case None:
                text = f"cannot tell: {names(verdict.unknowns)}"
        if verdict.waived:
            text += f"; waived: {names(verdict.waived)}"
        style = {True: "clean", False: "drift", None: "undecided"}[verdict.reachable]
        return self.row(verdict.level, text, style=style, width=_LEVEL)

    def text(self, text: str) -> str:
        return printable(shorten(text, self.root))

    def paint(self, style: str, text: str) -> str:
        code = _CODES.get(style) if self.color and text else None
        return f"\x1b[{code}m{text}\x1b[0m" if code else text


def _grouped(report: Report) -> list[list[Finding]]:
    """Return the active findings in groups that share everything but their subject, the most important group first."""
    groups: dict[tuple[Severity, bool, int, str, str], list[Finding]] = {}
    for finding in report.active:
        key = (report.severity(finding), finding.unknown, _IMPACTS.index(finding.impact), finding.code, finding.why)
        groups.setdefault(key, []).append(finding)
    return [groups[key] for key in sorted(groups, key=lambda key: (-key[0], *key[1:]))]


def _wrap(text: str, indent: int, *, first: int = 0) -> list[str]:
    """Break *text* between words, never inside backquotes; *first* and *indent* are the first and later indentation."""
    lines = [" " * first]
    for word in re.findall(r"(?:`[^`]*`|\S)+", text) or [""]:
        line = lines[-1]
        if line.strip() and len(line) + 1 + len(word) > WIDTH:
            lines.append(" " * indent + word)
        else:
            lines[-1] = f"{line} {word}" if line.strip() else line + word
    return lines
