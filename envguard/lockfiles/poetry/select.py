"""Which packages ``poetry install`` would install.

Since version 2.1 of the lock each package says in which groups it is, and under which marker in each. Extras and groups are
two namespaces: an extra and a group may have one name. Older locks are walked, see ``walk``.
"""

from __future__ import annotations

from ...errors import LockfileError
from ...names import normalize
from ..coverage import RefusedError, holds, refuse_uncovered, refuse_unknown
from ..model import Selected, SourceKind
from ..parts import told_apart
from .tables import MAIN, RECORDS_GROUPS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..model import Lock, LockedPackage, Refused, Selection

_RELOCK = "lock with poetry 2.0 or later, which records it: poetry lock"


def select(lock: Lock, selection: Selection, environment: Mapping[str, str]) -> Selected | Refused:
    """Return what *selection* of *lock* installs in *environment* (marker variables), or why there is no answer.

    Raises LockfileError where the lock contradicts itself on the way, or where it does not tell.
    """
    extras = frozenset(normalize(extra) for extra in selection.extras)
    groups = frozenset(normalize(group) for group in selection.groups)
    project = next((package for package in lock.packages if package.path is not None), None)
    try:
        refuse_uncovered(lock, environment)
        own = {project.name} if project is not None else set()
        refuse_unknown("package", set(map(normalize, selection.packages)) - {"*"} - own, own)
        refuse_unknown("extra", extras - set(lock.extras), lock.extras)
        refuse_unknown("group", groups - set(lock.groups), lock.groups)
    except RefusedError as error:
        return error.refused
    if selection.default_groups:
        groups |= _default(lock, project)
    if (lock.version, lock.revision) < RECORDS_GROUPS:
        from ..walk import walk

        project = _required(lock, project)
        silent = f"a lock of version {lock.version}.{lock.revision}"
        found = walk(lock, project, extras, groups, environment, silent=silent, hint=_RELOCK)
    else:
        found = _filtered(lock, extras, groups | {MAIN}, environment)
    if project is not None and project.source.kind is not SourceKind.VIRTUAL:
        found[project.name] = project
    return Selected(
        packages=tuple(package for _, package in sorted(found.items())), groups=tuple(sorted(groups - {MAIN}))
    )


def _default(lock: Lock, project: LockedPackage | None) -> frozenset[str]:
    """Return the groups that are installed unless somebody says otherwise."""
    if project is None and set(lock.groups) != {MAIN}:
        raise LockfileError(
            "which of its groups are optional is known to pyproject.toml alone, and there is none beside the lock",
            path=lock.path,
            hint="choose the groups: --no-default-groups --group NAME",
        )
    return frozenset(lock.default_groups)


def _required(lock: Lock, project: LockedPackage | None) -> LockedPackage:
    if project is None:
        raise LockfileError(
            f"a lock of version {lock.version}.{lock.revision} does not say what the project requires, "
            "and there is no pyproject.toml beside it",
            path=lock.path,
            hint=_RELOCK,
        )
    return project


def _filtered(
    lock: Lock, extras: frozenset[str], groups: frozenset[str], environment: Mapping[str, str]
) -> dict[str, LockedPackage]:
    found: dict[str, LockedPackage] = {}
    for package in lock.packages:
        if not any(
            when.group in groups
            and (when.marker is None or holds(lock, (*package.route, "markers"), when.marker, environment, extras))
            for when in package.when
        ):
            continue
        other = found.setdefault(package.name, package)
        if other is not package:
            raise LockfileError(
                f"two entries of {package.name} are selected at once: {told_apart(other, package)}",
                path=lock.path,
                keys=package.route,
                hint=lock.commands.lock,
            )
    return found
