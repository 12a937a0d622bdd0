"""Which packages should be here, for any format."""

from __future__ import annotations

from .formats import by_name, selector

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .model import Lock, Refused, Selected, Selection


def select(lock: Lock, selection: Selection, environment: Mapping[str, str]) -> Selected | Refused:
    """Return what *selection* of *lock* installs in *environment* (marker variables), or why there is no answer.

    Raises LockfileError where the lock contradicts itself on the way.
    """
    selected: Selected | Refused = selector(by_name(lock.format)).select(lock, selection, environment)
    return selected
