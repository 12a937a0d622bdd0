"""The values that every room of envguard speaks in.

No I/O happens here and nothing of ours is imported but how values are made. Everything is a frozen value, so a report can be kept, compared and
rendered as often as wished.
"""

from __future__ import annotations

import enum

from .values import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping
    from typing import Any


class Severity(enum.IntEnum):
    """How grave a finding is; ordered, so that ``--fail-on`` is a comparison."""

    NOTE = 1
    WARNING = 2
    ERROR = 3

    def __str__(self) -> str:
        return self.name.lower()

    @classmethod
    def parse(cls, word: str) -> Severity:
        """Return the severity called *word* (``note``, ``warning``, ``error``); ValueError otherwise."""
        for member in cls:
            if str(member) == word:
                return member
        raise ValueError(word)


class Level(enum.StrEnum):
    """A level of reproducibility, the strictest first.

    ``run-to-run``: the same machine gives the same bits again. ``host-to-host``: another machine with the same hardware
    and stack does. ``cross-hardware``: only statistics can agree.
    """

    RUN_TO_RUN = "run-to-run"
    HOST_TO_HOST = "host-to-host"
    CROSS_HARDWARE = "cross-hardware"


class CodePolicy(enum.StrEnum):
    """What is asked of the code.

    ``clean``: nothing in the work tree differs from the commit. ``committed-imports``: nothing that the process has loaded
    does. ``diff``: whatever differs can be kept as a patch that applies. ``off``: nobody looks.
    """

    CLEAN = "clean"
    COMMITTED_IMPORTS = "committed-imports"
    DIFF = "diff"
    OFF = "off"


class Verdict(enum.StrEnum):
    """The one-word answer of a report."""

    CLEAN = "clean"
    DRIFT = "drift"
    UNDECIDED = "undecided"


class Impact(enum.StrEnum):
    """Whether a difference can change numbers, as far as its subject tells."""

    NUMBERS = "can change numbers"
    BEHAVIOUR = "not known to compute numbers, but code that differs can behave differently"
    NONE = "cannot change numbers"
    UNKNOWN = "nobody can tell whether it changes numbers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A fact that could not be read. It equals no value, not even another unknown; ask for its *reason*."""

    reason: str

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return hash(self.reason)


Fact = str | Unknown
"""What a source says of one thing: its value as text, or why it has none."""

UNKNOWN = "unknown: "


def fact_text(fact: Fact) -> str:
    """Return *fact* as one line of text: its value, or ``unknown: `` and the reason."""
    return UNKNOWN + fact.reason if isinstance(fact, Unknown) else fact


