"""What every platform (and environment) of a lock lists, held against itself: a solver wrote each such list as one whole."""

from __future__ import annotations

from itertools import starmap

from ...conda.specs import parse_spec
from ...names import normalize
from ...values import dataclass, replace
from ..markers import MarkerError, parse
from ..parts import edges_of, inconsistency, placed_edges, version_words
from .matching import decide
from .subdirs import environment_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ...conda.specs import Spec
    from ..model import Edge, Inconsistency, Lock, LockedPackage

    Keys = tuple[str | int, ...]
    _Needs = tuple[tuple[str, ...], frozenset[str], tuple[tuple[Edge, Spec | None], ...], tuple[Edge, ...]]

_MANY = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The packages that are installed together: those of one *platform*, in a lock of environments of one *environment*.

    *subdir* is the conda platform that *platform* is. *conda* are the conda packages by name, *python* those of Python's indexes, of
    folders and the like.
    """

    platform: str
    subdir: str
    environment: str | None
    packages: tuple[LockedPackage, ...]
    conda: Mapping[str, LockedPackage]
    python: Mapping[str, LockedPackage]

    def __str__(self) -> str:
        return f"{self.environment} on {self.platform}" if self.environment is not None else self.platform

    def provided(self) -> dict[str, LockedPackage] | None:
        """Return the conda packages by the names that Python's index has for them; None where the lock leaves that open."""
        found: dict[str, LockedPackage] = {}
        for package in self.packages:
            if package.conda is None:
                continue
            if package.conda.python is None:
                return None
            for name in package.conda.python:
                found[name] = package
        return found

    def markers(self) -> dict[str, str] | None:
        """Return the marker variables of its Python; None where it has none, or where the platform is not known here."""
        python = self.conda.get("python")
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
            conda={package.name: package for package in packages.values() if package.conda is not None},
            python={package.name: package for package in packages.values() if package.conda is None},
        )
        for (environment, platform), packages in found.items()
    ]


# The lock of environments that was held against itself last, and what was found, until somebody asks for it again: who asks
# whether such a lock is fresh asks for that, too.
_last: list[tuple[Lock, tuple[Inconsistency, ...]]] = []


def cell_inconsistencies(lock: Lock, *, exclusive: bool) -> Iterator[Inconsistency]:
    """Yield where a cell of *lock* has a package twice, lacks what a package of it needs, or has another version of it."""
    if not exclusive:
        yield from _contradictions(lock, exclusive=False)
        return
    for known, last in _last:
        if known is lock:
            _last.clear()
            yield from last
            return
    found = tuple(_contradictions(lock, exclusive=True))
    _last[:] = [(lock, found)]
    yield from found


def _contradictions(lock: Lock, *, exclusive: bool) -> Iterator[Inconsistency]:
    found: dict[tuple[Keys, str, str], tuple[Inconsistency, list[str]]] = {}
    known = _Known()
    for cell in cells_of(lock, exclusive=exclusive):
        for item in (*_twice(cell), *_edges(cell, known)):
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


class _Known:
    """What was found in other cells: match specs that were held against a package, and packages that found all that they need.

    Most cells have nearly the same packages, and there can be dozens.
    """

    def __init__(self) -> None:
        self.specs: dict[tuple[object, ...], bool] = {}
        self.fine: set[tuple[int, ...]] = set()
        self._needs: dict[int, _Needs] = {}

    def needs(self, package: LockedPackage) -> _Needs:
        """Return the names of the conda packages that *package* needs, those of packages of Python, and what asks for each."""
        found = self._needs.get(id(package))
        if found is None:
            edges = package.dependencies
            if package.extras or package.groups:
                edges = tuple(edge for _, edge in edges_of(package))
            conda = tuple(edge for edge in edges if edge.match is not None)
            python = tuple(edge for edge in edges if edge.match is None)
            specs = [parse_spec(edge.match or "") for edge in conda]
            names = tuple(spec.name for spec in specs if spec is not None)
            matches = tuple(zip(conda, specs, strict=True))
            found = self._needs[id(package)] = names, frozenset(edge.name for edge in python), matches, python
        return found


def _edges(cell: Cell, known: _Known) -> Iterator[Inconsistency]:
    """Yield what packages of *cell* need and do not find; *known* is what was found in other cells."""
    provided, markers = cell.provided(), cell.markers()
    # Where the lock leaves open what provides what, or for which Python that is, nothing of Python's can be missed.
    told = provided is not None and markers is not None
    there = {*cell.python, *(provided or ())}

    def fits(edge: Edge, spec: Spec | None) -> bool:
        target = cell.conda.get(spec.name) if spec is not None else None
        question = edge.match, id(target)
        answer = known.specs.get(question)
        if answer is None:
            told: tuple[object, ...] = question
            if spec is not None and not spec.more and target is not None and target.conda is not None:
                # Version and build decide, which the packages of several platforms have in common.
                told = (edge.match, target.version, target.conda.build)
            answer = known.specs.get(told)
            if answer is None:
                answer = known.specs[told] = not any(_conda_edge(cell.packages[0], (), edge, cell.conda))
            known.specs[question] = answer
        return answer

    def found(edge: Edge) -> bool:
        return not told or edge.name in there or markers is None or not _holds(edge, markers)

    for package in cell.packages:
        conda, python, matches, others = known.needs(package)
        # The same package beside the same others.
        beside = (id(package), *map(id, map(cell.conda.get, conda)))
        fine = beside in known.fine
        if fine and (not told or python <= there):
            continue
        if not fine and all(starmap(fits, matches)):
            fine = True
            known.fine.add(beside)
        if fine and all(map(found, others)):
            continue
        for keys, edge in placed_edges(package):
            if edge.match is not None:
                yield from _conda_edge(package, keys, edge, cell.conda)
            elif not found(edge):
                yield _nowhere(package, keys, edge, edge.name, cell.python)


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
