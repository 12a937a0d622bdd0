"""What the project of a ``poetry.lock`` asks for and nobody can install: poetry locks it all the same."""

from __future__ import annotations

from ..manifests.besides import OPTIONAL, said
from ..model import Declared, Edge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Lock


def declared(lock: Lock) -> Iterator[Declared]:
    """Yield the requirements of the project of *lock* that are optional and in no extra."""
    for package, item in said(lock, OPTIONAL):
        edge = Edge(name=item["name"])
        yield Declared(edge=edge, by=f"{package.name} requires", keys=tuple(item["keys"]), package=package, root=True)
