"""Which packages ``conda-lock install`` would install: those of the platform in the categories that are chosen."""

from __future__ import annotations

from .. import flat
from ..conda.subdirs import subdir_of
from ..model import RefusalKind, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..model import Lock, Selected, Selection


def select(lock: Lock, selection: Selection, environment: Mapping[str, str]) -> Selected | Refused:
    """Return what *selection* of *lock* installs in *environment* (marker variables), or why there is no answer.

    The category ``main`` is always installed, ``dev`` as a default group, the others as extras.
    """
    here = subdir_of(environment)
    platforms = lock.options["platforms"]
    if here is None or here not in platforms:
        found = here or f"{environment['sys_platform']} on {environment['platform_machine']}, which conda does not know"
        return Refused(
            kind=RefusalKind.ENVIRONMENT,
            message=f"the lock has no packages for this platform, {found}",
            keys=("metadata", "platforms"),
            expected=", ".join(platforms) or "a platform",
            found=found,
        )
    return flat.select(lock, selection, {**environment, "conda_subdir": here})
