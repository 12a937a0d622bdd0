"""The order of conda's versions, which is not that of PEP 440.

The rules are those of conda's ``conda.models.version.VersionOrder``: a version is split at dots and underscores and then into runs
of digits and of letters; numbers come after letters, ``dev`` before everything and ``post`` after it, and what is missing is 0.
"""

from __future__ import annotations

import functools
from itertools import zip_longest

from ..patterns import late
from ..values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    Part = int | float | str
    Parts = tuple[tuple[Part, ...], ...]

_VALID = late(r"[*.+!_0-9a-z]+")
_RUNS = late(r"[0-9]+|\*+|[^0-9*]+")
_MAX_LENGTH = 300
_POST = float("inf")
# Upper case, so that it sorts before every other text.
_DEV = "DEV"


class VersionError(ValueError):
    """A text is no version of conda."""


@functools.total_ordering
@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version: its epoch with its *release*, and what follows the ``+``, each split into comparable parts."""

    release: Parts
    local: Parts

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Version):
            return NotImplemented
        return not _compare(self.release, other.release) and not _compare(self.local, other.local)

    def __lt__(self, other: Version) -> bool:
        return self.order(other) < 0

    def order(self, other: Version) -> int:
        """Return a number below, equal to or above 0, as this version comes before, with or after *other*."""
        return _compare(self.release, other.release) or _compare(self.local, other.local)

    def __hash__(self) -> int:
        return hash((_trimmed(self.release), _trimmed(self.local)))

    def starts_with(self, other: Version) -> bool:
        """Return whether the parts of *other* are those with which this version begins: ``1.2.3`` begins with ``1.2``."""
        if other.local:
            return not _compare(self.release, other.release) and _begins(self.local, other.local)
        return _begins(self.release, other.release)


@functools.lru_cache(maxsize=16384)
def parse(text: str) -> Version:
    """Return the version that *text* spells; VersionError where it spells none."""
    written = text.strip().lower()
    if _VALID.fullmatch(written) is None and "-" in written and "_" not in written:
        # As conda takes it: a dash is an underscore where there is none.
        written = written.replace("-", "_")
    if not written or len(written) > _MAX_LENGTH or _VALID.fullmatch(written) is None:
        raise VersionError(f"'{text[:80]}' is no version of conda")
    epoch, mark, rest = written.rpartition("!")
    if mark and not epoch.isdigit():
        raise VersionError(f"'{text[:80]}' has no number before its '!'")
    public, mark, local = rest.partition("+")
    if not public or (mark and not local) or "+" in local or "!" in epoch:
        raise VersionError(f"'{text[:80]}' is no version of conda")
    release = ((int(epoch or 0),), *_parts(public, text))
    return Version(release=release, local=_parts(local, text) if local else ())


def _parts(written: str, text: str) -> Parts:
    # OpenSSL's versions end in an underscore that means something.
    tail = "_" if written.endswith("_") and len(written) > 1 else ""
    segments = written.removesuffix(tail).replace("_", ".").split(".")
    segments[-1] += tail
    return tuple(_segment(segment, text) for segment in segments)


def _segment(segment: str, text: str) -> tuple[Part, ...]:
    if segment.isdigit():
        return (int(segment),)
    runs = _RUNS.findall(segment)
    if not runs:
        raise VersionError(f"'{text[:80]}' has nothing between two dots")
    parts = tuple(
        int(run) if run.isdigit() else _POST if run == "post" else _DEV if run == "dev" else run for run in runs
    )
    return parts if segment[0].isdigit() else (0, *parts)


def _compare(one: Parts, other: Parts) -> int:
    """Return a number below, equal to or above 0, as *one* comes before, with or after *other*."""
    for left, right in zip_longest(one, other, fillvalue=(0,)):
        if left == right:
            continue
        for first, second in zip_longest(left, right, fillvalue=0):
            if first == second:
                continue
            if isinstance(first, str) and isinstance(second, str):
                return -1 if first < second else 1
            if isinstance(first, str) or isinstance(second, str):
                return -1 if isinstance(first, str) else 1
            return -1 if first < second else 1
    return 0


def _begins(whole: Parts, start: Parts) -> bool:
    count = len(start) - 1
    if _compare(whole[:count], start[:count]):
        return False
    left, right = whole[count] if len(whole) > count else (), start[count]
    inner = len(right) - 1
    if _compare((left[:inner],), (right[:inner],)):
        return False
    here, there = left[inner] if len(left) > inner else 0, right[inner]
    if isinstance(there, str):
        return isinstance(here, str) and here.startswith(there)
    return here == there


def _trimmed(parts: Parts) -> Parts:
    """Return *parts* without the zeros at their ends, which compare as if they were not there."""
    trimmed = [_without_zeros(part) for part in parts]
    while trimmed and not trimmed[-1]:
        trimmed.pop()
    return tuple(trimmed)


def _without_zeros(part: Iterable[Part]) -> tuple[Part, ...]:
    found = list(part)
    while found and found[-1] == 0:
        found.pop()
    return tuple(found)
