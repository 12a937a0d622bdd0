"""Where a package stands in its lock: which requirement pulls it in, for which extras and groups, in which environments."""

from __future__ import annotations

from collections import deque

from ..edges import candidates_of, named
from ..formats import by_name as format_named
from ..formats import part
from ..parts import ALWAYS, all_edges, edges_of, roots
from .places import Space

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..model import Edge, Lock, LockedPackage, When
    from .places import Places

    # A package, with one of its extras or without.
    Node = tuple[int, str | None]

_MAIN = "main"


class Ways:
    """The ways through one lock; those that depend on environments are told in the environments of *places*."""

    def __init__(self, lock: Lock, places: Places) -> None:
        self.lock = lock
        self.places = places
        self.space = Space(lock, places)
        self.by_name = named(lock.packages)
        self.roots = roots(lock)
        self._filters = any(package.when for package in lock.packages)
        self._asked = tuple(self._asks())
        self._asked_for: dict[str, list[tuple[str, Edge]]] = {}
        for place, edge in self._asked:
            self._asked_for.setdefault(edge.name, []).append((place, edge))
        self._found: dict[int, tuple[int, frozenset[str]]] | None = None
        self._alike: tuple[Ways, bool] | None = None

    def reasons(self) -> dict[str, tuple[str, ...]] | None:
        """Return for each package the shortest way to it from what is required directly, both ends named.

        A package that is required directly has itself as its way. None where the lock has no dependencies written down.
        """
        if not any(map(all_edges, self.lock.packages)):
            return None
        direct = [edge.name for _, edge in self._asked]
        if not direct:
            # What nobody else requires must be required by the project.
            required = {edge.name for package in self.lock.packages for edge in all_edges(package)}
            direct = [name for name in self.by_name if name not in required]
        ways: dict[str, tuple[str, ...]] = {}
        queue: deque[tuple[str, tuple[str, ...]]] = deque((name, (name,)) for name in sorted(direct))
        while queue:
            name, way = queue.popleft()
            if name in ways:
                continue
            ways[name] = way
            for package in self.by_name.get(name, ()):
                for edge in all_edges(package):
                    if edge.name not in ways:
                        queue.append((edge.name, (*way, edge.name)))
        return ways

    def places_alike(self, package: LockedPackage, other: Ways, its: LockedPackage) -> bool:
        """Return whether *package* is certain to stand where *its* does in *other*: asked for and installed alike.

        The two have the same version, source, conditions and markers; False where only a closer look can tell.
        """
        ours, theirs = self.lock, other.lock
        if self._alike is None or self._alike[0] is not other:
            subdirs = (ours.options.get("subdirs"), theirs.options.get("subdirs"))
            alike = (ours.format, ours.conflicts, ours.extras, subdirs[0]) == (
                theirs.format,
                theirs.conflicts,
                theirs.extras,
                subdirs[1],
            )
            self._alike = other, alike and self._filters is other._filters and bool(self.roots) is bool(other.roots)
        if not self._alike[1] or self._asked_for.get(package.name) != other._asked_for.get(its.name):
            return False
        # What is chosen by conditions of its own stands where they hold, whatever else the lock has.
        if self._filters:
            return True
        alone = len(self.by_name[package.name]) == len(other.by_name[its.name]) == 1
        return alone and self._of(package) == other._of(its)

    def direct(self, package: LockedPackage) -> frozenset[str]:
        """Return where *package* is asked for itself: ``dependencies``, ``extra x``, ``group y``; all of it where a lock says no more."""
        if self._filters:
            return self.groups(package)
        return frozenset(
            place
            for place, edge in self._asked_for.get(package.name, ())
            if any(other is package for other in candidates_of(edge, self.by_name))
        )

    def extras(self, package: LockedPackage) -> frozenset[str]:
        """Return the extras of *package* that the project itself asks for."""
        return frozenset(extra for _, edge in self._asked_for.get(package.name, ()) for extra in edge.extras)

    def groups(self, package: LockedPackage) -> frozenset[str]:
        """Return for what *package* is installed, whoever needs it: ``dependencies``, ``extra x``, ``group y``."""
        return self._of(package)[1]

    def where(self, package: LockedPackage) -> int:
        """Return in which environments *package* is installed, whatever extras and groups are chosen."""
        return self._of(package)[0]

    def _of(self, package: LockedPackage) -> tuple[int, frozenset[str]]:
        if self._filters:
            if not package.when:
                return self.places.all, frozenset((ALWAYS,))
            bits = 0
            for when in package.when:
                bits |= self._where(when)
            return self.space.where(bits), frozenset(name for when in package.when for name in self._named(when))
        if self._found is None:
            self._found = self._walk()
        return self._found.get(id(package), (0, frozenset()))

    def _where(self, when: When) -> int:
        bits = self.space.any((when.marker,))
        if when.requires_python is not None:
            bits &= self.space.with_python(when.requires_python)
        return bits & self.space.on(when.platform) if when.platform is not None else bits

    def _named(self, when: When) -> Iterator[str]:
        """Yield what has to be chosen for *when* to hold."""
        if when.marker is not None and not self.space.any((when.marker,), chosen=False) and self._where(when):
            from ..markers import MarkerError, parse

            try:
                atoms = tuple(parse(when.marker).atoms())
            except MarkerError:
                atoms = ()
            for atom in atoms:
                if atom.variable in ("extra", "extras", "dependency_groups") and atom.operator in ("==", "in"):
                    yield f"{'group' if atom.variable == 'dependency_groups' else 'extra'} {atom.value}"
        elif when.group in (None, _MAIN):
            yield ALWAYS
        else:
            yield f"extra {when.group}" if when.group in self.lock.extras else f"group {when.group}"

    def _asks(self) -> Iterator[tuple[str, Edge]]:
        """Yield what the project itself asks for, with the place that does."""
        for root in self.roots:
            yield from edges_of(root)
        form = format_named(self.lock.format)
        for item in part(form, "declared").declared(self.lock) if form.declares else ():
            if item.root:
                group = item.keys[-2] if "dependency-groups" in item.keys else None
                yield ALWAYS if group is None else f"group {group}", item.edge

    def _walk(self) -> dict[int, tuple[int, frozenset[str]]]:
        """Return in which environments, and for what, the dependencies lead to each package, by its identity."""
        state: dict[Node, tuple[int, frozenset[str]]] = {}
        packages = {id(package): package for package in self.lock.packages}
        queue: deque[Node] = deque()

        def arrive(edges: Iterable[Edge], bits: int, names: frozenset[str]) -> None:
            for edge in edges:
                here = bits & self.space.any((edge.marker,))
                for package in candidates_of(edge, self.by_name) if here else ():
                    there = here & self.space.any(package.markers or (None,))
                    for node in ((id(package), None), *((id(package), extra) for extra in edge.extras)):
                        old, known = state.get(node, (0, frozenset()))
                        if there & ~old or (there and not names <= known):
                            state[node] = (old | there, known | names)
                            queue.append(node)

        for place, edge in self._asked or self._unasked():
            arrive((edge,), self._choosing(place), frozenset((place,)))
        while queue:
            identity, extra = queue.popleft()
            package = packages[identity]
            edges = package.dependencies if extra is None else package.extras.get(extra, ())
            arrive(edges, *state[identity, extra])
        found: dict[int, tuple[int, frozenset[str]]] = {}
        for (identity, _), (bits, names) in state.items():
            old, known = found.get(identity, (0, frozenset()))
            found[identity] = (old | self.space.where(bits), known | names)
        for root in self.roots:
            found.setdefault(id(root), (self.places.all, frozenset((ALWAYS,))))
        return found

    def _choosing(self, place: str) -> int:
        """Return where something is installed that is asked for at *place*, an extra or a group of the project."""
        kind, _, name = place.partition(" ")
        if not name:
            return self.space.all
        bits = 0
        for root in self.roots:
            bits |= self.space.choosing(kind, root.name, name)
        return bits or self.space.all

    def _unasked(self) -> Iterator[tuple[str, Edge]]:
        from ..model import Edge

        required = {edge.name for package in self.lock.packages for _, edge in edges_of(package)}
        return ((ALWAYS, Edge(name=name)) for name in self.by_name if name not in required)
