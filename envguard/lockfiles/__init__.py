"""Lockfiles: one reader a format, one model, and what follows from a lock without a resolver and without a network."""

from __future__ import annotations

import os

from ..errors import ConfigError, LockfileError
from .formats import EXPORTED_LOCKS, FORMATS, NATIVE_LOCKS, by_name, format_of, part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..reader import Reader
    from .model import FreshnessVerdict, Inconsistency, Lock


def find_lock(reader: Reader, project: str, named: str | None) -> str | None:
    """Return the path of the lock of the folder *project*, None where there is none.

    *named* is the lock that the settings name, relative to the project or absolute. Without one the project's own lock is
    taken, one that a tool installs from before what may be an export of it; ConfigError where several tools have left
    theirs, since any of them could be the one that counts. What has the name of a lock and is none is passed over.
    """
    if named is not None:
        path = os.path.normpath(os.path.join(project, named))
        return path if reader.exists(path) else None
    for names in (NATIVE_LOCKS, EXPORTED_LOCKS):
        found = [name for name in names if _is_lock(reader, os.path.join(project, name))]
        if len(found) > 1:
            raise ConfigError(
                f"several locks are here: {', '.join(found)}; any of them could be the one that counts",
                path=project,
                hint=f'name it under [tool.envguard]: lock = "{found[0]}"',
            )
        if found:
            return os.path.join(project, found[0])
    return None


def _is_lock(reader: Reader, path: str) -> bool:
    form = format_of(os.path.basename(path))
    if not reader.exists(path) or form is None:
        return False
    return form.certain or bool(part(form, "recognition").is_lock(reader, path))


def passed_over(reader: Reader, project: str) -> str | None:
    """Return the name of the file in the folder *project* that has the name of a lock and is none; None where there is none."""
    names = (form.files[0] for form in FORMATS if not form.certain)
    return next((name for name in names if reader.exists(os.path.join(project, name))), None)


def read_lock(reader: Reader, path: str, *, anew: bool = False) -> Lock:
    """Return the lock at *path*; LockfileError where its format is not one that is read here.

    *anew* parses it even if it was read before.
    """
    parse = _parser(path)
    if anew:
        return parse(reader)
    from . import compiled

    return compiled.lock_at(reader, path, parse)


def judge_lock(
    reader: Reader, path: str, *, anew: bool = False
) -> tuple[Lock, FreshnessVerdict, tuple[Inconsistency, ...]]:
    """Return the lock at *path*, whether it is fresh, and where it contradicts itself; the errors are those of both."""
    parse = _parser(path)
    if anew:
        lock = parse(reader)
        return lock, *_verdicts(reader, lock)
    from . import compiled

    lock, verdicts = compiled.judged_at(reader, path, parse, _verdicts)
    return lock, *verdicts


def _verdicts(reader: Reader, lock: Lock) -> tuple[FreshnessVerdict, tuple[Inconsistency, ...]]:
    from .consistency import inconsistencies

    return freshness(reader, lock), inconsistencies(lock)


def _parser(path: str) -> Callable[[Reader], Lock]:
    form = format_of(os.path.basename(path))
    if form is None:
        known = ", ".join(form.files[0] for form in FORMATS)
        raise LockfileError(f"this kind of lock is not read here; what is read is {known}", path=path)

    def parse(reader: Reader) -> Lock:
        lock: Lock = part(form, "reader").read(reader, path)
        return lock

    return parse


def freshness(reader: Reader, lock: Lock) -> FreshnessVerdict:
    """Return whether *lock* still belongs to its manifest, decided offline as its own tool decides it.

    Raises ConfigError where a manifest cannot be used, LockfileError where the lock is one of another project,
    UnreadableError where a manifest cannot be read.
    """
    verdict: FreshnessVerdict = part(by_name(lock.format), "freshness").freshness(reader, lock)
    return verdict
