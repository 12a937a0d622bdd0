"""What every platform (and environment) of a lock lists, held against itself: a solver wrote each such list as one whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...conda.specs import parse_spec
from ...names import normalize
from ..markers import MarkerError, parse
from ..parts import inconsistency, placed_edges, version_words
from .matching import decide
from .subdirs import environment_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..model import Edge, Inconsistency, Lock, LockedPackage

    Keys = tuple[str | int, ...]

_MANY = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The packages that are installed together: those of one *platform*, in a lock of environments of one *environment*.

    *subdir* is the conda platform that *platform* is.
    """

    platform: str
    subdir: str
    environment: str | None
    packages: tuple[LockedPackage, ...]

    def __str__(self) -> str:
        return f"{self.environment} on {self.platform}" if self.environment is not None else self.platform

    def conda(self) -> dict[str, LockedPackage]:
        """Return the conda packages by name."""
        return {package.name: package for package in self.packages if package.conda is not None}

    def python(self) -> dict[str, LockedPackage]:
        """Return the packages of Python's indexes, of folders and the like by name."""
        return {package.name: package for package in self.packages if package.conda is None}

    def provided(self) -> dict[str, LockedPackage] | None:
        """Return the conda packages by the names that Python's index has for them; None where the lock leaves that open."""
        found: dict[str, LockedPackage] = {}
        for package in self.packages:
            if package.conda is None:
                continue
            if package.conda.python is None:
                return None
            found.update((name, package) for name in package.conda.python)
        return found

    def markers(self) -> dict[str, str] | None:
        """Return the marker variables of its Python; None where it has none, or where the platform is not known here."""
        python = self.conda().get("python")
        return environment_of(self.subdir, python.version) if python is not None and python.version else None


def cells_of(lock: Lock, *, exclusive: bool) -> list[Cell]:
    """Return the cells of *lock*; *exclusive* is whether its groups are environments of which exactly one is installed."""
    found: dict[tuple[str | None, str], dict[int, LockedPackage]] = {}
    for package in lock.packages:
        for when in package.when:
            key = (when.group if exclusive else None, when.platform or "")
            found.setdefault(key, {})[package.index] = package
    subdirs: Mapping[str, str] = lock.options.get("subdirs", {})
    return [
        Cell(
            platform=platform,
            subdir=subdirs.get(platform, platform),
            environment=environment,
            packages=tuple(packages.values()),
        )
        for (environment, platform), packages in found.items()
    ]


def cell_inconsistencies(lock: Lock, *, exclusive: bool) -> Iterator[Inconsistency]:
    """Yield where a cell of *lock* has a package twice, lacks what a package of it needs, or has another version of it."""
    found: dict[tuple[Keys, str, str], tuple[Inconsistency, list[str]]] = {}
    for cell in cells_of(lock, exclusive=exclusive):
        for item in (*_twice(cell), *_edges(cell)):
            _, cells = found.setdefault((item.keys, item.kind, item.message), (item, []))
            cells.append(str(cell))
    for item, cells in found.values():
        yield _in_cells(item, cells)


def _in_cells(item: Inconsistency, cells: list[str]) -> Inconsistency:
    more = f" and {len(cells) - _MANY} more" if len(cells) > _MANY else ""
    return replace(item, message=f"{item.message} ({', '.join(cells[:_MANY])}{more})")


def _twice(cell: Cell) -> Iterator[Inconsistency]:
    seen: dict[tuple[str, bool], LockedPackage] = {}
    for package in cell.packages:
        other = seen.setdefault((package.name, package.conda is None), package)
        if other is not package:
            yield inconsistency(
                package,
                "duplicate",
                f"{package.name} is listed twice, as {version_words(other)} and as {version_words(package)}",
                expected="one entry",
                found=f"entries {other.index} and {package.index}",
            )


def _edges(cell: Cell) -> Iterator[Inconsistency]:
    conda, python, provided, markers = cell.conda(), cell.python(), cell.provided(), cell.markers()
    for package in cell.packages:
        for keys, edge in placed_edges(package):
            if edge.match is not None:
                yield from _conda_edge(package, keys, edge, conda)
            elif (
                provided is not None
                and markers is not None
                and not (edge.name in python or edge.name in provided)
                and _holds(edge, markers)
            ):
                yield _nowhere(package, keys, edge, edge.name, python)


def _conda_edge(
    package: LockedPackage, keys: Keys, edge: Edge, conda: Mapping[str, LockedPackage]
) -> Iterator[Inconsistency]:
    spec = parse_spec(edge.match or "")
    if spec is None or spec.virtual or not spec.readable:
        return
    target = conda.get(spec.name)
    if target is None:
        yield _nowhere(package, keys, edge, spec.text, conda)
    elif decide(spec, target) is False:
        yield inconsistency(
            package,
            "requirement",
            f"{package.name} requires {spec.text}, and the lock has {target.name} {version_words(target)}",
            keys=keys,
            expected=spec.text,
            found=version_words(target),
        )


def _nowhere(package: LockedPackage, keys: Keys, edge: Edge, what: str, known: Iterable[str]) -> Inconsistency:
    alike = [name for name in known if normalize(name) == normalize(edge.name)]
    return inconsistency(
        package,
        "edge",
        f"{package.name} depends on {what}, which leads to no entry of the lock",
        keys=keys,
        expected="one entry",
        found=", ".join(alike) or "none of that name",
    )


def _holds(edge: Edge, markers: Mapping[str, str]) -> bool:
    try:
        return edge.marker is None or parse(edge.marker).holds(markers)
    except MarkerError:
        # Whoever selects by it says what is wrong with it.
        return False
