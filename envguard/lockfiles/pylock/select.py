"""Which packages an installer takes from a ``pylock.toml``, as PEP 751 has it ("Installation").

Extras and groups are two namespaces; the default groups are chosen unless somebody says otherwise. That a package is not for
this Python is an error there and no reason to leave it out, and so is that none of its files can be installed here.
"""

from __future__ import annotations

from ...errors import LockfileError
from ...names import normalize
from ..coverage import RefusedError, holds, python_in, refuse_uncovered, refuse_unknown
from ..files import installable
from ..model import RefusalKind, Refused, Selected, SourceKind
from ..parts import told_apart

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..model import Lock, LockedPackage, Selection

_REQUIRES = "requires-python"


def select(lock: Lock, selection: Selection, environment: Mapping[str, str]) -> Selected | Refused:
    """Return what *selection* of *lock* installs in *environment* (marker variables), or why there is no answer.

    Raises LockfileError where the lock contradicts itself on the way.
    """
    extras = frozenset(normalize(extra) for extra in selection.extras)
    groups = frozenset(normalize(group) for group in selection.groups)
    found: dict[str, LockedPackage] = {}
    try:
        refuse_uncovered(lock, environment)
        refuse_unknown("package", map(normalize, set(selection.packages) - {"*"}), ())
        refuse_unknown("extra", extras - set(lock.extras), lock.extras)
        refuse_unknown("group", groups - set(lock.groups), lock.groups)
        if selection.default_groups:
            groups |= frozenset(lock.default_groups)
        for package in lock.packages:
            marker = package.when[0].marker
            if marker is not None and not holds(lock, (*package.route, "marker"), marker, environment, extras, groups):
                continue
            _refuse_unfit(lock, package, environment)
            if (other := found.setdefault(package.name, package)) is not package:
                _refuse_two(lock, package, other)
    except RefusedError as error:
        return error.refused
    return Selected(packages=tuple(package for _, package in sorted(found.items())), groups=tuple(sorted(groups)))


def _refuse_unfit(lock: Lock, package: LockedPackage, environment: Mapping[str, str]) -> None:
    entry = f"{package.name} {package.version or ''}".rstrip()
    python, requires = environment["python_full_version"], package.when[0].requires_python
    if requires is not None and not python_in(python, requires, lock, (*package.route, _REQUIRES)):
        raise RefusedError(
            Refused(
                kind=RefusalKind.REQUIRES_PYTHON,
                message=f"{entry} is selected here and made for Python {requires}, this environment has {python}",
                keys=(*package.route, _REQUIRES),
                expected=requires,
                found=python,
            )
        )
    if package.source.kind is SourceKind.REGISTRY and not installable(package, environment):
        here = ", ".join(environment[name] for name in ("sys_platform", "platform_machine"))
        names = [artifact.filename for artifact in package.artifacts]
        raise RefusedError(
            Refused(
                kind=RefusalKind.ENVIRONMENT,
                message=f"the lock does not cover this environment: {entry} has no file that can be installed here",
                keys=package.route,
                expected=f"a file for {here}, Python {python}",
                found=", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else ""),
            )
        )


def _refuse_two(lock: Lock, package: LockedPackage, other: LockedPackage) -> None:
    raise LockfileError(
        f"two entries of {package.name} are selected at once: {told_apart(other, package)}",
        path=lock.path,
        keys=package.route,
        hint=lock.commands.lock,
    )
