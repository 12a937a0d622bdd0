"""Whether the files of a locked package can be installed here, or anywhere that the lock covers, as far as their names tell.

Wheel names follow PEP 427, tags PEP 425 and PEP 600. A tag that is not known here is taken to fit: only what cannot be
installed anywhere is worth a word.
"""

from __future__ import annotations

from .. import pep440
from ..patterns import late
from .markers import SETS, MarkerError, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .model import Artifact, Lock, LockedPackage

_NEWEST_MINOR = 30
_MOST_CLAUSES = 1000
_PYTHON = late(r"(?P<kind>py|cp|pp)(?P<major>\d)(?P<minor>\d*)")
_PLATFORM = late(
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
_ARCHES = {"arm64": "aarch64", "ppc64le": "powerpc64le", "amd64": "x86_64", "i386": "i686", "x86": "i686"}
_SYSTEMS = {"linux": "linux", "darwin": "macos", "win32": "windows"}
_IMPLEMENTATIONS = {"cp": "cpython", "pp": "pypy"}
_FAT = {"universal2": ("x86_64", "aarch64"), "universal": ("x86_64",), "intel": ("x86_64",), "fat64": ("x86_64",)}
_BASE = {
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "extra": "",
    "os_name": "posix",
}


class Coverage:
    """The environments that a lock covers: minor versions of Python, and platforms.

    Those of the whole lock count, not those of one of its forks: uv takes a package without wheels for Windows into the fork
    for Windows, too, since nobody has to install it there.
    """

    def __init__(self, lock: Lock) -> None:
        self.lock = lock
        self.minors = frozenset(minors(lock.requires_python, 3))
        self.old = any(minors(lock.requires_python, 2))
        self._platforms: frozenset[str] | None = None

    def usable(self, package: LockedPackage) -> bool:
        """Return whether any file of *package* can be installed in any environment of the lock; a source archive can."""
        # Most packages have one, wherever it is listed.
        if not all(artifact.filename.endswith(".whl") for artifact in package.artifacts):
            return True
        return any(self._usable(artifact) for artifact in package.artifacts)

    def _usable(self, artifact: Artifact) -> bool:
        tags = _tags(artifact) if artifact.filename.endswith(".whl") else None
        if tags is None:
            return True
        pythons, abis, places = tags
        if not any(_runs(python, abis, self.minors, old=self.old) for python in pythons):
            return False
        wanted = _triples(places)
        return wanted is None or not self.lock.supported or not wanted.isdisjoint(self._covered())

    def _covered(self) -> frozenset[str]:
        if self._platforms is None:
            self._platforms = frozenset(self._holding(self.lock.supported))
        return self._platforms

    def _holding(self, markers: tuple[str, ...]) -> Iterator[str]:
        for system, machines in _TRIPLES.items():
            for machine in machines:
                triple = f"{machine}-{_SUFFIX[system]}"
                if any(self._holds(text, triple) for text in markers):
                    yield triple

    def _holds(self, text: str, triple: str) -> bool:
        try:
            marker = parse(text)
            if any(atom.variable in SETS for atom in marker.atoms()):
                # Somebody may choose what it asks for.
                return True
            return any(marker.holds(_environment(minor, triple)) for minor in self.minors)
        except (MarkerError, KeyError):
            # Whoever evaluates it says what is wrong with it.
            return True


def installable(package: LockedPackage, environment: Mapping[str, str]) -> bool:
    """Return whether any file of *package* can be installed in *environment* (marker variables).

    What no marker tells is left out: the C library and its version, the version of macOS, whether there is a global
    interpreter lock.
    """
    major, _, minor = environment["python_version"].partition(".")
    minors = frozenset((int(minor),)) if major == "3" and minor.isdigit() else frozenset[int]()
    machine = environment["platform_machine"].lower()
    system = _SYSTEMS.get(environment["sys_platform"])
    machine = _ARCHES.get(machine, machine)
    here = f"{machine}-{_SUFFIX[system]}" if system is not None and machine in _TRIPLES[system] else None
    for artifact in package.artifacts:
        tags = _tags(artifact) if artifact.filename.endswith(".whl") else None
        if tags is None:
            return True
        pythons, abis, places = tags
        implementation = environment.get("implementation_name")
        if not any(_runs(python, abis, minors, implementation) for python in pythons):
            continue
        wanted = _triples(places)
        if wanted is None or here is None or here in wanted:
            return True
    return not package.artifacts


def _runs(
    tag: str, abis: list[str], minors: frozenset[int], implementation: str | None = None, *, old: bool = False
) -> bool:
    """Return whether a wheel for the Python *tag* runs on any of the minor versions of Python 3, or on Python 2, where *old*."""
    match = _PYTHON.fullmatch(tag)
    if match is None:
        return True
    if match["major"] != "3":
        return old and match["major"] == "2"
    if implementation not in (None, _IMPLEMENTATIONS.get(match["kind"], implementation)):
        return False
    if not match["minor"]:
        return bool(minors)
    minor = int(match["minor"])
    onward = match["kind"] == "py" or "abi3" in abis or "none" in abis
    return any(minor <= here if onward else minor == here for here in minors)


def _environment(minor: int, triple: str) -> Mapping[str, str]:
    from .environments import named_environment

    return named_environment(_BASE, python_version=f"3.{minor}", platform=triple)


def minors(requires: str | None, major: int) -> Iterator[int]:
    """Yield the minor versions of Python *major* in the range *requires*, None for all; all of them where it is no range.

    A range of more than 1,000 different clauses is none that anybody wrote, and counts as no range.
    """
    try:
        # Each clause is asked about 180 versions: one that stands there a thousand times is asked once.
        clauses = dict.fromkeys(pep440.clauses(requires or ""))
    except ValueError:
        clauses = {}
    wanted = ",".join(map("".join, clauses)) if len(clauses) <= _MOST_CLAUSES else ""
    for minor in range(_NEWEST_MINOR):
        if any(pep440.contains(wanted, f"{major}.{minor}.{patch}") for patch in (0, 1, 5, 10, 20, 99)):
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
