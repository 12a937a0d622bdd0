"""What only the locks of poetry and pdm can contradict themselves in: an entry that their project asks for, and that is gone."""

from __future__ import annotations

from ..model import Inconsistency
from .besides import MISSING, said

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Lock


def inconsistencies(lock: Lock) -> Iterator[Inconsistency]:
    """Yield what the project of *lock* requires and its groups have no entry for."""
    for package, item in said(lock, MISSING):
        yield Inconsistency(
            kind="edge",
            subject=item["name"],
            message=f"{package.name or 'the project'} requires {item['name']}, which leads to no entry of the lock",
            keys=tuple(item["keys"]),
            path=package.path,
            expected=item["text"] or item["name"],
            found="none of that name where it is asked for",
        )
