"""Whether the files of a locked package can be installed anywhere that the lock covers, as far as their names tell.

Wheel names follow PEP 427, tags PEP 425 and PEP 600. A tag that is not known here is taken to fit: only what cannot be
installed anywhere is worth a word.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .environments import named_environment
from .markers import MarkerError, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .model import Artifact, Lock, LockedPackage

_NEWEST_MINOR = 30
_PYTHON = re.compile(r"(?P<kind>py|cp|pp)(?P<major>\d)(?P<minor>\d*)")
_PLATFORM = re.compile(
    r"(?:(?:manylinux|musllinux)_\d+_\d+|manylinux(?:1|2010|2014)|linux)_(?P<linux>.+)"
    r"|macosx_\d+_\d+_(?P<macos>.+)|(?P<windows>win32|win_amd64|win_arm64)"
)
_TRIPLES = {
    "linux": ("x86_64", "aarch64", "i686", "powerpc64le", "s390x", "riscv64"),
    "macos": ("x86_64", "aarch64"),
    "windows": ("x86_64", "aarch64", "i686"),
}
_SUFFIX = {"linux": "unknown-linux-gnu", "macos": "apple-darwin", "windows": "pc-windows-msvc"}
_WINDOWS = {"win32": "i686", "win_amd64": "x86_64", "win_arm64": "aarch64"}
_ARCHES = {"arm64": "aarch64", "ppc64le": "powerpc64le", "amd64": "x86_64"}
_FAT = {"universal2": ("x86_64", "aarch64"), "universal": ("x86_64",), "intel": ("x86_64",), "fat64": ("x86_64",)}
_BASE = {
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "extra": "",
    "os_name": "posix",
}


class Coverage:
    """The environments that a lock covers: minor versions of Python 3, and platforms."""

    def __init__(self, lock: Lock) -> None:
        self.lock = lock
        self.minors = frozenset(_minors(lock.requires_python))

    def usable(self, package: LockedPackage) -> bool:
        """Return whether any file of *package* can be installed in any environment that it is locked for."""
        wheels = []
        for artifact in package.artifacts:
            if not artifact.filename.endswith(".whl"):
                return True
            wheels.append(artifact)
        if not wheels:
            return False
        markers = package.markers or self.lock.supported or self.lock.markers
        platforms: frozenset[str] | None = None
        for wheel in wheels:
            tags = _tags(wheel)
            if tags is None:
                return True
            pythons, abis, places = tags
            if not any(self._python(python, abis) for python in pythons):
                continue
            wanted = _triples(places)
            if wanted is None or not markers:
                return True
            if platforms is None:
                platforms = frozenset(self._platforms(markers))
            if wanted & platforms:
                return True
        return False

    def _python(self, tag: str, abis: list[str]) -> bool:
        match = _PYTHON.fullmatch(tag)
        if match is None:
            return True
        if match["major"] != "3":
            return False
        if not match["minor"]:
            return bool(self.minors)
        minor = int(match["minor"])
        onward = match["kind"] == "py" or "abi3" in abis or "none" in abis
        return any(minor <= here if onward else minor == here for here in self.minors)

    def _platforms(self, markers: tuple[str, ...]) -> Iterator[str]:
        for system, machines in _TRIPLES.items():
            for machine in machines:
                triple = f"{machine}-{_SUFFIX[system]}"
                if any(self._holds(text, triple) for text in markers):
                    yield triple

    def _holds(self, text: str, triple: str) -> bool:
        try:
            marker = parse(text)
            return any(marker.holds(_environment(minor, triple)) for minor in self.minors)
        except (MarkerError, KeyError):
            # Whoever evaluates it says what is wrong with it.
            return True


def _environment(minor: int, triple: str) -> Mapping[str, str]:
    return named_environment(_BASE, python_version=f"3.{minor}", platform=triple)


def _minors(requires: str | None) -> Iterator[int]:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        wanted = SpecifierSet(requires or "")
    except InvalidSpecifier:
        wanted = SpecifierSet()
    for minor in range(_NEWEST_MINOR):
        if any(wanted.contains(f"3.{minor}.{patch}", prereleases=True) for patch in (0, 1, 5, 10, 20, 99)):
            yield minor


def _tags(wheel: Artifact) -> tuple[list[str], list[str], list[str]] | None:
    parts = wheel.filename.removesuffix(".whl").split("-")
    if len(parts) not in (5, 6):
        return None
    python, abi, platform = (part.split(".") for part in parts[-3:])
    return python, abi, platform


def _triples(tags: list[str]) -> frozenset[str] | None:
    """Return the platforms that the *tags* of a wheel name; None where one of them is for all, or not known."""
    found = set()
    for tag in tags:
        match = _PLATFORM.fullmatch(tag)
        if match is None:
            return None
        if match["windows"]:
            found.add(f"{_WINDOWS[match['windows']]}-{_SUFFIX['windows']}")
            continue
        system = "linux" if match["linux"] else "macos"
        arch = match[system]
        for machine in _FAT.get(arch, (_ARCHES.get(arch, arch),)):
            if machine not in _TRIPLES[system]:
                return None
            found.add(f"{machine}-{_SUFFIX[system]}")
    return frozenset(found)
