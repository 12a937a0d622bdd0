"""The dependencies that a ``poetry.lock`` writes down."""

from __future__ import annotations

from ...names import normalize
from ...patterns import late
from .requirements import requirements

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..model import Edge
    from .tables import LockTable

_NAME = late(r"\s*(?P<name>[A-Za-z0-9._-]+)\s*(?:\[(?P<extras>[^\]]*)\])?")


def edges_of(table: LockTable) -> tuple[tuple[Edge, ...], dict[str, tuple[Edge, ...]]]:
    """Return the dependencies of a package, and those of each of its extras."""
    found = list(requirements(table.table("dependencies")))
    listed = table.table("extras")
    written = {normalize(extra): extra for extra in listed.value}
    own = normalize(table.required("name")) if written else ""
    extras = {}
    for extra in written:
        names: set[str] = set()
        queue, seen = [extra], {extra}
        while queue:
            current = queue.pop()
            for text in listed.texts(written[current]) if current in written else ():
                match = _NAME.match(text)
                if match is None:
                    raise listed.error(written[current], f"'{text}' is no requirement")
                name = normalize(match["name"])
                if name != own:
                    names.add(name)
                    continue
                # An extra may take in others of its own package.
                more = {normalize(part.strip()) for part in (match["extras"] or "").split(",")} - seen
                seen |= more
                queue += more
        extras[extra] = tuple(item.edge() for item in found if item.optional and item.name in names)
    return tuple(item.edge() for item in found if not item.optional), extras
