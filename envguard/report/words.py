"""What every renderer says in the same words: shortened paths, counts, and text that is safe to print."""

from __future__ import annotations

import os

from ..model import Severity
from ..names import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..model import Finding, Place, Report
    from .locator import Locator

_TOOLS = ("conda-lock", "envguard", "git", "pdm", "pip-compile", "pipenv", "pixi", "poetry", "uv")


def shorten(text: str, root: str | None) -> str:
    """Return *text* with the absolute paths below *root* in it made relative."""
    if not root:
        return text
    if text == root:
        return "."
    return text.replace(root.rstrip(os.sep) + os.sep, "")


def where(place: Place | None, root: str | None, locate: Locator) -> str:
    """Return *place* as ``path:line``, the path alone where there is no line, and nothing where there is no place."""
    if place is None:
        return ""
    path = printable(shorten(place.path, root))
    position = locate(place)
    return f"{path}:{position.line}" if position else path


def hint(text: str, project: str, root: str | None) -> str:
    """Return the hint *text* for somebody in the folder *root*: the command of a tool works in the folder *project*, where that is below.

    A hook runs at the top of the repository, whatever its projects are.
    """
    tool, _, rest = text.partition(" ")
    inside = shorten(project, root)
    if tool not in _TOOLS or rest.startswith("-C ") or inside in (".", project):
        return text
    import shlex

    return f"cd {shlex.quote(inside)} && {text}"


def plural(count: int, noun: str) -> str:
    """Return ``1 error``, ``2 errors``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def counts(report: Report) -> dict[str, int]:
    """Return how many findings there are of each severity, how many could not be told, and how many are waived."""
    severities = [report.severity(finding) for finding in report.active]
    return {
        **{f"{severity}s": severities.count(severity) for severity in reversed(Severity)},
        "unknown": sum(finding.unknown for finding in report.active),
        "waived": len(report.waived),
    }


def summary(report: Report) -> str:
    """Return the one line that says it all: ``drift at host-to-host: 2 errors, 1 warning, 1 waived``."""
    number = counts(report)
    parts = [plural(number[f"{severity}s"], str(severity)) for severity in reversed(Severity) if number[f"{severity}s"]]
    if number["waived"]:
        parts.append(f"{number['waived']} waived")
    untold = f" ({number['unknown']} could not be told)" if number["unknown"] else ""
    # Who has only looked at files cannot say that any level is reached.
    level = f" at {report.level}" if report.subject.environment is not None else ""
    return f"{report.verdict}{level}: {', '.join(parts) or 'nothing differs'}{untold}"


def names(findings: Iterable[Finding], limit: int = 3) -> str:
    """Return the first *limit* findings as ``EG203 numpy, EG301 cpu.model and 2 more``."""
    every = list(dict.fromkeys(f"{finding.code} {printable(finding.subject)}" for finding in findings))
    more = f" and {len(every) - limit} more" if len(every) > limit else ""
    return ", ".join(every[:limit]) + more
