"""EG1, fourth part: a change that is about to be committed, against the record beside it."""

from __future__ import annotations

import os

from ..model import Impact, Place, Severities, Severity
from .changes import can_change_numbers
from .impact import role_of
from .registry import Need, Rule, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..baseline import Baseline
    from ..model import Finding
    from .evidence import Evidence

_NAMED = 5


@rule(
    "EG113",
    "unrecorded-change",
    "packages that compute numbers changed in the lock and the record did not",
    since="0.1",
    need=Need.CHANGE,
)
def unrecorded_change(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Looks for a change of `envguard.lock` beside a change of the lock that can change numbers.

    ## What it sees

    A commit in which packages of the numeric stack come, go or change in the lock, while `envguard.lock` stays as it was. A
    project without a record has nothing to record anew.

    ## Why it matters

    Until somebody records again, every check of the new environment fails, or the old record vouches for results that come
    from other code.

    ## How to mend

    Install the new lock, run `envguard record`, and commit `envguard.lock` together with the lock.
    """
    if evidence.baseline is None or evidence.baseline_changed is not False:
        return
    numeric = evidence.config.numeric
    names: dict[str, str] = {}
    for diff in evidence.changes:
        lock = diff.new or diff.old
        for change in diff.packages:
            if lock is not None and can_change_numbers(change) and role_of(change.name, numeric).numbers:
                names.setdefault(change.name, os.path.relpath(lock.path, evidence.project))
    if names:
        ordered = sorted(names, key=lambda name: (role_of(name, numeric).order, name))
        more = f" and {len(ordered) - _NAMED} more" if len(ordered) > _NAMED else ""
        locks = " and ".join(dict.fromkeys(names.values()))
        yield self.finding(
            "envguard.lock",
            f"{', '.join(ordered[:_NAMED])}{more} changed in {locks}, and envguard.lock did not",
            impact=Impact.NUMBERS,
            why="the record still vouches for the environment of before",
            place=Place(path=evidence.baseline.path),
            hint="install the new lock, then: envguard record && git add envguard.lock",
        )


@rule("EG114", "record-of-another-lock", "the record was made for another lock", since="0.1", need=Need.RECORD)
def record_of_another_lock(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares the digest of the lock that each recorded machine names with the lock beside it.

    ## What it sees

    A machine in `envguard.lock` whose lock digest is not that of the lock that is committed with it. Where another
    machine is up to date it is a warning: not every machine is at hand when a lock changes. A lock that is not
    committed at all, or that the commit deletes.

    ## Why it matters

    A check on that machine compares an environment of the new lock with a record of the old one.

    ## How to mend

    Install the lock on that machine, run `envguard record` there, and commit `envguard.lock` together with the lock.
    """
    baseline, digest = evidence.baseline, evidence.lock_digest
    if baseline is None:
        return
    if digest is None:
        yield from _without_lock(self, baseline)
        return
    others = {name: machine for name, machine in baseline.machines.items() if machine.lock_digest != digest}
    import shlex

    severity = Severity.ERROR if len(others) == len(baseline.machines) else Severity.WARNING
    for name, machine in sorted(others.items()):
        yield self.finding(
            name,
            f"machine '{name}' was recorded with another {evidence.lock_name} than the one beside it",
            impact=Impact.UNKNOWN,
            why="a check would compare an environment of this lock with a record of that one",
            expected=digest,
            found=machine.lock_digest,
            place=Place(path=baseline.path, keys=("machines", name, "lock", "digest")),
            hint=f"envguard record --machine {shlex.quote(name)} && git add envguard.lock",
            severities=Severities.same(severity),
        )


def _without_lock(self: Rule, baseline: Baseline) -> Iterator[Finding]:
    import shlex

    for name, machine in sorted(baseline.machines.items()):
        yield self.finding(
            name,
            f"machine '{name}' was recorded with {machine.lock_path}, which is not in the repository",
            impact=Impact.UNKNOWN,
            why="a check has no lock to compare the environment with, and nobody else can install it",
            expected=machine.lock_digest,
            found="no lock",
            place=Place(path=baseline.path, keys=("machines", name, "lock", "path")),
            hint=f"git add {shlex.quote(machine.lock_path)}, or lock anew and: envguard record --machine {shlex.quote(name)}",
        )


@rule(
    "EG907", "deleted-baseline", "the record is deleted, and something still asks for it", since="0.1", need=Need.RECORD
)
def deleted_baseline(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Looks for a record that a commit deletes while the project goes on.

    ## What it sees

    A commit that deletes `envguard.lock` and leaves settings of envguard, or a lock, in its folder.

    ## Why it matters

    From then on `envguard check` and `enforce()` refuse to go on in every checkout, and what was recorded of other
    machines is not to be had again without them.

    ## How to mend

    Put it back. A project that is to do without envguard deletes its settings in the same commit: `[tool.envguard]` in
    `pyproject.toml`, or `envguard.toml`. Where it has none, leave the hook out once:
    `SKIP=envguard-baseline git commit`.
    """
    gone = evidence.deleted_baseline
    if gone is None:
        return
    names = ", ".join(sorted(gone.machines)[:_NAMED]) + (" and more" if len(gone.machines) > _NAMED else "")
    what = f" of {names}" if names else ""
    away = (
        "delete the settings of envguard in the same commit"
        if evidence.configured
        else "SKIP=envguard-baseline git commit"
    )
    yield self.finding(
        "envguard.lock",
        f"this commit deletes envguard.lock, the record{what}",
        impact=Impact.UNKNOWN,
        why="envguard check and enforce() refuse to go on where nothing is recorded",
        place=Place(path=evidence.project),
        hint=f"git restore --staged --worktree envguard.lock; to do without envguard: {away}",
    )


@rule("EG115", "missing-manifest", "the manifest of a recorded tree is not kept", since="0.1", need=Need.RECORD)
def missing_manifest(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Looks for the manifest of every tree of data that is recorded.

    ## What it sees

    A tree in `envguard.lock` whose manifest, `.envguard/manifests/NAME.b3`, is not committed with it.

    ## Why it matters

    Without it a difference in the data is still found, but nobody else can be told which files differ.

    ## How to mend

    Add the manifest to the commit; if manifests are too large for the repository, waive this rule with that reason.
    """
    import shlex

    for name in evidence.missing_manifests if evidence.baseline is not None else ():
        path = evidence.baseline.path if evidence.baseline is not None else evidence.project
        yield self.finding(
            name,
            f"the manifest of the tree '{name}' is not in the repository",
            impact=Impact.NONE,
            why="without it nobody else can be told which files of the data differ",
            place=Place(path=path, keys=("data", name)),
            hint=f"git add {shlex.quote(f'.envguard/manifests/{name}.b3')}",
        )
