"""Whether markers mean the same, told by where they hold.

uv rewrites markers when it locks (``python_version`` becomes ``python_full_version``, clauses that ``requires-python``
implies are dropped), so texts cannot be compared. Two markers are the same if they hold in the same environments of a grid
that has every value that either names, a neighbour of each, and one that none names, inside ``requires-python``. As in uv,
variables are independent of one another, except that ``platform_system`` follows ``sys_platform`` where both are known.
"""

from __future__ import annotations

import functools
import itertools
import re

from ... import pep440
from ...names import normalize
from ..markers import MarkerError, parse
from .ranges import contains

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..markers import Atom, Marker
    from .ranges import Bounds

MAX_ENVIRONMENTS = 100_000
Truth = frozenset[int]

_OTHER = "other"
_SYSTEMS = {
    "linux": "Linux",
    "darwin": "Darwin",
    "win32": "Windows",
    "aix": "AIX",
    "emscripten": "Emscripten",
    "android": "Android",
}
_PLATFORMS = {system: platform for platform, system in _SYSTEMS.items()}
_IMPOSSIBLE = frozenset((("nt", "linux"), ("nt", "darwin"), ("nt", "ios"), ("posix", "win32")))
_FAMILY = frozenset(("os_name", "sys_platform", "platform_system"))
_PYTHONS = ("python_version", "python_full_version")
_TEXTS = ("platform_machine", "platform_python_implementation", "implementation_name", "platform_version")
_VERSIONS = ("implementation_version", "platform_release")
_MANY = 99
# Beyond it the version after might have more digits than Python converts.
_LARGEST = 10**18


class Grid:
    """The environments in which some markers are compared; all that are compared must be among *texts*.

    Raises MarkerError where a text is no marker, or where they name too much for a comparison.
    """

    def __init__(self, texts: Iterable[str], inside: Bounds) -> None:
        values: dict[str, list[Atom]] = {}
        for text in texts:
            for atom in parse(text).atoms():
                values.setdefault(atom.variable, []).append(atom)
        named = {variable: sorted(set(_named(atoms))) for variable, atoms in values.items()}
        axes: list[list[dict[str, str]]] = []
        if named.keys() & _FAMILY:
            axes.append(_platforms(named))
        if pythons := [text for variable in _PYTHONS for text in named.get(variable, ())]:
            axes.append(list(_pythons(pythons, inside)))
        axes += [
            [{variable: value} for value in (*named[variable], _OTHER)] for variable in _TEXTS if variable in named
        ]
        for variable in _VERSIONS:
            if variable in named:
                numbers = [".".join(map(str, release)) for release in sorted(_around(named[variable]))]
                axes.append([{variable: value} for value in dict.fromkeys((*named[variable], *numbers, "0"))])
        chosen = [
            (extras, groups)
            for extras in _choices(named.get("extra", ()), named.get("extras", ()))
            for groups in _choices((), named.get("dependency_groups", ()))
        ]
        size = len(chosen)
        for axis in axes:
            size *= len(axis)
            if size > MAX_ENVIRONMENTS:
                raise MarkerError("markers name too many values to be compared")
        self._points = [
            ({key: value for part in parts for key, value in part.items()}, extras, groups)
            for parts in itertools.product(*axes)
            for extras, groups in chosen
        ]
        self._known: dict[str | None, Truth] = {}

    def truth(self, text: str | None) -> Truth:
        """Return where the marker *text* holds; no marker holds everywhere."""
        if text not in self._known:
            marker = parse(text) if text is not None else None
            self._known[text] = frozenset(
                number
                for number, (environment, extras, groups) in enumerate(self._points)
                if marker is None or marker.holds(environment, extras, groups)
            )
        return self._known[text]


@functools.lru_cache(maxsize=1024)
def grid(texts: frozenset[str], inside: Bounds) -> Grid:
    """Return the environments in which the markers *texts* are compared; MarkerError as for Grid."""
    return Grid(texts, inside)


