"""What a check said, as it is kept between runs and told in receipts: plain JSON values, without secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..model import Level
from .canonical import plain
from .document import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..model import Finding, Report


def judged(report: Report, facts: Mapping[str, Any], *, receipts: str | None) -> dict[str, Any]:
    """Return what *report* says, with the *facts* that were observed; *receipts* is the folder of receipts in the settings."""
    told = {
        "verdict": str(report.verdict),
        "level": str(report.level),
        "levels": {
            str(item.level): {
                "reachable": item.reachable,
                "blockers": _names(item.blockers),
                "unknowns": _names(item.unknowns),
                "waived": _names(item.waived),
            }
            for item in report.levels
        },
        "findings": [finding_document(finding) for finding in report.findings],
        "waived": [
            {
                **finding_document(item.finding),
                "reason": item.waiver.reason,
                "until": item.waiver.until.isoformat() if item.waiver.until is not None else None,
            }
            for item in report.waived
        ],
        "overridden": [f"{item.code} [{item.name}] {item.message}" for item in report.failing],
        "observed": facts,
        "receipts": receipts,
    }
    kept: dict[str, Any] = clean(plain(told))
    return kept


def added(answer: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """Return *answer*, which ``judged`` gave, with what *report* says beside: what ranks of a job said after their checks."""
    beside = judged(report, {}, receipts=None)
    levels: dict[str, dict[str, Any]] = {}
    for level, told in beside["levels"].items():
        known = answer["levels"].get(level, {})
        lists = {
            word: list(dict.fromkeys((*known.get(word, ()), *told[word])))
            for word in ("blockers", "unknowns", "waived")
        }
        reachable = False if lists["blockers"] else None if lists["unknowns"] else True
        levels[level] = {"reachable": reachable, **lists}
    rest = {key: [*answer[key], *beside[key]] for key in ("findings", "waived")}
    return {**answer, **rest, "levels": levels}


def finding_document(finding: Finding) -> dict[str, Any]:
    """Return *finding* as plain JSON values."""
    place = finding.place
    return {
        "code": finding.code,
        "name": finding.name,
        "subject": finding.subject,
        "message": finding.message,
        "severities": {
            str(level): str(severity) for level in Level if (severity := finding.severities.at(level)) is not None
        },
        "impact": str(finding.impact),
        "why": finding.why,
        "expected": finding.expected,
        "found": finding.found,
        "place": {"path": place.path, "keys": list(place.keys)} if place is not None else None,
        "hint": finding.hint,
        "unknown": finding.unknown,
    }


def _names(findings: tuple[Finding, ...]) -> list[str]:
    return [f"{finding.code} {finding.subject}" for finding in findings]
