"""Where a package stands in its lock: which requirement pulls it in, in which groups, under which markers."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from ..edges import candidates_of
from ..parts import ALWAYS, edges_of, roots

if TYPE_CHECKING:
    from ..model import Lock, LockedPackage


class Ways:
    """The ways through one lock, each computed when it is first asked for."""

    def __init__(self, lock: Lock) -> None:
        self.lock = lock
        self.by_name: dict[str, list[LockedPackage]] = {}
        for package in lock.packages:
            self.by_name.setdefault(package.name, []).append(package)
        self.roots = roots(lock)
        self._conditions: dict[str, frozenset[str]] | None = None

    def reasons(self) -> dict[str, tuple[str, ...]] | None:
        """Return for each package the shortest way to it from what is required directly, both ends named.

        A package that is required directly has itself as its way. None where the lock has no dependencies written down.
        """
        edges = [(package, edge) for package in self.lock.packages for _, edge in edges_of(package)]
        if not edges:
            return None
        if self.roots:
            direct = [edge.name for root in self.roots for _, edge in edges_of(root)]
        else:
            # What nobody else requires must be required by the project.
            required = {edge.name for _, edge in edges}
            direct = [name for name in self.by_name if name not in required]
        ways: dict[str, tuple[str, ...]] = {}
        queue: deque[tuple[str, tuple[str, ...]]] = deque((name, (name,)) for name in sorted(direct))
        while queue:
            name, way = queue.popleft()
            if name in ways:
                continue
            ways[name] = way
            for package in self.by_name.get(name, ()):
                for _, edge in edges_of(package):
                    if edge.name not in ways:
                        queue.append((edge.name, (*way, edge.name)))
        return ways

    def groups(self, package: LockedPackage) -> frozenset[str]:
        """Return where *package* is asked for: ``dependencies``, ``extra x``, ``group y``; nothing where only others need it."""
        if package.when:
            return frozenset(ALWAYS if when.group is None else self._named(when.group) for when in package.when)
        return frozenset(
            place
            for root in self.roots
            for place, edge in edges_of(root)
            if edge.name == package.name and package in candidates_of(edge, self.by_name)
        )

    def _named(self, group: str) -> str:
        return f"extra {group}" if group in self.lock.extras else f"group {group}"

    def conditions(self, package: LockedPackage) -> frozenset[str]:
        """Return the markers under which *package* is installed, of which any may hold; empty where it always is."""
        if package.when:
            markers = [when.marker for when in package.when]
            return frozenset() if None in markers else frozenset(filter(None, markers))
        if self._conditions is None:
            self._conditions = self._from_edges()
        return self._conditions.get(package.name, frozenset())

    def _from_edges(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str] | None] = {}
        for package in self.lock.packages:
            for _, edge in edges_of(package):
                known = found.setdefault(edge.name, set())
                if edge.marker is None:
                    found[edge.name] = None
                elif known is not None:
                    known.add(edge.marker)
        return {name: frozenset(markers or ()) for name, markers in found.items()}
