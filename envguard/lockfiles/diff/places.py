"""The environments that two locks are compared in, and what people call a set of them.

uv and its like rewrite markers when they lock, and leave out what is implied by the way to a package, so that texts cannot be
compared. A set of usual environments can: the common platforms, and the versions of Python that both locks are for. Each is
a bit of a number.
"""

from __future__ import annotations

import itertools

from ...values import dataclass
from ..environments import named_environment
from ..files import minors
from ..markers import SETS, Marker, MarkerError, parse
from ..parts import all_edges
from ..uv.select import encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..markers import Atom
    from ..model import ConflictItem, Lock

_PLATFORMS = (
    ("Linux", "x86_64", "x86_64-unknown-linux-gnu", "linux-64"),
    ("Linux", "aarch64", "aarch64-unknown-linux-gnu", "linux-aarch64"),
    ("macOS", "arm64", "aarch64-apple-darwin", "osx-arm64"),
    ("macOS", "x86_64", "x86_64-apple-darwin", "osx-64"),
    ("Windows", "", "x86_64-pc-windows-msvc", "win-64"),
)
_USUAL = frozenset(("x86_64", "aarch64", "arm64", "AMD64", "ARM64", "x86", "i386", "i686"))
_PYTHONS = range(9, 16)
_LATE = 99
_MOST_PAIRS = 256
_BASE = {"implementation_name": "cpython", "platform_python_implementation": "CPython"}
_FREE = frozenset(("extra", *SETS))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    system: str
    machine: str
    minor: int
    variables: Mapping[str, str]


class Places:
    """The environments that *locks* have in common, each a bit of a number; what people call a set of them."""

    def __init__(self, locks: Iterable[Lock]) -> None:
        several = tuple(locks)
        machines = dict.fromkeys(name for lock in several for text in _markers(lock) for name in _machines(text))
        pythons = [set(minors(lock.requires_python, 3)) for lock in several]
        wanted = [minor for minor in _PYTHONS if all(minor in covered for covered in pythons)]
        wanted = wanted or [minor for minor in _PYTHONS if any(minor in covered for covered in pythons)] or [*_PYTHONS]
        self.every = tuple(_places(wanted, machines))
        self.all = (1 << len(self.every)) - 1
        for lock in several:
            space = Space(lock, self)
            self.all &= space.where(space.any(lock.supported)) if lock.supported else self.all
        self.all = self.all or (1 << len(self.every)) - 1

    def bits(self, flags: Iterable[bool]) -> int:
        """Return the environments for which *flags* say so, one for each."""
        return sum(1 << number for number, flag in enumerate(flags) if flag)

    def name(self, bits: int) -> str:
        """Return what people call the environments *bits*: ``everywhere``, ``Linux, macOS with Python 3.12 and later``."""
        bits &= self.all
        if bits == self.all:
            return "everywhere"
        every: dict[tuple[str, str], tuple[int, ...]] = {}
        here: dict[tuple[str, str], tuple[int, ...]] = {}
        for number, place in enumerate(self.every):
            key = (place.system, place.machine)
            if self.all >> number & 1:
                every[key] = (*every.get(key, ()), place.minor)
            if bits >> number & 1:
                here[key] = (*here.get(key, ()), place.minor)
        by_python: dict[tuple[int, ...], list[tuple[str, str]]] = {}
        for key, pythons in here.items():
            by_python.setdefault(pythons, []).append(key)
        parts = []
        for pythons, keys in by_python.items():
            where = "everywhere" if len(keys) == len(every) else ", ".join(_systems(keys, every))
            full = {minor for key in keys for minor in every[key]}
            parts.append(where if set(pythons) == full else f"{where} with Python {_pythons(pythons, full)}")
        return "; ".join(parts) or "nowhere"


