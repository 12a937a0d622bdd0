"""EG9: what keeps envguard itself from an answer, and what is wrong with its own record and settings."""

from __future__ import annotations

from ..model import Impact, Place, Severities, Severity
from ..names import normalize
from .registry import Need, Rule, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..baseline import Machine
    from ..model import Finding
    from .evidence import Evidence

_NAMED = 8


@rule("EG901", "missing-lock", "there is no lock to compare with", since="0.1", need=Need.NOTHING)
def missing_lock(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Says that nothing could be compared, because the project has no lock.

    ## What it sees

    Neither the lock that is named in the configuration nor one of a format that is read here is in the project. Without a
    name in the configuration it is called as the lock that was committed last, else as the one that was recorded, else
    as the one that the tool of the manifest would make. In a commit: a lock that goes, while the project or script stays. A
    `requirements.txt` counts by itself only where a tool wrote it as a lock: with its command at the top, with `# via`
    below the pins, or with hashes. And a line of a requirements file that does not tell which package it is.

    ## Why it matters

    Without a lock nobody can say which packages should be here. That is no drift, and it is no pass either.

    ## How to mend

    Make a lock with the project's tool (`uv lock`, `poetry lock`), and commit it.
    """
    for name in evidence.missing_locks if evidence.lock is not None else (evidence.lock_name, *evidence.missing_locks):
        missing = f"there is no {name}"
        if name == evidence.passed_over:
            missing = f"{name} does not look like a lock that a tool wrote"
        yield self.finding(
            name,
            f"{missing}, so nobody can say which packages should be here",
            impact=Impact.UNKNOWN,
            why="without a lock every installation may choose other versions",
            place=Place(path=evidence.project),
            hint=evidence.how_to_lock,
            unknown=True,
        )
    for view in evidence.views:
        for item in view.inconsistencies:
            if item.kind == "nameless":
                yield self.finding(
                    item.subject,
                    item.message,
                    impact=Impact.UNKNOWN,
                    why="what has no name cannot be looked for among what is installed",
                    expected=item.expected,
                    found=item.found,
                    place=Place(path=item.path or view.lock.path, line=item.line),
                    hint=f"write it as: NAME @ {item.subject.removeprefix('-e ')}",
                    unknown=True,
                )


@rule("EG902", "missing-baseline", "nothing was ever recorded", since="0.1", need=Need.ENVIRONMENT)
def missing_baseline(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Says that there is no record of the machine to compare with.

    ## What it sees

    `envguard.lock` is not in the project, or no machine is recorded in it.

    ## Why it matters

    A lock tells which packages should be here. Which interpreter, processor, C library and accelerator the results came
    from, and what the installer really wrote, only a record can tell.

    ## How to mend

    Where the results are known to be good, run `envguard record`, and commit `envguard.lock`.
    """
    if evidence.machine is None:
        from . import repair

        empty = evidence.baseline is not None
        yield self.finding(
            "envguard.lock",
            "envguard.lock records no machine" if empty else "there is no envguard.lock: nothing was ever recorded",
            impact=Impact.UNKNOWN,
            why="interpreter, processor, libraries and accelerators cannot be compared with anything",
            place=Place(path=evidence.baseline.path if evidence.baseline is not None else evidence.project),
            hint=repair.record(evidence),
            unknown=True,
        )


@rule(
    "EG903", "outdated-baseline", "the record was made for another lock or selection", since="0.1", need=Need.BASELINE
)
def outdated_baseline(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares the lock and the selection that the record was made for with those in force.

    ## What it sees

    Another digest of the lock, or other extras and groups, than `envguard.lock` holds for this machine. Where nothing that
    is installed here differs from the record, that is only noted.

    ## Why it matters

    Results from before and after such a change are results of two environments; they must be kept apart.

    ## How to mend

    If the change is wanted, run `envguard record` and commit `envguard.lock` together with the lock.
    """
    machine, lock = evidence.machine, evidence.lock
    if machine is None or lock is None or evidence.baseline is None:
        return
    from . import repair

    place = Place(path=evidence.baseline.path, keys=("machines", evidence.machine_name or "", "lock", "digest"))
    if machine.lock_digest != evidence.lock_digest:
        changed = _changed(evidence, machine)
        names = ", ".join(changed[:_NAMED]) + (f" and {len(changed) - _NAMED} more" if len(changed) > _NAMED else "")
        what = f"; installed here and different: {names}" if changed else "; nothing that is installed here differs"
        yield self.finding(
            "lock",
            f"{_locks(evidence)} changed since the baseline was recorded{what}",
            impact=Impact.UNKNOWN if changed else Impact.NONE,
            why="results from before and after the change come from two environments",
            expected=machine.lock_digest,
            found=evidence.lock_digest,
            place=place,
            hint=repair.record(evidence),
            severities=self.severities if changed else Severities.same(Severity.NOTE),
        )
    if evidence.selection is not None and machine.selection.canonical() != evidence.selection.canonical():
        yield self.finding(
            "selection",
            "other extras, groups or members are selected than were recorded",
            impact=Impact.UNKNOWN,
            why="another selection installs other packages",
            expected=str(machine.selection),
            found=str(evidence.selection),
            place=Place(path=place.path, keys=("machines", evidence.machine_name or "", "selection")),
            hint=repair.record(evidence),
        )


def _locks(evidence: Evidence) -> str:
    return ", ".join(view.name for view in evidence.views)


def _changed(evidence: Evidence, machine: Machine) -> list[str]:
    """Return the installed packages of the lock that are not what was recorded, as ``name old -> new``."""
    from .versions import same

    changed = []
    installed, wanted = evidence.installed, evidence.wanted
    for name in wanted:
        old = machine.packages[name].version if name in machine.packages else None
        distribution = installed.get(name)
        new = distribution.version if distribution is not None else None
        if old != new and not (old and new and same(old, new)):
            changed.append(f"{name} {old or 'absent'} -> {new or 'absent'}")
    gone = (name for name in machine.packages if name not in wanted and name not in installed)
    changed += [f"{name} {machine.packages[name].version} -> absent" for name in gone]
    there = evidence.conda
    for name in dict.fromkeys((*evidence.wanted_conda, *machine.conda)):
        old = machine.conda[name].version if name in machine.conda else None
        new = there[name].release if name in there else None
        # Of those that no lock asks for, what came anew is no change of the lock.
        if old != new and (old or name in evidence.wanted_conda):
            changed.append(f"{name} {old or 'absent'} -> {new or 'absent'}")
    return changed


@rule(
    "EG904",
    "expired-waiver",
    "a waiver is past its end date",
    since="0.1",
    need=Need.NOTHING,
    severities=Severity.WARNING,
)
def expired_waiver(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Looks at the end dates of the waivers.

    ## What it sees

    A waiver whose `until` lies before today. It no longer accepts anything: the finding that it covered counts again.

    ## Why it matters

    An accepted difference was meant to be temporary.

    ## How to mend

    Mend what was waived and delete the waiver, or set a new date and say why.
    """
    for waiver in evidence.config.waivers:
        if waiver.until is not None and waiver.until < evidence.today:
            yield self.finding(
                f"{waiver.rule}/{waiver.subject}",
                f"the waiver of {waiver.rule} for '{waiver.subject}' ended on {waiver.until}",
                impact=Impact.NONE,
                why="what it accepted counts again",
                expected=f"a date from {evidence.today} on",
                found=str(waiver.until),
                place=waiver_place(evidence, waiver.index, "until"),
                hint="mend what was waived and delete the waiver, or set a new date and say why",
            )


@rule("EG905", "unused-waiver", "a waiver accepts nothing", since="0.1", need=Need.NOTHING, severities=Severity.WARNING)
def unused_waiver(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Looks for waivers that no finding needs; the check itself adds these findings, since it alone knows.

    ## What it sees

    A waiver that is in force and matches no finding of this check.

    ## Why it matters

    It would hide the next difference of that kind, for a reason that no longer holds.

    ## How to mend

    Delete the waiver.
    """
    del self, evidence
    yield from ()


@rule(
    "EG906",
    "unmatched-numeric",
    "a setting calls a package numeric that is nowhere",
    since="0.1",
    need=Need.ENVIRONMENT,
    severities=Severity.WARNING,
)
def unmatched_numeric(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Looks for names in `numeric` that no locked and no installed package has.

    ## What it sees

    A word of `numeric` in `[tool.envguard]`, a name or a pattern, that fits no package of any lock of the project, of
    whatever group and platform, and none that is installed.

    ## Why it matters

    It is probably misspelt. The package that was meant is then taken for one that cannot change numbers.

    ## How to mend

    Write the name as the lock does, or delete it.
    """
    config = evidence.config
    if not config.numeric or evidence.lock is None:
        return
    from fnmatch import fnmatchcase

    names = {normalize(package.name) for view in evidence.views for package in view.lock.packages}
    names |= {*map(normalize, evidence.installed), *map(normalize, evidence.conda)}
    for index, word in enumerate(config.numeric):
        if any(fnmatchcase(name, normalize(word)) for name in names):
            continue
        yield self.finding(
            word,
            f"'{word}' in numeric fits no package of the lock, and none that is installed",
            impact=Impact.NONE,
            why="a package that is meant and misspelt counts as one that cannot change numbers",
            place=Place(path=config.path, keys=(*config.keys, "numeric", index)) if config.path is not None else None,
            hint="write it as the lock does, or delete it",
        )


def waiver_place(evidence: Evidence, index: int, *more: str) -> Place | None:
    """Return the place of the waiver *index* in the configuration."""
    config = evidence.config
    return Place(path=config.path, keys=(*config.keys, "waivers", index, *more)) if config.path is not None else None
