"""Which packages should be here: a walk over the lock, without a resolver.

What is selected (projects, extras, groups) enters the markers as pseudo-extras, ``extra-<len>-<package>-<extra>`` and the
like, as uv encodes them for conflicts (uv: crates/uv-resolver, "universal_marker").
"""

from __future__ import annotations

from collections import deque

from ...errors import LockfileError
from ...names import normalize
from ..coverage import RefusedError, holds, python_in, refuse_uncovered, refuse_unknown
from ..edges import candidates_of
from ..model import Edge, RefusalKind, Refused, Selected, SourceKind
from ..parts import told_apart
from .tables import LockTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..model import Lock, LockedPackage, Selection

_ROUNDS = 16


def select(lock: Lock, selection: Selection, environment: Mapping[str, str]) -> Selected | Refused:
    """Return what *selection* of *lock* installs in *environment* (marker variables), or why there is no answer.

    Raises LockfileError where the lock contradicts itself on the way.
    """
    try:
        refuse_uncovered(lock, environment)
        return _Walk(lock, selection, environment).run()
    except RefusedError as error:
        return error.refused


class _Roots:
    """What the walk starts from: edges with their place in the lock, and what the selection activates."""

    __slots__ = ("active", "edges", "groups", "packages")

    def __init__(self) -> None:
        self.edges: list[tuple[tuple[str | int, ...], Edge]] = []
        self.packages: list[LockedPackage] = []
        self.active: set[str] = set()
        self.groups: set[str] = set()


