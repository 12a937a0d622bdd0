"""What a manifest of poetry asks for that no extra takes in: poetry locks it, though nobody can install it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Declared, Edge
from ..parts import roots

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Lock

OPTIONAL = "optional"


def declared(lock: Lock) -> Iterator[Declared]:
    """Yield the requirements of the project of *lock* that are optional and in no extra."""
    for package in roots(lock):
        for name in (package.metadata or {}).get(OPTIONAL, ()):
            yield Declared(
                edge=Edge(name=name), by=f"{package.name} requires", keys=package.route, package=package, root=True
            )
