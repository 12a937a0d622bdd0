"""In which order findings are told as the reasons why a level is not reached: what is likeliest to change numbers first.

First by what a finding says of itself: it can change numbers, nobody can tell, code may behave differently, it cannot. Then canaries,
whose bits were seen to differ, and what differs else, in the order of ``FAMILIES``; among packages by their role (``roles.toml``), among facts of the machine by their place
in ``facts.toml``; last by code and subject.
"""

from __future__ import annotations

from ..facts import table
from ..model import Impact
from .impact import role_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..model import Finding

IMPACTS = (Impact.NUMBERS, Impact.UNKNOWN, Impact.BEHAVIOUR, Impact.NONE)

FAMILIES = (
    "EG5",  # other data gives other results, whatever computes them
    "EG6",  # so does other code
    "EG7",  # without its seeds and switches not even the same machine repeats itself
    "EG2",  # another version of what computes
    "EG4",  # the same version with other files
    "EG3",  # the same software on another machine
    "EG8",  # ranks that differ
    "EG1",  # a lock that is stale says what will be installed, not what is
    "EG9",
)
"""The families of rules, by their first three letters, the likeliest to change numbers first."""

_PACKAGES = ("EG1", "EG2", "EG4")
_CANARY = "canary."


def likeliest_first(findings: Iterable[Finding], numeric: Iterable[str] = ()) -> list[Finding]:
    """Return *findings* in order; *numeric* are further patterns of packages that compute numbers."""
    return sorted(findings, key=lambda finding: _key(finding, numeric))


def _key(finding: Finding, numeric: Iterable[str]) -> tuple[int, int, tuple[int, int], str, str]:
    family = finding.code[:3]
    within = (0, 0)
    if family in _PACKAGES:
        within = (role_of(finding.subject, numeric).order, 0)
    elif family == "EG3":
        within = table().rank(finding.subject)
    return (
        IMPACTS.index(finding.impact),
        -1 if finding.subject.startswith(_CANARY) else FAMILIES.index(family) if family in FAMILIES else len(FAMILIES),
        within,
        finding.code,
        finding.subject,
    )
