"""Installed packages whose content nobody compared, because it was unknown when it was recorded: told beside the findings.

That is no drift, and it is no pass either. It is no finding, since a project that is installed in editable form would never be
clean then; what such a package runs is judged as code (EG6).
"""

from __future__ import annotations

from ..amounts import plural
from ..model import Unknown
from .versions import same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .evidence import Evidence

_NAMED = 5


def note(evidence: Evidence) -> str | None:
    """Return of which packages the content was not compared, and why, by reason; None where it was compared of all."""
    reasons: dict[str, list[str]] = {}
    for name, reason in _uncompared(evidence):
        reasons.setdefault(reason, []).append(name)
    if not reasons:
        return None
    from ..trees.words import listed

    count = plural(sum(map(len, reasons.values())), "package")
    told = "; ".join(f"{listed(names, _NAMED)} ({reason})" for reason, names in reasons.items())
    return f"not compared of {count}, since it could not be recorded: {told}"


def _uncompared(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Yield each package of the recorded version whose content was unknown then, with the reason."""
    machine = evidence.machine
    if machine is None:
        return
    for name, distribution in sorted(evidence.installed.items()):
        recorded = machine.packages.get(name)
        if recorded is None or not isinstance(recorded.digest, Unknown) or distribution.version is None:
            continue
        if same(recorded.version, distribution.version):
            yield name, recorded.digest.reason
    for name, package in sorted(evidence.conda.items()):
        recorded = machine.conda.get(name)
        if recorded is not None and isinstance(recorded.digest, Unknown) and recorded.version == package.release:
            yield name, recorded.digest.reason
