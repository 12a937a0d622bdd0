"""Which packages follow from a lock that has neither groups nor markers of packages.

Its tool resolves anew when it installs, with nothing but what is locked to choose from. Here the dependencies are followed
from the manifest's requirements; where more than one locked version would do, nobody can tell and nothing is guessed.
"""

from __future__ import annotations

from ..errors import LockfileError
from .coverage import holds, python_in
from .edges import fits, named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .model import Edge, Lock, LockedPackage


def walk(
    lock: Lock,
    project: LockedPackage,
    extras: frozenset[str],
    groups: frozenset[str],
    environment: Mapping[str, str],
    *,
    silent: str,
    hint: str,
) -> dict[str, LockedPackage]:
    """Return the packages, by name, that *project* needs in *environment* with *extras* and *groups*.

    *silent* are words for a lock that does not say more, *hint* is the command that makes one that does. Raises LockfileError where the lock does not tell which of several versions is meant, or where none fits.
    """
    steps = _Walk(lock, project, extras, groups, environment)
    pinned: dict[str, LockedPackage] = {}
    while True:
        asked = steps.asked(pinned)
        told = {
            name: candidates[0]
            for name, edges in asked.items()
            if name not in pinned and len(candidates := steps.candidates(name, edges)) == 1
        }
        if told:
            pinned |= told
            continue
        steps.refuse_unclear(asked, pinned, silent, hint)
        return {name: pinned[name] for name in asked}


class _Walk:
    def __init__(
        self,
        lock: Lock,
        project: LockedPackage,
        extras: frozenset[str],
        groups: frozenset[str],
        environment: Mapping[str, str],
    ) -> None:
        self.lock = lock
        self.environment = environment
        self.extras = extras
        self.by_name = named(package for package in lock.packages if package is not project)
        self.roots = [
            *project.dependencies,
            *(edge for extra in sorted(extras) for edge in project.extras.get(extra, ())),
            *(edge for group in sorted(groups) for edge in project.groups.get(group, ())),
        ]
        self.project = project

    def asked(self, pinned: Mapping[str, LockedPackage]) -> dict[str, list[Edge]]:
        """Return the names that are needed, with every edge to them, as far as it is known which package each is."""
        found: dict[str, list[Edge]] = {}
        active: dict[str, frozenset[str]] = {}
        queue = list(self._holding(self.project, self.roots, self.extras))
        while queue:
            edge = queue.pop()
            edges = found.setdefault(edge.name, [])
            more = frozenset(edge.extras) | active.get(edge.name, frozenset())
            new = edge not in edges
            if new:
                edges.append(edge)
            if (new and len(edges) == 1) or more != active.get(edge.name):
                active[edge.name] = more
                package = pinned.get(edge.name)
                if package is not None:
                    inner = [e for extra in sorted(more) for e in package.extras.get(extra, ())]
                    queue += self._holding(package, [*package.dependencies, *inner], more)
        return found

    def _holding(self, package: LockedPackage, edges: list[Edge], extras: frozenset[str]) -> Iterator[Edge]:
        for edge in edges:
            marker = edge.marker
            if marker is None or holds(self.lock, package.route, marker, self.environment, extras):
                yield edge

    def candidates(self, name: str, edges: list[Edge]) -> list[LockedPackage]:
        """Return the locked packages called *name* that all of *edges* can mean here."""
        entries = self.by_name.get(name, [])
        if len(entries) < 2:
            return entries
        return [
            package
            for package in entries
            if self._runs_here(package)
            and all(edge.version in (None, package.version) and fits(package, edge) for edge in edges)
        ]

    def _runs_here(self, package: LockedPackage) -> bool:
        requires = package.metadata["python"] if package.metadata is not None else None
        return requires is None or python_in(
            self.environment["python_full_version"], requires, self.lock, (*package.route, "python-versions")
        )

    def refuse_unclear(
        self, asked: Mapping[str, list[Edge]], pinned: Mapping[str, LockedPackage], silent: str, hint: str
    ) -> None:
        """Raise LockfileError where a name of *asked* has no one package, or one that something else contradicts."""
        for name, edges in sorted(asked.items()):
            entries = self.by_name.get(name, [])
            candidates = self.candidates(name, edges)
            if name in pinned and (len(entries) < 2 or pinned[name] in candidates):
                continue
            versions = " and ".join(f"{name} {package.version}" for package in candidates or entries) or name
            if not entries:
                message = f"{name} is needed here, and the lock has no entry for it"
            elif candidates:
                message = f"which of {versions} is meant here cannot be told: {silent} does not say"
            else:
                message = f"none of {versions} is all that is asked for here"
            keys = entries[0].route if entries else ()
            raise LockfileError(message, path=self.lock.path, keys=keys, hint=hint)
