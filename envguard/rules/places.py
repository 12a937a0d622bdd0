"""Where in a lock something stands that a rule speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Place

if TYPE_CHECKING:
    from ..lockfiles.model import LockedPackage
    from .evidence import Evidence


def place_of(evidence: Evidence, package: LockedPackage, key: str) -> Place:
    """Return the place of *key* of a locked package in the lock."""
    path = package.path or (evidence.lock.path if evidence.lock is not None else evidence.lock_name)
    return Place(path=path, keys=(*package.route, key) if package.route else (), line=package.line)
