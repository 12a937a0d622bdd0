"""What will be committed, judged by the files that are staged: what the hooks of pre-commit ask."""

from __future__ import annotations

import os

from .changed import pairs, project_locks
from .check import report_on
from .config import is_configured
from .errors import BaselineError, ConfigError, LockfileError, RepositoryError
from .lockfiles.formats import COMMON_MANIFEST, format_of
from .observe import find_project, look_at_files
from .repository.snapshot import index_reader
from .rules.registry import Need
from .values import dataclass, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .baseline import Baseline
    from .lockfiles.diff.model import LockDiff
    from .lockfiles.model import Lock
    from .model import Report, Severity
    from .repository.snapshot import SnapshotReader
    from .rules.evidence import Evidence

_HEAD = "HEAD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is judged: the locks of the folder *project*, or the one called *lock* that is none of them.

    *gone* is whether what is staged has none of these locks any more; what is left there belongs to the project *above*. *was*
    is the folder that the project was in before it moved.
    """

    project: str
    lock: str | None = None
    gone: bool = False
    above: str | None = None
    was: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """What is staged, and what was committed last (None where nothing was), each through a reader."""

    index: SnapshotReader
    head: SnapshotReader | None

    def targets(self, files: Iterable[str], *, dependents: bool = False) -> list[Target]:
        """Return what *files*, absolute, belong to, each once: their projects, and locks that are none of a project's.

        Files that belong to nothing, such as the requirements of a manual in a repository without a project, are left out. One
        that is deleted belongs to what is left of its project, and to the project that it was in, too, where that is another.
        """
        found: dict[Target, None] = {}
        for file in files:
            project = _project_of(self.index, file)
            if project is not None:
                found[Target(project=project)] = None
                if name := _stray(self.index, file, project):
                    found[Target(project=project, lock=name)] = None
            if dependents and os.path.basename(file) == COMMON_MANIFEST:
                found |= dict.fromkeys(self._made_from(os.path.dirname(file)))
            if self.head is None or self.index.exists(file) or not self.head.exists(file):
                continue
            before = _project_of(self.head, file)
            if before is None:
                continue
            name = _stray(self.head, file, before)
            if name or before != project:
                found[Target(project=before, lock=name, gone=True, above=project)] = None
        return self._moved(list(found))

    def _moved(self, targets: list[Target]) -> list[Target]:
        """Return *targets*, one that went and one that came as one where they are the same project in another folder."""
        gone = [target for target in targets if target.gone and target.lock is None]
        head = self.head
        if len(gone) != 1 or head is None:
            return targets
        from .left import moved

        (old,) = gone
        here = [target for target in targets if not target.gone and target.lock is None]
        came = [target for target in here if moved(head, self.index, old.project, target.project)]
        if len(came) != 1:
            return targets
        return [
            replace(target, was=old.project) if target is came[0] else target for target in targets if target is not old
        ]

    def _made_from(self, folder: str) -> Iterator[Target]:
        from .dependents import dependents

        for lock in dependents(self.index, self.index.real_path(folder)):
            project = _project_of(self.index, lock)
            if project is not None:
                yield Target(project=project, lock=_stray(self.index, lock, project))


def _project_of(reader: SnapshotReader, file: str) -> str | None:
    """Return the project that *file* belongs to in the eyes of *reader*, None where it belongs to none."""
    start = file if reader.is_dir(file) else os.path.dirname(file)
    # A folder of which everything was removed is not there any more.
    while not reader.exists(start) and os.path.dirname(start) != start:
        start = os.path.dirname(start)
    try:
        return find_project(reader, start)
    except ConfigError:
        return None


def _stray(reader: SnapshotReader, file: str, project: str) -> str | None:
    """Return how *project* would call the lock *file*, of a script, say, that it does not count among its own; None for others."""
    form = format_of(os.path.basename(file))
    if form is None or not form.certain or not reader.is_file(file):
        return None
    path = reader.real_path(file)
    try:
        return os.path.relpath(path, project) if path not in project_locks(reader, project).values() else None
    except ConfigError:
        # Who judges the project says what is wrong with its settings.
        return None


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


def judge_lock(
    staged: Staged, target: Target, *, anyway: bool = True, fail_on: Severity | None = None
) -> Report | None:
    """Return the report on the staged locks: against their manifests, against themselves, and against the locks of before.

    None where the lock of the target is gone together with what it was for, and, unless *anyway*, where there is no lock, was
    none, and the settings name none.
    """
    if target.gone and not _is_left(staged, target):
        return None
    evidence = look_at_files(staged.index, target.project, lock=target.lock)
    changes = tuple(_changes(staged, target, evidence))
    if not (anyway or target.gone or evidence.views or changes or evidence.config.locks or _had_lock(staged, target)):
        return None
    return report_on(replace(evidence, changes=changes), fail_on, (Need.NOTHING, Need.LOCK, Need.CHANGE))


def _is_left(staged: Staged, target: Target) -> bool:
    """Return whether what the lock of *target* was for is still there, and locked by nothing else."""
    from .left import project_without_lock, script_without_lock

    if target.lock is not None:
        return script_without_lock(staged.index, os.path.join(target.project, target.lock))
    head = staged.head
    return head is not None and project_without_lock(head, staged.index, target.project, target.above)


def _had_lock(staged: Staged, target: Target) -> bool:
    """Return whether there was a lock, be it one that could not be read."""
    from .left import locks_of

    return staged.head is not None and bool(locks_of(staged.head, target.project))


def judge_change(
    staged: Staged, target: Target, *, fail_on: Severity | None = None
) -> tuple[tuple[LockDiff, ...], Report]:
    """Return the staged changes of the locks, and the report on them and on the record beside them."""
    evidence = look_at_files(staged.index, target.project, deeply=False, lock=target.lock)
    evidence = replace(evidence, changes=tuple(_changes(staged, target, evidence)))
    if staged.head is not None and evidence.changes:
        from .baseline import FILE, read_baseline

        path = os.path.join(target.project, FILE)
        changed = staged.head.identity(path) != staged.index.identity(path)
        evidence = replace(evidence, baseline=read_baseline(staged.index, target.project), baseline_changed=changed)
    return evidence.changes, report_on(evidence, fail_on, (Need.CHANGE,))


def judge_record(
    staged: Staged, target: Target, *, anyway: bool = True, fail_on: Severity | None = None
) -> Report | None:
    """Return the report on the staged ``envguard.lock``; BaselineError where it is none that can be read.

    None, unless *anyway*, where there is none, and none is deleted from a project that goes on.
    """
    from .baseline import read_baseline
    from .trees.places import manifest_path

    project = target.project
    baseline = read_baseline(staged.index, project)
    gone = _deleted_record(staged, target) if baseline is None else None
    if baseline is None and gone is None and not anyway:
        return None
    evidence = look_at_files(staged.index, project, deeply=False)
    if gone is not None:
        now, before = (is_configured(reader, folder) for reader, folder in _sides(staged, target))
        # Where the settings went with the record, that is what is meant; where nothing is left, nothing asks for it.
        if not now and (before or not evidence.views):
            return report_on(evidence, fail_on, (Need.RECORD,)) if anyway else None
        evidence = replace(evidence, deleted_baseline=gone, configured=now)
    missing = tuple(
        name
        for name in sorted(baseline.data if baseline is not None else ())
        if not staged.index.is_file(manifest_path(project, name))
    )
    return report_on(replace(evidence, baseline=baseline, missing_manifests=missing), fail_on, (Need.RECORD,))


def _deleted_record(staged: Staged, target: Target) -> Baseline | None:
    """Return the record that was committed last and is not staged any more; None where there was none."""
    from .baseline import empty_baseline, read_baseline

    folder = target.was or target.project
    try:
        return read_baseline(staged.head, folder) if staged.head is not None else None
    except BaselineError:
        # It was of no use as it was; what goes is a record all the same.
        return empty_baseline(folder)


def _sides(staged: Staged, target: Target) -> Iterator[tuple[SnapshotReader, str]]:
    """Yield what reads what is staged, and what was committed last where anything was, each with the folder of *target* there."""
    yield staged.index, target.project
    if staged.head is not None:
        yield staged.head, target.was or target.project


def _changes(staged: Staged, target: Target, evidence: Evidence) -> Iterator[LockDiff]:
    """Yield how each lock of *evidence* differs from the one that was committed last, where it does."""
    head = staged.head
    if head is None:
        return
    now = {view.name: view.lock for view in evidence.views}
    for old, new in pairs(_before(head, target, now), {name: lock.path for name, lock in now.items()}):
        after = next((lock for lock in now.values() if lock.path == new), None)
        files = (new or "", *(after.files if after is not None else ()))
        if old == new and all(head.identity(file) == staged.index.identity(file) for file in files):
            continue
        before = _read(head, old) if old is not None else None
        if before is not None or after is not None:
            from .lockfiles.diff.compare import compare

            yield compare(before, after)


def _before(head: SnapshotReader, target: Target, now: dict[str, Lock]) -> dict[str, str]:
    """Return the locks that were committed last, by their names."""
    if target.lock is None:
        try:
            return project_locks(head, target.was or target.project)
        except ConfigError:
            # What was committed cannot be used as it was; what is staged mends it. What has the same name can be compared.
            pass
    names = now if target.lock is None else {**now, target.lock: None}
    paths = {name: os.path.join(target.was or target.project, name) for name in names}
    return {name: path for name, path in paths.items() if head.is_file(path)}


def _read(reader: SnapshotReader, path: str) -> Lock | None:
    from .lockfiles import read_lock

    try:
        return read_lock(reader, path)
    except LockfileError:
        # What was committed cannot be read; what is staged now mends it, or is told by its own reader.
        return None
