"""What every platform (and environment) of a lock lists, held against itself: a solver wrote each such list as one whole."""

from __future__ import annotations

from ...conda.specs import parse_spec
from ...names import normalize
from ...values import dataclass, replace
from ..markers import MarkerError, parse
from ..parts import all_edges, inconsistency, placed_edges, version_words
from .matching import decide
from .subdirs import environment_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ...conda.specs import Spec
    from ..model import Edge, Inconsistency, Lock, LockedPackage

    Keys = tuple[str | int, ...]
    # Version and build of a conda package.
    _Build = tuple[str | None, str | None]
    _Match = tuple[str, Spec, dict[_Build | None, bool] | None]
    _Needs = tuple[tuple[_Match, ...], frozenset[str], tuple[Edge, ...]]

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

    def builds(self) -> dict[str, _Build]:
        """Return version and build of each conda package."""
        return {
            name: (package.version, package.conda.build)
            for name, package in self.conda.items()
            if package.conda is not None
        }

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


def cell_inconsistencies(
    lock: Lock, *, exclusive: bool, cells: Sequence[Cell] | None = None
) -> Iterator[Inconsistency]:
    """Yield where a cell of *lock* has a package twice, lacks what a package of it needs, or has another version of it.

    *cells* are those of the lock, where somebody has them.
    """
    if not exclusive:
        yield from _contradictions(cells or cells_of(lock, exclusive=False))
        return
    for known, last in _last:
        if known is lock:
            _last.clear()
            yield from last
            return
    found = tuple(_contradictions(cells or cells_of(lock, exclusive=True)))
    _last[:] = [(lock, found)]
    yield from found


def _contradictions(cells: Iterable[Cell]) -> Iterator[Inconsistency]:
    found: dict[tuple[Keys, str, str], tuple[Inconsistency, list[str]]] = {}
    known = _Known()
    for cell in cells:
        for item in (*_twice(cell), *_edges(cell, known)):
            _, names = found.setdefault((item.keys, item.kind, item.message), (item, []))
            names.append(str(cell))
    for item, names in found.values():
        yield _in_cells(item, names)


def _in_cells(item: Inconsistency, cells: list[str]) -> Inconsistency:
    more = f" and {len(cells) - _MANY} more" if len(cells) > _MANY else ""
    return replace(item, message=f"{item.message} ({', '.join(cells[:_MANY])}{more})")


def _twice(cell: Cell) -> Iterator[Inconsistency]:
    if len(cell.conda) + len(cell.python) == len(cell.packages):
        return
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
    """What is the same in every cell that a package is in, of which there can be dozens: what it needs, and what was answered to that."""

    def __init__(self) -> None:
        self._needs: dict[int, _Needs] = {}
        self._answers: dict[str, dict[_Build | None, bool]] = {}
        self._held: dict[tuple[str, str | None], dict[str, bool]] = {}

    def needs(self, package: LockedPackage) -> _Needs:
        """Return the match specs of *package*, with what was answered to each, and what it needs of Python's packages."""
        found = self._needs.get(id(package))
        if found is None:
            edges = all_edges(package)
            matches: list[_Match] = []
            for edge in edges:
                spec = parse_spec(edge.match) if edge.match is not None else None
                if spec is not None and spec.readable and not spec.virtual:
                    # What asks for more than version and build is not answered by them.
                    answers = None if spec.more else self._answers.setdefault(spec.text, {})
                    matches.append((spec.name, spec, answers))
            python = tuple(edge for edge in edges if edge.match is None)
            found = self._needs[id(package)] = tuple(matches), frozenset(edge.name for edge in python), python
        return found

    def held(self, cell: Cell) -> dict[str, bool]:
        """Return which markers are known to hold, or not to hold, for the Python of *cell*."""
        python = cell.conda.get("python")
        return self._held.setdefault((cell.subdir, python.version if python is not None else None), {})


def _edges(cell: Cell, known: _Known) -> Iterator[Inconsistency]:
    """Yield what packages of *cell* need and do not find; *known* is what was found in other cells."""
    provided, markers = cell.provided(), cell.markers()
    # Where the lock leaves open what provides what, or for which Python that is, nothing of Python's can be missed.
    told = provided is not None and markers is not None
    there, held = {*cell.python, *(provided or ())}, known.held(cell)
    conda, builds = cell.conda, cell.builds()

    def fit(matches: tuple[_Match, ...]) -> bool:
        for name, spec, answers in matches:
            # Version and build decide, which the packages of several platforms have in common.
            build = builds.get(name)
            answer = answers.get(build) if answers is not None else None
            if answer is None:
                target = conda.get(name)
                answer = target is not None and decide(spec, target) is not False
                if answers is not None:
                    answers[build] = answer
            if not answer:
                return False
        return True

    def found(edge: Edge) -> bool:
        if not told or edge.name in there or markers is None:
            return True
        if edge.marker is None:
            return False
        holds = held.get(edge.marker)
        if holds is None:
            holds = held[edge.marker] = _holds(edge.marker, markers)
        return not holds

    for package in cell.packages:
        matches, python, others = known.needs(package)
        if fit(matches) and (not told or python <= there or all(map(found, others))):
            continue
        for keys, edge in placed_edges(package):
            if edge.match is not None:
                yield from _conda_edge(package, keys, edge, conda)
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


def _holds(marker: str, markers: Mapping[str, str]) -> bool:
    try:
        return parse(marker).holds(markers)
    except MarkerError:
        # Whoever selects by it says what is wrong with it.
        return False