class Space:
    """The environments *places* together with what can be chosen of the conflicting extras and groups of *lock*.

    uv writes into markers which of those are chosen, and says of choices that are forbidden whatever is short. So every
    choice has bits of its own: nothing, each extra or group alone, and each two that go together. What does not conflict may
    be chosen or not, and both are taken to hold.
    """

    def __init__(self, lock: Lock, places: Places) -> None:
        self.places = places
        self.size = len(places.every)
        self._choices = tuple(_choices(lock))
        # A lock of pixi gives platforms names of its own.
        self._subdirs: Mapping[str, str] = lock.options.get("subdirs", {}) if lock.format == "pixi" else {}
        self._conflicting = frozenset(name for choice in self._choices for name in choice)
        self.all = (1 << self.size * len(self._choices)) - 1
        self._atoms: dict[Atom, int] = {}
        self._texts: dict[tuple[str, bool], int] = {}
        self._platforms: dict[str, int] = {}
        self._pythons: dict[str, int] = {}

    def where(self, bits: int) -> int:
        """Return the environments in which *bits* are, whatever is chosen."""
        found = 0
        while bits:
            found |= bits & ((1 << self.size) - 1)
            bits >>= self.size
        return found & self.places.all

    def any(self, markers: Iterable[str | None], *, chosen: bool = True) -> int:
        """Return where any of *markers* holds; None holds everywhere.

        *chosen* is whether the extras and groups that it asks for, and that conflict with none, are chosen, or none is.
        """
        found = 0
        for text in markers:
            found |= self.all if text is None else self._holding(text, chosen)
        return found

    def choosing(self, kind: str, package: str, name: str) -> int:
        """Return the part in which the extra or group (*kind*) *name* of *package* can be chosen."""
        encoded = encode(kind, package, name)
        if encoded not in self._conflicting:
            return self.all
        return self._where(encoded in choice for choice in self._choices)

    def on(self, platform: str) -> int:
        """Return the part on the platform *platform* of the lock, a conda platform or one that has a name of its own."""
        if platform not in self._platforms:
            subdir = self._subdirs.get(platform, platform)
            flags = (place.variables["conda_subdir"] == subdir for place in self.places.every)
            self._platforms[platform] = self._spread(flags)
        return self._platforms[platform]

    def with_python(self, requires: str) -> int:
        """Return the part with a Python in the range *requires*."""
        if requires not in self._pythons:
            covered = set(minors(requires, 3))
            self._pythons[requires] = self._spread(place.minor in covered for place in self.places.every)
        return self._pythons[requires]

    def _holding(self, text: str, chosen: bool) -> int:
        key = (text, chosen)
        if key not in self._texts:
            try:
                self._texts[key] = self._true(parse(text), chosen)
            except MarkerError:
                # Whoever evaluates it says what is wrong with it.
                self._texts[key] = self.all
        return self._texts[key]

    def _true(self, marker: Marker, chosen: bool) -> int:
        if marker.atom is not None:
            return self._atom(marker.atom, chosen)
        parts = [self._true(part, chosen) for part in marker.parts]
        found = parts[0]
        for part in parts[1:]:
            found = found & part if marker.operator == "and" else found | part
        return found

    def _atom(self, atom: Atom, chosen: bool) -> int:
        negative = atom.operator in ("!=", "not in")
        if atom.variable == "extra" and atom.value in self._conflicting:
            return self._where((atom.value in choice) is not negative for choice in self._choices)
        if atom.variable in _FREE:
            return self.all if chosen or negative else 0
        if atom not in self._atoms:
            one = Marker(operator="atom", atom=atom)
            self._atoms[atom] = self._spread(one.holds(place.variables) for place in self.places.every)
        return self._atoms[atom]

    def _spread(self, flags: Iterable[bool]) -> int:
        one, found = self.places.bits(flags), 0
        for number in range(len(self._choices)):
            found |= one << number * self.size
        return found

    def _where(self, flags: Iterable[bool]) -> int:
        block = (1 << self.size) - 1
        return sum(block << number * self.size for number, flag in enumerate(flags) if flag)


def _choices(lock: Lock) -> Iterator[frozenset[str]]:
    """Yield what can be chosen of the extras and groups that conflict with others, as uv spells it in markers."""
    sets = [frozenset(encode(*_item(item)) for item in items) for items in lock.conflicts]
    names = sorted(frozenset().union(*sets))
    yield frozenset()
    yield from (frozenset((name,)) for name in names)
    pairs = ((one, other) for number, one in enumerate(names) for other in names[number + 1 :])
    allowed = (frozenset(pair) for pair in pairs if not any(items.issuperset(pair) for items in sets))
    yield from itertools.islice(allowed, _MOST_PAIRS)


def _item(item: ConflictItem) -> tuple[str, ...]:
    if item.extra is not None:
        return "extra", item.package, item.extra
    return ("group", item.package, item.group) if item.group is not None else ("project", item.package)


def _markers(lock: Lock) -> Iterator[str]:
    texts = {when.marker for package in lock.packages for when in package.when}
    texts |= {edge.marker for package in lock.packages for edge in all_edges(package)}
    return (text for text in texts if text is not None and "platform_machine" in text)


def _machines(text: str) -> Iterator[str]:
    try:
        atoms = tuple(parse(text).atoms())
    except MarkerError:
        return
    for atom in atoms:
        if atom.variable == "platform_machine" and atom.operator in ("==", "!=") and atom.value not in _USUAL:
            yield atom.value


def _places(pythons: Iterable[int], machines: Iterable[str]) -> Iterator[_Place]:
    for minor in pythons:
        for system, machine, triple, subdir in _PLATFORMS:
            variables = named_environment(_BASE, python_version=f"3.{minor}.{_LATE}", platform=triple)
            yield _Place(system=system, machine=machine, minor=minor, variables={**variables, "conda_subdir": subdir})
        linux = named_environment(_BASE, python_version=f"3.{minor}.{_LATE}", platform="linux")
        for name in machines:
            variables = {**linux, "platform_machine": name, "conda_subdir": f"linux-{name}"}
            yield _Place(system="Linux", machine=name, minor=minor, variables=variables)


def _systems(keys: list[tuple[str, str]], every: Mapping[tuple[str, str], object]) -> Iterator[str]:
    for system in dict.fromkeys(system for system, _ in keys):
        here = [machine for name, machine in keys if name == system]
        known = [machine for name, machine in every if name == system]
        yield system if len(here) == len(known) else ", ".join(f"{system} {machine}" for machine in here)


def _pythons(some: tuple[int, ...], full: set[int]) -> str:
    first, last = some[0], some[-1]
    if len(some) != sum(first <= minor <= last for minor in full):
        return ", ".join(f"3.{minor}" for minor in some)
    if last == max(full):
        return f"3.{first} and later" if first != last else f"3.{first}"
    if first == min(full):
        return f"before 3.{last + 1}"
    return f"3.{first}" if first == last else f"3.{first} to 3.{last}"
