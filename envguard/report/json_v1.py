"""The report for machines: ``envguard.report`` version 1, described by ``schema/report-v1.json`` beside this module.

The format is frozen. Each key is written here by hand, so that a change of the values inside envguard cannot change
what others parse; a key may be added under the same version, anything else needs a version 2 in a module of its own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TextIO

from ..model import Impact, Level
from .locator import Locator
from .words import counts

if TYPE_CHECKING:
    from ..model import Finding, LevelVerdict, Place, Report, Subject, Waived

_IMPACTS = {
    Impact.NUMBERS: "numbers",
    Impact.BEHAVIOUR: "behaviour",
    Impact.NONE: "none",
    Impact.UNKNOWN: "unknown",
}


def write(report: Report, stream: TextIO, *, version: str, locate: Locator | None = None) -> None:
    """Write *report* to *stream* as one JSON object and a newline; *version* is envguard's own.

    Only ASCII is written, so any encoding of the stream will do. Paths are absolute, findings sorted: those that
    concern the level first, the gravest first.
    """
    locate = locate or Locator()
    active = report.active
    others = sorted((f for f in report.findings if f not in active), key=lambda f: (f.code, f.subject))
    number = counts(report)
    document = {
        "schema": {"name": "envguard.report", "version": 1},
        "tool": {"name": "envguard", "version": version},
        "verdict": str(report.verdict),
        "level": str(report.level),
        "fail_on": str(report.fail_on),
        "levels": [_level(verdict) for verdict in report.levels],
        "subject": _subject(report.subject),
        "findings": [_finding(finding, report, locate) for finding in (*active, *others)],
        "waived": [_waived(waived, report, locate) for waived in report.waived],
        "notes": dict(report.notes),
        "summary": {
            "errors": number["errors"],
            "warnings": number["warnings"],
            "notes": number["notes"],
            "failing": len(report.failing),
            "unknown": number["unknown"],
            "waived": number["waived"],
        },
    }
    json.dump(document, stream, indent=2, ensure_ascii=True)
    stream.write("\n")


def _subject(subject: Subject) -> dict[str, Any]:
    return {
        "project": subject.project,
        "lock": subject.lock,
        "packages": subject.packages,
        "environment": subject.environment,
        "chosen_by": subject.chosen_by,
        "python": subject.python,
        "baseline": subject.baseline,
        "machine": subject.machine,
        "machine_fits": subject.machine_fits,
        "machine_why": subject.machine_why,
        "selection": subject.selection,
    }


def _level(verdict: LevelVerdict) -> dict[str, Any]:
    return {
        "level": str(verdict.level),
        "reachable": verdict.reachable,
        "blockers": [_reference(finding) for finding in verdict.blockers],
        "unknown": [_reference(finding) for finding in verdict.unknowns],
        "waived": [_reference(finding) for finding in verdict.waived],
    }


def _reference(finding: Finding) -> dict[str, Any]:
    return {"code": finding.code, "name": finding.name, "subject": finding.subject}


def _finding(finding: Finding, report: Report, locate: Locator) -> dict[str, Any]:
    at = {str(level): finding.severities.at(level) for level in Level}
    here = at[report.level]
    return {
        **_reference(finding),
        "message": finding.message,
        "severity": None if here is None else str(here),
        "severities": {level: None if severity is None else str(severity) for level, severity in at.items()},
        "unknown": finding.unknown,
        "impact": _IMPACTS[finding.impact],
        "why": finding.why,
        "expected": finding.expected,
        "found": finding.found,
        "note": finding.note,
        "place": None if finding.place is None else _place(finding.place, locate),
        "hint": finding.hint,
    }


def _place(place: Place, locate: Locator) -> dict[str, Any]:
    position = locate(place)
    return {
        "path": place.path,
        "keys": list(place.keys),
        "line": None if position is None else position.line,
        "column": None if position is None else position.column,
    }


def _waived(waived: Waived, report: Report, locate: Locator) -> dict[str, Any]:
    until = waived.waiver.until
    return {
        "finding": _finding(waived.finding, report, locate),
        "waiver": {
            "rule": waived.waiver.rule,
            "subject": waived.waiver.subject,
            "reason": waived.waiver.reason,
            "until": None if until is None else until.isoformat(),
        },
    }
