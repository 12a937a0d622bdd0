"""What requirements files allow beside what they pin: constraints, and lines that another line pins."""

from __future__ import annotations

from ..model import Declared, Edge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Lock


def declared(lock: Lock) -> Iterator[Declared]:
    """Yield everything that *lock* records as allowed, each with its file and line."""
    for item in lock.manifest["limits"]:
        edge = Edge(name=item["name"], specifier=item["specifier"], marker=item["marker"])
        path = item["path"] if item["path"] != lock.path else None
        yield Declared(edge=edge, by=item["by"], keys=(), line=item["line"], path=path)
