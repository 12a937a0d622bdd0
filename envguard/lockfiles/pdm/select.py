"""Which packages ``pdm sync`` would install.

With the strategy ``inherit_metadata``, the default, each package says in which groups it is and under which marker; then the
filter that other formats share selects. Without it the dependencies are walked from the manifest's requirements.
"""

from __future__ import annotations

from ...errors import LockfileError
from ...names import normalize
from .. import flat
from ..coverage import RefusedError, refuse_uncovered, refuse_unknown
from ..model import Selected, SourceKind
from .tables import DEFAULT, INHERIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..model import Lock, Refused, Selection


def select(lock: Lock, selection: Selection, environment: Mapping[str, str]) -> Selected | Refused:
    """Return what *selection* of *lock* installs in *environment* (marker variables), or why there is no answer.

    Raises LockfileError where the lock contradicts itself on the way, or where it does not tell.
    """
    if lock.options[INHERIT]:
        return flat.select(lock, selection, environment)
    chosen = frozenset(normalize(name) for name in (*selection.extras, *selection.groups))
    try:
        refuse_uncovered(lock, environment)
        refuse_unknown("group", chosen - {*lock.extras, *lock.groups}, (*lock.extras, *lock.groups))
    except RefusedError as error:
        return error.refused
    if selection.default_groups:
        chosen |= frozenset(lock.default_groups)
    project = next((package for package in lock.packages if package.path is not None), None)
    if project is None:
        raise LockfileError(
            "does not say what the project requires, and there is no pyproject.toml beside it",
            path=lock.path,
            hint=_RELOCK,
        )
    from ..walk import walk

    silent = f"a lock without {INHERIT}"
    found = walk(lock, project, chosen, chosen, environment, silent=silent, hint=_RELOCK)
    if project.source.kind is not SourceKind.VIRTUAL:
        found[project.name] = project
    return Selected(
        packages=tuple(package for _, package in sorted(found.items())),
        groups=tuple(sorted(name for name in chosen & set(lock.groups) if name != DEFAULT)),
    )


_RELOCK = f"lock with what packages inherit: pdm lock --strategy {INHERIT}"