def same(one: Iterable[str], other: Iterable[str], inside: Bounds) -> bool:
    """Return whether two lists of markers hold, pair by pair, in the same environments inside *inside*."""
    left, right = list(one), list(other)
    if left == right:
        return True
    environments = grid(frozenset((*left, *right)), inside)
    return [environments.truth(text) for text in left] == [environments.truth(text) for text in right]


def extra_of(text: str | None) -> str | None:
    """Return the extra that a marker asks for whatever else it says, None where there is no such one.

    uv writes the requirements of an extra as ``marker and extra == '...'``, in each branch of an ``or``.
    """
    return _extra(parse(text)) if text is not None and "extra" in text else None


def _extra(marker: Marker) -> str | None:
    if marker.atom is not None:
        return marker.atom.value if marker.atom.variable == "extra" and marker.atom.operator == "==" else None
    found = [_extra(part) for part in marker.parts]
    if marker.operator == "and":
        return next((extra for extra in found if extra is not None), None)
    return found[0] if len(set(found)) == 1 else None


def _choices(single: Iterable[str], several: Iterable[str]) -> list[frozenset[str]]:
    """Return what can be chosen of extras or groups: none, each alone, and all of *several* at once."""
    names = sorted({normalize(name) for name in (*single, *several)})
    together = frozenset(map(normalize, several))
    return [frozenset(), *(frozenset((name,)) for name in names), *([together] if len(together) > 1 else [])]


def _named(atoms: Iterable[Atom]) -> Iterator[str]:
    for atom in atoms:
        yield atom.value
        if atom.operator in ("in", "not in") and atom.reversed:
            yield f"{atom.value}0"
        elif atom.operator in ("in", "not in"):
            yield from filter(None, re.split(r"[\s,|]+", atom.value))


def _platforms(named: dict[str, list[str]]) -> list[dict[str, str]]:
    systems = named.get("platform_system", [])
    platforms = {*named.get("sys_platform", ()), *(_PLATFORMS[system] for system in systems if system in _PLATFORMS)}
    unmapped = [*(system for system in systems if system not in _PLATFORMS), _OTHER]
    return [
        {"os_name": os_name, "sys_platform": platform, "platform_system": system}
        for platform in (*sorted(platforms), _OTHER)
        for system in ([_SYSTEMS[platform]] if platform in _SYSTEMS else unmapped)
        for os_name in (*named.get("os_name", ()), _OTHER)
        if (os_name, platform) not in _IMPOSSIBLE
    ]


def _pythons(named: list[str], inside: Bounds) -> Iterator[dict[str, str]]:
    """Yield the Python versions at which a marker that names *named* can change, and those at the bounds."""
    edges = [tuple(int(number) for number in release[:3] if number < _MANY) for release, _ in inside]
    releases = {*_around(named), *(release for edge in edges for release in _neighbours(edge))}
    for release in sorted(release for release in releases if contains(inside, release)):
        full = ".".join(map(str, release))
        yield {"python_version": ".".join(map(str, release[:2])), "python_full_version": full}


def _around(texts: Iterable[str]) -> set[tuple[int, int, int]]:
    found: set[tuple[int, int, int]] = set()
    for text in texts:
        try:
            release = pep440.release_of(text.removesuffix(".*"))
        except ValueError:
            continue
        if max(release) > _LARGEST:
            raise MarkerError("markers name versions of too many digits to be compared")
        found.update(_neighbours(release))
    return found


def _neighbours(release: tuple[int, ...]) -> Iterator[tuple[int, int, int]]:
    """Yield *release*, what comes right before and after it, and the same of its minor version."""
    major, minor, micro = (*release, 0, 0, 0)[:3]
    yield from ((major, minor, 0), (major, minor, micro), (major, minor, micro + 1), (major, minor, _MANY))
    yield from ((major, minor + 1, 0), (major + 1, 0, 0))
    if micro:
        yield major, minor, micro - 1
    if minor:
        yield major, minor - 1, _MANY
    elif major:
        yield major - 1, _MANY, _MANY
