"""Where the requirements in a manifest of pixi lead: to what is missing in the lock, and never to what is left over in it."""

from __future__ import annotations

from ...conda.specs import parse_spec
from ...names import normalize
from ..markers import MarkerError, parse
from ..model import Reason
from ..uv import reasons

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..conda.cells import Cell
    from ..model import Edge, Lock, LockedPackage
    from .requirements import CondaRequirement, PythonRequirement

_NONE = frozenset[str]()


def reach_reasons(
    lock: Lock,
    cell: Cell,
    conda: list[CondaRequirement],
    python: list[PythonRequirement],
    provided: Mapping[str, LockedPackage] | None,
    *,
    whole: bool,
    alone: bool,
) -> Iterator[Reason]:
    """Yield the packages that *cell* lacks of those that requirements lead to, and those that nothing asks for.

    The former are only told of Python's packages (a match spec that leads nowhere is told by the lock's own contradictions), the
    latter only where *whole* says that nothing else is open, and those alone that nothing else left over leads to. *alone* is
    whether the environment was resolved by itself: then conda has only what conda asks for.
    """
    alike = provided
    if alike is None:
        # Where the lock does not say what provides what, a conda package most often has the name that Python's index has for it.
        alike = {normalize(name): package for name, package in cell.conda.items()}
    walk = _Walk(cell, alike)
    for item in conda:
        if not item.limit:
            walk.conda_name(item.name)
    walk.finish()
    by_conda = set(walk.reached)
    for asked in python:
        walk.python_name(asked.name, asked.extras)
    walk.finish()
    for package, edge in walk.missing:
        yield Reason(
            subject=edge.name,
            message=f"{package.name} requires {edge.name}{edge.specifier or ''}, and nothing of that name is locked for {cell}"
            + (", unless a conda package provides it under another one" if provided is None else ""),
            path=lock.path,
            keys=package.route,
            expected=f"{edge.name}{edge.specifier or ''}",
            found="none of that name",
            unknown=provided is None,
        )
    for package in walk.used.values() if alone else ():
        if id(package) not in by_conda:
            yield Reason(
                subject=package.name,
                message=f"{package.name} is locked for {cell} as a conda package, and only Python asks for it",
                path=lock.path,
                keys=package.route,
                expected="a package of Python's index",
                found=f"{package.name} {package.version} of conda",
            )
    # Nobody can say that nothing asks for a package while it is open what provides what, or what a match spec says.
    if not whole or walk.missing or provided is None:
        return
    rest = [package for package in cell.packages if id(package) not in walk.reached]
    if not rest or not walk.readable():
        return
    below = {id(other) for package in rest for other in walk.leads(package) if other is not package}
    for package in rest:
        if id(package) not in below:
            name = " ".join(filter(None, (package.name, package.version)))
            yield Reason(
                subject=package.name,
                message=f"{name} {reasons.REMOVED} for {cell}",
                path=lock.path,
                keys=package.route,
                expected="no requirement",
                found=name,
            )


class _Walk:
    """The packages of a cell that requirements lead to."""

    def __init__(self, cell: Cell, provided: Mapping[str, LockedPackage]) -> None:
        self.cell = cell
        self.conda = cell.conda
        self.python = cell.python
        self.provided = provided
        self.markers = cell.markers()
        self.reached: set[int] = set()
        self.extras: dict[str, frozenset[str]] = {}
        self.todo: list[LockedPackage] = []
        self.used: dict[str, LockedPackage] = {}
        self.missing: list[tuple[LockedPackage, Edge]] = []
        self._held: dict[frozenset[str], dict[str, bool]] = {}

    def readable(self) -> bool:
        """Return whether every match spec of the cell is one that is read here."""
        specs = (
            parse_spec(edge.match) for package in self.cell.packages for edge in package.dependencies if edge.match
        )
        return all(spec is not None and spec.readable for spec in specs)

    def conda_name(self, name: str) -> None:
        """Note that a conda package called *name* is asked for."""
        package = self.conda.get(name)
        if package is not None:
            self._note(package)

    def python_name(self, name: str, extras: tuple[str, ...]) -> None:
        """Note that a package of Python called *name* is asked for, with *extras*."""
        package = self.python.get(name)
        if package is None:
            package = self.provided.get(name)
            if package is not None:
                self.used[package.name] = package
                self._note(package)
            return
        more = self.extras.get(name, frozenset()) | frozenset(extras)
        if more != self.extras.get(name):
            self.extras[name] = more
            # What an extra adds was not looked at before.
            self.reached.discard(id(package))
        self._note(package)

    def _note(self, package: LockedPackage) -> None:
        if id(package) not in self.reached:
            self.reached.add(id(package))
            self.todo.append(package)

    def finish(self) -> None:
        """Follow everything that is needed."""
        conda, reached = self.conda.get, self.reached
        while self.todo:
            package = self.todo.pop()
            extras = self.extras.get(package.name, _NONE)
            for edge in package.dependencies:
                if edge.match is not None:
                    # As ``conda_name`` does, tens of thousands of times.
                    needed = conda(edge.name)
                    if needed is not None and id(needed) not in reached:
                        reached.add(id(needed))
                        self.todo.append(needed)
                elif edge.marker is None or self._holds(edge.marker, extras):
                    if edge.name not in self.python and edge.name not in self.provided:
                        self.missing.append((package, edge))
                    self.python_name(edge.name, edge.extras)
                    if edge.name == package.name:
                        extras = self.extras.get(package.name, _NONE)

    def _holds(self, marker: str, extras: frozenset[str]) -> bool:
        # Most packages ask for what they need under the markers that others have, too.
        held = self._held.setdefault(extras, {})
        holds = held.get(marker)
        if holds is None:
            try:
                holds = self.markers is None or parse(marker).holds(self.markers, extras)
            except MarkerError:
                holds = True
            held[marker] = holds
        return holds

    def leads(self, package: LockedPackage) -> Iterator[LockedPackage]:
        """Yield what *package* needs."""
        for edge in package.dependencies:
            found = self.conda.get(edge.name) if edge.match is not None else self.python.get(edge.name)
            if found is not None:
                yield found
