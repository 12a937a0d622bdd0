"""Which packages should be here, in the formats that need no walk: each entry says itself when it is installed."""

from __future__ import annotations

from ..errors import LockfileError
from ..names import normalize
from .coverage import RefusedError, holds, python_in, refuse_uncovered, refuse_unknown
from .model import Selected, SourceKind
from .parts import told_apart

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .model import Lock, LockedPackage, Refused, Selection, When


def select(lock: Lock, selection: Selection, environment: Mapping[str, str]) -> Selected | Refused:
    """Return what *selection* of *lock* installs in *environment* (marker variables), or why there is no answer.

    An extra and a group are one namespace here, since some tools call the one the other. ``conda_subdir`` in *environment*
    is the conda platform, where it matters. Raises LockfileError where the lock contradicts itself on the way.
    """
    extras = frozenset(normalize(extra) for extra in selection.extras)
    groups = frozenset(normalize(group) for group in selection.groups)
    known = {normalize(name) for name in (*lock.extras, *lock.groups)}
    try:
        refuse_uncovered(lock, environment)
        refuse_unknown("package", map(normalize, set(selection.packages) - {"*"}), ())
        refuse_unknown("extra", extras - known, map(normalize, lock.extras))
        refuse_unknown("group", groups - known, map(normalize, lock.groups))
    except RefusedError as error:
        return error.refused
    if selection.default_groups:
        groups |= {normalize(group) for group in lock.default_groups}
    chosen = extras | groups
    found: dict[tuple[str, bool], LockedPackage] = {}
    for package in lock.packages:
        if package.source.kind is SourceKind.VIRTUAL or not _wanted(lock, package, environment, chosen):
            continue
        # A conda package and a package of an index may share a name and are both installed.
        other = found.setdefault((package.name, package.source.kind is SourceKind.CONDA), package)
        if (other.version, other.source, other.conda) != (package.version, package.source, package.conda):
            raise LockfileError(
                f"two entries of {package.name} are selected at once: {told_apart(other, package)}",
                path=package.path or lock.path,
                keys=package.route,
                line=package.line,
                hint=lock.commands.lock,
            )
    return Selected(
        packages=tuple(sorted(found.values(), key=lambda package: package.name)),
        groups=tuple(sorted(groups & set(map(normalize, lock.groups)))),
    )


def _wanted(lock: Lock, package: LockedPackage, environment: Mapping[str, str], chosen: frozenset[str]) -> bool:
    return not package.when or any(_holds(lock, package, when, environment, chosen) for when in package.when)


def _holds(
    lock: Lock, package: LockedPackage, when: When, environment: Mapping[str, str], chosen: frozenset[str]
) -> bool:
    if when.group is not None and normalize(when.group) not in chosen:
        return False
    if when.platform is not None and when.platform != environment.get("conda_subdir"):
        return False
    if when.requires_python is not None and not python_in(
        environment["python_full_version"], when.requires_python, lock, package.route
    ):
        return False
    return when.marker is None or holds(lock, package.route, when.marker, environment, chosen)
