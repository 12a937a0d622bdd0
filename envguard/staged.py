"""What will be committed, judged by the files that are staged: what the hooks of pre-commit ask."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .check import report_on
from .errors import LockfileError, RepositoryError
from .observe import find_project, look_at_files
from .repository.snapshot import index_reader
from .rules.registry import Need

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .lockfiles.diff.model import LockDiff
    from .lockfiles.model import Lock
    from .model import Report, Severity
    from .repository.snapshot import SnapshotReader
    from .rules.evidence import Evidence

_HEAD = "HEAD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """What is staged, and what was committed last (None where nothing was), each through a reader."""

    index: SnapshotReader
    head: SnapshotReader | None

    def projects(self, files: Iterable[str]) -> list[str]:
        """Return the folders of the projects that *files*, absolute, belong to, each once."""
        found: dict[str, None] = {}
        for file in files:
            start = file if self.index.is_dir(file) else os.path.dirname(file)
            # A folder of which everything was removed is not there any more.
            while not self.index.exists(start) and os.path.dirname(start) != start:
                start = os.path.dirname(start)
            found[find_project(self.index, start)] = None
        return list(found)


def open_staged(folder: str) -> Staged:
    """Return what is staged in the repository around *folder*; RepositoryError where there is none."""
    index = index_reader(folder)
    try:
        head = index.revision(_HEAD)
        head.exists(head.root)
    except RepositoryError as error:
        if "there is no revision" not in error.message:
            raise
        head = None
    return Staged(index=index, head=head)


def judge_lock(staged: Staged, project: str, *, fail_on: Severity | None = None) -> Report:
    """Return the report on the staged lock: against its manifest, against itself, and against the lock of before."""
    evidence = _with_change(staged, look_at_files(staged.index, project))
    return report_on(evidence, fail_on, (Need.NOTHING, Need.LOCK, Need.CHANGE))


def judge_change(staged: Staged, project: str, *, fail_on: Severity | None = None) -> tuple[LockDiff, Report]:
    """Return the staged change of the lock, and the report on it and on the record beside it."""
    from .baseline import FILE, read_baseline
    from .lockfiles.diff.compare import compare

    evidence = _with_change(staged, look_at_files(staged.index, project, deeply=False))
    path = os.path.join(project, FILE)
    if staged.head is not None and evidence.change is not None:
        baseline = read_baseline(staged.index, project)
        changed = staged.head.identity(path) != staged.index.identity(path)
        evidence = replace(evidence, baseline=baseline, baseline_changed=changed)
    diff = evidence.change or compare(evidence.lock, evidence.lock)
    return diff, report_on(evidence, fail_on, (Need.CHANGE,))


def judge_record(staged: Staged, project: str, *, fail_on: Severity | None = None) -> Report:
    """Return the report on the staged ``envguard.lock``; BaselineError where it is none that can be read."""
    from .baseline import read_baseline
    from .trees.places import manifest_path

    evidence = look_at_files(staged.index, project, deeply=False)
    baseline = read_baseline(staged.index, project)
    missing = tuple(
        name
        for name in sorted(baseline.data if baseline is not None else ())
        if not staged.index.is_file(manifest_path(project, name))
    )
    return report_on(replace(evidence, baseline=baseline, missing_manifests=missing), fail_on, (Need.RECORD,))


def _with_change(staged: Staged, evidence: Evidence) -> Evidence:
    """Return *evidence* with what its main lock changes, where it changes anything."""
    lock = evidence.lock
    if lock is None or staged.head is None:
        return evidence
    if staged.head.identity(lock.path) == staged.index.identity(lock.path):
        return evidence
    from .lockfiles import read_lock
    from .lockfiles.diff.compare import compare

    before: Lock | None = None
    if staged.head.is_file(lock.path):
        try:
            before = read_lock(staged.head, lock.path)
        except LockfileError:
            # What was committed cannot be read; what is staged now mends it, or is told by its own reader.
            before = None
    return replace(evidence, change=compare(before, lock))
