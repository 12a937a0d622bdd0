"""Which packages an installer takes from requirements files: every line whose marker holds.

Groups and extras do not exist there; several files are the groups, and ``lock = ["...", "..."]`` in the settings names them.
"""

from __future__ import annotations

from ...errors import LockfileError
from ...names import normalize
from ..coverage import RefusedError, holds, refuse_unknown
from ..model import Selected, SourceKind
from ..parts import told_apart

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..model import Lock, LockedPackage, Refused, Selection


def select(lock: Lock, selection: Selection, environment: Mapping[str, str]) -> Selected | Refused:
    """Return what *selection* of *lock* installs in *environment* (marker variables), or why there is no answer.

    Raises LockfileError where the lock contradicts itself on the way.
    """
    try:
        refuse_unknown("package", map(normalize, set(selection.packages) - {"*"}), ())
        refuse_unknown("extra", map(normalize, selection.extras), ())
        refuse_unknown("group", map(normalize, selection.groups), ())
    except RefusedError as error:
        return error.refused
    found: dict[str, LockedPackage] = {}
    for package in lock.packages:
        if package.source.kind is SourceKind.VIRTUAL or not _wanted(lock, package, environment):
            continue
        known = found.get(package.name)
        if known is None or (known.specifier is not None and package.specifier is None):
            found[package.name] = package
        elif package.specifier is None and (known.version, known.source) != (package.version, package.source):
            raise LockfileError(
                f"two entries of {package.name} are selected at once: {told_apart(known, package)}",
                path=package.path or lock.path,
                line=package.line,
                hint=lock.commands.lock,
            )
    return Selected(packages=tuple(package for _, package in sorted(found.items())), groups=())


def _wanted(lock: Lock, package: LockedPackage, environment: Mapping[str, str]) -> bool:
    return not package.when or any(
        when.marker is None or holds(lock, package.route, when.marker, environment, frozenset())
        for when in package.when
    )