class _Walk:
    def __init__(self, lock: Lock, selection: Selection, environment: Mapping[str, str]) -> None:
        self.lock = lock
        self.selection = selection
        self.environment = environment
        self.by_name: dict[str, list[LockedPackage]] = {}
        for package in lock.packages:
            self.by_name.setdefault(package.name, []).append(package)

    def run(self) -> Selected:
        roots = self.roots()
        active = frozenset(roots.active)
        self.refuse_conflicts(active)
        for _ in range(_ROUNDS):
            found, reached = self.walk(roots, active)
            if reached == active or not self.lock.conflicts:
                break
            active = reached
        self.refuse_conflicts(active | reached)
        packages = (package for package in found.values() if package.source.kind is not SourceKind.VIRTUAL)
        return Selected(
            packages=tuple(sorted(packages, key=lambda package: package.name)), groups=tuple(sorted(roots.groups))
        )

    def roots(self) -> _Roots:
        roots = _Roots()
        members = self.members()
        extras = {normalize(extra) for extra in self.selection.extras}
        groups = {normalize(group) for group in self.selection.groups}
        known_extras: set[str] = set()
        known_groups: set[str] = set()
        for package in members:
            known_extras |= package.extras.keys() | set((package.metadata or {}).get("provides-extras", ()))
            known_groups |= package.groups.keys() | set((package.metadata or {}).get("requires-dev", ()))
            self.add_member(roots, package, extras, groups | self.default_groups(package))
        if not members:
            known_groups |= self.add_manifest(roots, groups)
        refuse_unknown("extra", extras - known_extras, known_extras)
        refuse_unknown("group", groups - known_groups, known_groups)
        return roots

    def add_member(self, roots: _Roots, package: LockedPackage, extras: set[str], groups: set[str]) -> None:
        place = ("package", package.index)
        roots.packages.append(package)
        roots.active.add(encode("project", package.name))
        roots.edges += [((*place, "dependencies", n), edge) for n, edge in enumerate(package.dependencies)]
        for extra in sorted(extras & package.extras.keys()):
            roots.active.add(encode("extra", package.name, extra))
            keys = (*place, "optional-dependencies", extra)
            roots.edges += [((*keys, n), edge) for n, edge in enumerate(package.extras[extra])]
        for group in sorted(groups & package.groups.keys()):
            self.refuse_group_python(package.group_requires_python, group, (*place, "group-requires-python", group))
            roots.groups.add(group)
            roots.active.add(encode("group", package.name, group))
            keys = (*place, "dev-dependencies", group)
            roots.edges += [((*keys, n), edge) for n, edge in enumerate(package.groups[group])]

    def add_manifest(self, roots: _Roots, wanted: set[str]) -> set[str]:
        """Start from ``[manifest]``: a root without ``[project]``, or a script."""
        manifest = self.lock.manifest
        tables = manifest.get("dependency-groups", {})
        chosen = set(wanted)
        if self.selection.default_groups:
            chosen |= set(manifest.get("default-groups", ["dev"])) & set(tables)
        lists: list[tuple[tuple[str, ...], Any]] = [(("manifest", "requirements"), manifest.get("requirements", []))]
        for group in sorted(chosen & set(tables)):
            ranges = manifest.get("group-requires-python", {})
            self.refuse_group_python(ranges, group, ("manifest", "group-requires-python", group))
            roots.groups.add(group)
            lists.append((("manifest", "dependency-groups", group), tables[group]))
        for keys, items in lists:
            for number, item in enumerate(items):
                asked = LockTable(self.lock.path, (*keys, number), item)
                edge = Edge(name=asked.required("name"), extras=asked.texts("extras"), marker=asked.text("marker"))
                roots.edges.append(((*keys, number), edge))
        return set(tables)

    def members(self) -> list[LockedPackage]:
        """Return the packages that are selected as roots."""
        local = (SourceKind.EDITABLE, SourceKind.VIRTUAL, SourceKind.DIRECTORY)
        here = [p for p in self.lock.packages if p.source.kind in local]
        named = {normalize(name) for name in self.selection.packages}
        members = [p for p in here if p.name in self.lock.members] if self.lock.members else []
        root = [p for p in here if p.source.location == "."]
        if not named:
            return root
        every = members or root
        if "*" in named:
            return every
        refuse_unknown("package", named - {p.name for p in every}, {p.name for p in every})
        return [p for p in every if p.name in named]

    def default_groups(self, package: LockedPackage) -> set[str]:
        if not self.selection.default_groups:
            return set()
        if package.default_groups is None:
            return {"dev"}
        return set(package.groups) if package.default_groups == ("all",) else set(package.default_groups)

    def walk(self, roots: _Roots, active: frozenset[str]) -> tuple[dict[str, LockedPackage], frozenset[str]]:
        """Return the packages that are reached while *active* holds, and what they activate themselves."""
        found = {package.name: package for package in roots.packages}
        reached = set(roots.active)
        queue: deque[tuple[tuple[str | int, ...], Edge]] = deque(roots.edges)
        seen: set[tuple[int, str | None]] = {(package.index, None) for package in roots.packages}
        # A root's extras that another package asks for were not selected, and are walked when they are reached.
        while queue:
            keys, edge = queue.popleft()
            if edge.marker is not None and not holds(self.lock, keys, edge.marker, self.environment, active):
                continue
            package = self.resolve(edge, keys)
            other = found.setdefault(package.name, package)
            if other is not package:
                raise LockfileError(
                    f"two entries of {package.name} are selected at once: {told_apart(other, package)}",
                    path=self.lock.path,
                    keys=keys,
                    hint="uv lock",
                )
            place = ("package", package.index)
            if (package.index, None) not in seen:
                seen.add((package.index, None))
                queue.extend(((*place, "dependencies", n), e) for n, e in enumerate(package.dependencies))
            for extra in edge.extras:
                reached.add(encode("extra", package.name, extra))
                if (package.index, extra) in seen:
                    continue
                seen.add((package.index, extra))
                edges = package.extras.get(extra, ())
                queue.extend(((*place, "optional-dependencies", extra, n), e) for n, e in enumerate(edges))
        return found, frozenset(reached)

    def resolve(self, edge: Edge, keys: tuple[str | int, ...]) -> LockedPackage:
        """Return the one package that *edge* leads to."""
        candidates = candidates_of(edge, self.by_name)
        if len(candidates) > 1:
            candidates = [
                p
                for p in candidates
                if not p.markers
                or any(
                    holds(self.lock, ("package", p.index), text, self.environment, frozenset()) for text in p.markers
                )
            ]
        if len(candidates) != 1:
            what = "no package" if not candidates else f"{len(candidates)} packages"
            raise LockfileError(
                f"the dependency on {edge.name} leads to {what}", path=self.lock.path, keys=keys, hint="uv lock"
            )
        return candidates[0]

    def refuse_group_python(self, ranges: Mapping[str, str], group: str, keys: tuple[str | int, ...]) -> None:
        python = self.environment["python_full_version"]
        if group in ranges and not python_in(python, ranges[group], self.lock, keys):
            raise RefusedError(
                Refused(
                    kind=RefusalKind.REQUIRES_PYTHON,
                    message=f"the group '{group}' is for Python {ranges[group]}, this environment has {python}",
                    keys=keys,
                    expected=ranges[group],
                    found=python,
                )
            )

    def refuse_conflicts(self, active: frozenset[str]) -> None:
        for index, items in enumerate(self.lock.conflicts):
            both = [item for item in items if _item_active(item.package, item.extra, item.group, active)]
            if len(both) > 1:
                words = " and ".join(_item_words(item.package, item.extra, item.group) for item in both)
                raise RefusedError(
                    Refused(
                        kind=RefusalKind.CONFLICT,
                        message=f"the selection cannot be installed: {words} are declared as conflicting",
                        keys=("conflicts", index),
                    )
                )


def encode(kind: str, package: str, name: str | None = None) -> str:
    """Return how uv spells a chosen extra, group or project (*kind*) in a marker: as the name of an extra."""
    text = f"{kind}-{len(package.encode())}-{package}"
    return text if name is None else f"{text}-{name}"


def _item_active(package: str, extra: str | None, group: str | None, active: frozenset[str]) -> bool:
    if extra is not None:
        return encode("extra", package, extra) in active
    if group is not None:
        return encode("group", package, group) in active
    return encode("project", package) in active


def _item_words(package: str, extra: str | None, group: str | None) -> str:
    if extra is not None:
        return f"extra '{extra}' of {package}"
    return f"group '{group}' of {package}" if group is not None else package
