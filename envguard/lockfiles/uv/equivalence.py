"""Whether two spellings mean the same: markers by their truth, version ranges by their members.

uv rewrites markers when it locks (`python_version` to `python_full_version`, clauses that `requires-python` implies are
dropped), so texts cannot be compared. Two markers are the same if they are true in the same environments of a grid that
holds every value that either of them names, inside `requires-python`.
"""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING

from ..markers import MarkerError, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..markers import Marker

_SYSTEMS = (("posix", "linux", "Linux"), ("posix", "darwin", "Darwin"), ("nt", "win32", "Windows"))
_MACHINES = ("x86_64", "AMD64", "aarch64", "arm64")
_IMPLEMENTATIONS = (("cpython", "CPython"), ("pypy", "PyPy"))
_MINORS = range(8, 17)
_PYTHONS = ("python_version", "python_full_version", "implementation_version")


def truth(markers: Iterable[tuple[str | None, str | None]], other: Iterable[str], inside: str | None) -> Truth:
    """Return the environments in which any of *markers* holds, each a marker text with the extra that it belongs to.

    *other* are marker texts whose values the grid must hold, too, so that two results can be compared.
    """
    return Truth(tuple(markers), frozenset(text for text in other if text), inside)


class Truth:
    """Where a set of markers holds; compare two that were made with the same grid."""

    __slots__ = ("holds",)

    def __init__(
        self, markers: tuple[tuple[str | None, str | None], ...], other: frozenset[str], inside: str | None
    ) -> None:
        texts = other | {text for text, _ in markers if text}
        parsed = [(parse(text) if text else None, extra) for text, extra in markers]
        atoms = [atom for text in texts for atom in parse(text).atoms()]
        extras = sorted({atom.value for atom in atoms if atom.variable == "extra"} | {e for _, e in markers if e})
        free = any(atom.variable != "extra" for atom in atoms)
        grid = _grid(texts, inside) if free else ({},)
        active = [frozenset[str](), *(frozenset((extra,)) for extra in extras)]
        self.holds = frozenset(
            (number, names)
            for number, environment in enumerate(grid)
            for names in active
            if any(_holds(marker, extra, environment, names) for marker, extra in parsed)
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Truth) and self.holds == other.holds

    def __hash__(self) -> int:
        return hash(self.holds)


def _holds(marker: Marker | None, extra: str | None, environment: dict[str, str], names: frozenset[str]) -> bool:
    if extra is not None and extra not in names:
        return False
    try:
        return marker is None or marker.holds(environment, names)
    except MarkerError:
        return False


@functools.lru_cache(maxsize=512)
def _grid(texts: frozenset[str], inside: str | None) -> tuple[dict[str, str], ...]:
    atoms = [atom for text in texts for atom in parse(text).atoms()]

    def named(*variables: str) -> list[str]:
        return sorted({atom.value for atom in atoms if atom.variable in variables})

    known = {word for system in _SYSTEMS for word in system}
    others = [value for value in named("sys_platform", "platform_system") if value not in known]
    systems = [*_SYSTEMS, *(("posix", value, value) for value in others)]
    used = {atom.variable for atom in atoms}
    machines = [*_MACHINES, *named("platform_machine")] if "platform_machine" in used else ["x86_64"]
    implementations = [
        *_IMPLEMENTATIONS,
        *((value.lower(), value) for value in named("platform_python_implementation", "implementation_name")),
    ]
    if not used & {"platform_python_implementation", "implementation_name"}:
        implementations = list(_IMPLEMENTATIONS[:1])
    pythons = _pythons(named(*_PYTHONS), inside)
    releases = [*named("platform_release"), "5.0"] if "platform_release" in used else ["5.0"]
    return tuple(
        {
            "os_name": os_name,
            "sys_platform": sys_platform,
            "platform_system": system,
            "platform_machine": machine,
            "implementation_name": implementation,
            "platform_python_implementation": spelled,
            "implementation_version": python,
            "python_full_version": python,
            "python_version": ".".join(python.split(".")[:2]),
            "platform_release": release,
            "platform_version": "",
        }
        for (os_name, sys_platform, system), machine, (implementation, spelled), python, release in itertools.product(
            systems, machines, implementations, pythons, releases
        )
    )


def _pythons(named: list[str], inside: str | None) -> list[str]:
    from packaging.specifiers import SpecifierSet

    versions = {f"3.{minor}.{patch}" for minor in _MINORS for patch in (0, 99)} | _around(named)
    allowed = SpecifierSet(inside or "")
    return sorted(version for version in versions if allowed.contains(version, prereleases=True))


def _around(texts: Iterable[str]) -> set[str]:
    """Return each Python version in *texts* with its neighbours."""
    from packaging.version import InvalidVersion, Version

    found = set()
    for text in texts:
        for word in text.replace(",", " ").split():
            try:
                version = Version(word.removesuffix(".*").lstrip("<>=!~ "))
            except InvalidVersion:
                continue
            for patch in (version.micro - 1, version.micro, version.micro + 1):
                if patch >= 0:
                    found.add(f"{version.major}.{version.minor}.{patch}")
    return found


def same_range(one: str, other: str) -> bool:
    """Return whether two ranges of Python versions (``>=3.11,<4``) have the same members."""
    if one == other:
        return True
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        left, right = SpecifierSet(one), SpecifierSet(other)
    except InvalidSpecifier:
        return False
    versions = {f"3.{minor}.{patch}" for minor in range(30) for patch in (0, 99)} | {"2.7.18", "4.0.0", "4.1.0"}
    versions |= _around([one, other])
    return all(left.contains(v, prereleases=True) == right.contains(v, prereleases=True) for v in versions)