def fact_of(text: str) -> Fact:
    """Return the fact that ``fact_text`` made *text* from."""
    return Unknown(reason=text.removeprefix(UNKNOWN)) if text.startswith(UNKNOWN) else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A symbolic place in a file: line and column are looked up only when a report is rendered.

    *path* is absolute, *keys* the route from the root of the document, e.g. ``("package", 12, "version")``. *line*, counted
    from one, is for documents whose reader knows it and whose routes lead nowhere.
    """

    path: str
    keys: tuple[str | int, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What somebody wants installed. No *packages* means the root project; ``*`` all members.

    *default_groups* adds the groups that the lock or the tool selects by itself. Order and repetition mean nothing.
    """

    packages: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    default_groups: bool = True

    def canonical(self) -> Selection:
        """Return the same selection with sorted names, each once."""
        return Selection(
            packages=tuple(sorted(set(self.packages))),
            extras=tuple(sorted(set(self.extras))),
            groups=tuple(sorted(set(self.groups))),
            default_groups=self.default_groups,
        )

    def document(self) -> dict[str, Any]:
        """Return the selection as plain JSON values."""
        return {
            "packages": list(self.packages),
            "extras": list(self.extras),
            "groups": list(self.groups),
            "default-groups": self.default_groups,
        }

    def __str__(self) -> str:
        named = (("packages", self.packages), ("extras", self.extras), ("groups", self.groups))
        parts = [f"{word} {', '.join(names)}" for word, names in named if names]
        return "; ".join([*parts, "default groups" if self.default_groups else "no default groups"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Severities:
    """The severity of a finding at each level; None where it is none of that level's business."""

    run_to_run: Severity | None
    host_to_host: Severity | None
    cross_hardware: Severity | None

    def at(self, level: Level) -> Severity | None:
        """Return the severity at *level*."""
        match level:
            case Level.RUN_TO_RUN:
                return self.run_to_run
            case Level.HOST_TO_HOST:
                return self.host_to_host
            case Level.CROSS_HARDWARE:
                return self.cross_hardware

    @classmethod
    def same(cls, severity: Severity) -> Severities:
        """Return *severity* at all three levels."""
        return cls(run_to_run=severity, host_to_host=severity, cross_hardware=severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One difference, or one thing that could not be told (*unknown*), as a rule saw it.

    *note* is what else was seen that bears on it.
    """

    code: str
    name: str
    subject: str
    message: str
    severities: Severities
    impact: Impact
    why: str
    expected: str | None = None
    found: str | None = None
    place: Place | None = None
    hint: str | None = None
    unknown: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """An accepted finding: shown, counted apart, never hidden. *index* is its place in the configuration."""

    rule: str
    subject: str
    reason: str
    until: datetime.date | None = None
    index: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """A finding together with the waiver that accepts it."""

    finding: Finding
    waiver: Waiver


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelVerdict:
    """Whether *level* is reachable now, and the findings that stand in the way or could not be told."""

    level: Level
    blockers: tuple[Finding, ...]
    unknowns: tuple[Finding, ...]
    waived: tuple[Finding, ...]

    @property
    def reachable(self) -> bool | None:
        """True, False, or None where only unknowns stand in the way."""
        if self.blockers:
            return False
        return None if self.unknowns else True


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a report is about: the things that were compared, named so that a reader can find them.

    *machine_fits* says whether none of its facts stands in the way of the level, *machine_why* why that machine was compared with.
    """

    project: str
    lock: str | None = None
    packages: int = 0
    environment: str | None = None
    chosen_by: str | None = None
    python: str | None = None
    baseline: str | None = None
    machine: str | None = None
    machine_fits: bool | None = None
    machine_why: str | None = None
    selection: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of one check, at one level; *findings* and *waived* come with what is likeliest to change numbers first."""

    subject: Subject
    level: Level
    fail_on: Severity
    findings: tuple[Finding, ...]
    waived: tuple[Waived, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def active(self) -> tuple[Finding, ...]:
        """The findings that concern this report's level, the gravest first."""
        at = self.level
        here = [(finding.severities.at(at), finding) for finding in self.findings]
        graded = [(severity, finding) for severity, finding in here if severity is not None]
        graded.sort(key=lambda pair: (-pair[0], pair[1].unknown, pair[1].code, pair[1].subject))
        return tuple(finding for _, finding in graded)

    def severity(self, finding: Finding) -> Severity:
        """Return the severity of *finding* at this report's level (a note where it is none of its business)."""
        return finding.severities.at(self.level) or Severity.NOTE

    @property
    def failing(self) -> tuple[Finding, ...]:
        """The active findings at or above ``fail_on``."""
        return tuple(finding for finding in self.active if self.severity(finding) >= self.fail_on)

    @property
    def verdict(self) -> Verdict:
        """Drift where any failing finding is a difference; undecided where only unknowns fail; else clean."""
        failing = self.failing
        if any(not finding.unknown for finding in failing):
            return Verdict.DRIFT
        return Verdict.UNDECIDED if failing else Verdict.CLEAN

    @property
    def levels(self) -> tuple[LevelVerdict, ...]:
        """For each level, strictest first, whether it is reachable and what stands in the way, in the order of the findings."""

        def blocks(finding: Finding, level: Level) -> bool:
            return finding.severities.at(level) is Severity.ERROR

        return tuple(
            LevelVerdict(
                level=level,
                blockers=tuple(f for f in self.findings if blocks(f, level) and not f.unknown),
                unknowns=tuple(f for f in self.findings if blocks(f, level) and f.unknown),
                waived=tuple(w.finding for w in self.waived if blocks(w.finding, level)),
            )
            for level in Level
        )
