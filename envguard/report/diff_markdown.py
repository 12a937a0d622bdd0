"""A change of a lock as a comment of a pull request: GitHub's Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TextIO

from ..names import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..model import Finding, Report
    from .meaning import Meaning, Told

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~@])")


def write(told: Iterable[Told], stream: TextIO, report: Report | None = None) -> None:
    """Write all that is *told* to *stream*, and what *report* finds in it.

    Whatever stands in a lock is escaped: it makes no link and calls nobody.
    """
    for number, one in enumerate(told):
        stream.write("\n" if number else "")
        stream.writelines(f"{line}\n" for line in _lines(one.meaning, one.title))
    for number, finding in enumerate(report.active if report is not None else ()):
        stream.write("\n" if number == 0 else "")
        stream.writelines(f"{line}\n" for line in _finding(finding, str(report.severity(finding)) if report else ""))


def _finding(finding: Finding, severity: str) -> Iterator[str]:
    yield f"- **{severity}: {finding.code} {finding.name}**: {_text(finding.message)}"
    for word, value in (("expected", finding.expected), ("found", finding.found)):
        if value is not None:
            yield f"  - {word}: {_text(value)}"


def _lines(meaning: Meaning, title: str) -> Iterator[str]:
    yield f"### {_text(title)}"
    yield ""
    yield f"**{_text(meaning.verdict)}**" if meaning.numbers else _text(meaning.verdict)
    for section in meaning.sections:
        yield ""
        # What cannot change numbers as far as anybody knows is folded away.
        if not section.numbers:
            yield f"<details><summary>{_text(section.title)} ({len(section.rows)})</summary>"
            yield ""
        else:
            yield f"#### {_text(section.title)}"
            yield ""
        yield "| package | before | after | what | why |"
        yield "|---|---|---|---|---|"
        for row in section.rows:
            what = "<br>".join(_text(part) for part in (row.what, *row.notes))
            yield f"| {_text(row.name)} | {_text(row.old)} | {_text(row.new)} | {what} | {_text(row.why)} |"
        if not section.numbers:
            yield ""
            yield "</details>"
    for lines in (meaning.environments, meaning.builds):
        if lines:
            yield ""
            yield from (f"- {_text(line)}" for line in lines)
    yield ""
    yield _text(meaning.counts)


def _text(text: str) -> str:
    # A zero-width space keeps an address or a name from becoming a link.
    return _SPECIAL.sub(r"\\\1", printable(text)).replace("://", ":\u200b//")
