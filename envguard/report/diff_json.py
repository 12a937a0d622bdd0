"""A change of a lock for machines: ``envguard.diff`` version 1. A key may be added under the same version."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TextIO

from ..rules.impact import role_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..lockfiles.diff.model import LockDiff, PackageChange
    from ..lockfiles.model import Lock, LockedPackage
    from ..model import Report
    from .meaning import Meaning


def write(
    diff: LockDiff,
    meaning: Meaning,
    report: Report,
    stream: TextIO,
    *,
    sides: tuple[str, str],
    numeric: Iterable[str] = (),
) -> None:
    """Write *diff*, what it means, and the findings of *report* to *stream* as one JSON object; *sides* name old and new."""
    document = {
        "schema": {"name": "envguard.diff", "version": 1},
        "old": _side(sides[0], diff.old),
        "new": _side(sides[1], diff.new),
        "packages": [_package(change, diff, numeric) for change in diff.packages],
        "environments": {name: {"old": old, "new": new} for name, (old, new) in diff.environments.items()},
        "builds": list(meaning.builds),
        "numbers": meaning.numbers,
        "summary": meaning.counts,
        "verdict": str(report.verdict),
        "findings": [
            {
                "code": finding.code,
                "name": finding.name,
                "severity": str(report.severity(finding)),
                "subject": finding.subject,
                "message": finding.message,
                "expected": finding.expected,
                "found": finding.found,
            }
            for finding in report.active
        ],
    }
    json.dump(document, stream, indent=2, ensure_ascii=True)
    stream.write("\n")


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
    source = package.source
    return {
        "version": package.version,
        "source": {"kind": str(source.kind), "location": source.location, "commit": source.commit},
    }
