"""A change of a lock for machines: ``envguard.diff`` version 1. A key may be added under the same version."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TextIO

from ..rules.impact import role_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..lockfiles.diff.model import LockDiff, PackageChange
    from ..lockfiles.model import Lock, LockedPackage
    from ..model import Finding, Report
    from .meaning import Told


def write(told: Sequence[Told], report: Report | None, stream: TextIO, *, numeric: Iterable[str] = ()) -> None:
    """Write all that is *told* and the findings of *report* to *stream* as one JSON object.

    ``locks`` has an object for each lock, ``records`` one for each record; *report* is None where nothing is judged.
    """
    document: dict[str, Any] = {
        "schema": {"name": "envguard.diff", "version": 1},
        "locks": [_lock(one, one.diff, numeric) for one in told if one.diff is not None],
        "records": [_record(one) for one in told if one.diff is None],
        "numbers": any(one.meaning.numbers for one in told),
        "verdict": str(report.verdict) if report is not None else None,
        "findings": [_finding(finding, report) for finding in report.active] if report is not None else [],
    }
    json.dump(document, stream, indent=2, ensure_ascii=True)
    stream.write("\n")


def _lock(told: Told, diff: LockDiff, numeric: Iterable[str]) -> dict[str, Any]:
    return {
        "title": told.title,
        "old": _side(told.old, diff.old),
        "new": _side(told.new, diff.new),
        "packages": [_package(change, diff, numeric) for change in diff.packages],
        "environments": {name: {"old": old, "new": new} for name, (old, new) in diff.environments.items()},
        "builds": list(told.meaning.builds),
        "numbers": told.meaning.numbers,
        "summary": told.meaning.counts,
        "meaning": told.meaning.verdict,
    }


def _record(told: Told) -> dict[str, Any]:
    return {
        "title": told.title,
        "old": told.old,
        "new": told.new,
        "sections": [
            {
                "title": section.title,
                "numbers": section.numbers,
                "differences": [
                    {"name": row.name, "change": row.what, "old": row.old or None, "new": row.new or None}
                    for row in section.rows
                ],
            }
            for section in told.meaning.sections
        ],
        "numbers": told.meaning.numbers,
        "summary": told.meaning.counts,
        "meaning": told.meaning.verdict,
    }


def _finding(finding: Finding, report: Report) -> dict[str, Any]:
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": str(report.severity(finding)),
        "subject": finding.subject,
        "message": finding.message,
        "expected": finding.expected,
        "found": finding.found,
    }


def _side(name: str, lock: Lock | None) -> dict[str, Any] | None:
    return None if lock is None else {"name": name, "format": lock.format, "digest": lock.digest}


def _package(change: PackageChange, diff: LockDiff, numeric: Iterable[str]) -> dict[str, Any]:
    role = role_of(change.name, numeric)
    return {
        "name": change.name,
        "change": str(change.kind),
        "role": role.name,
        "numbers": role.numbers,
        "old": _entry(change.old),
        "new": _entry(change.new),
        "details": [
            {"aspect": str(detail.aspect), "old": detail.old, "new": detail.new, "direction": detail.direction}
            for detail in change.details
        ],
        "required_by": _way(diff.reasons if change.new is not None else diff.reasons_before, change.name),
    }


def _way(reasons: Mapping[str, tuple[str, ...]] | None, name: str) -> list[str] | None:
    return None if reasons is None else list(reasons.get(name, ()))


def _entry(package: LockedPackage | None) -> dict[str, Any] | None:
    if package is None:
        return None
    source, conda = package.source, package.conda
    return {
        "version": package.version,
        "source": {"kind": str(source.kind), "location": source.location, "commit": source.commit},
        **({"conda": {"build": conda.build, "subdir": conda.subdir}} if conda is not None else {}),
    }
