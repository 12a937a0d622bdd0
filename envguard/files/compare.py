"""What installers say they wrote, against what is there: rows against rows. Pure; nothing is read here."""

from __future__ import annotations

import posixpath
from base64 import b64decode
from bisect import bisect_left
from typing import TYPE_CHECKING

from ..values import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..walked import Problem
    from .claims import Claims

    # A file: the folder that its path starts from, and the path.
    Where = tuple[str, bytes]

# So many paths are sought one by one; for more, it costs less to take all rows apart.
_FEW = 256


class Seen:
    """What a look has found: *rows*, sorted by path, the mtime of each in nanoseconds, and *problems* by path; see ``envguard.walked.Listed``."""

    __slots__ = ("_numbers", "_sought", "problems", "rows", "times")

    def __init__(self, rows: Sequence[bytes], times: Sequence[int], problems: Iterable[Problem] = ()) -> None:
        self.rows = rows
        self.times = times
        self.problems = {problem.path: problem for problem in problems}
        self._numbers: dict[bytes, int] | None = None
        self._sought = 0

    def number(self, path: bytes) -> int | None:
        """Return which row is that of *path*; None where there is none."""
        if self._numbers is None and self._sought < _FEW:
            self._sought += 1
            number = bisect_left(self.rows, path, key=_path_of)
            return number if number < len(self.rows) and _path_of(self.rows[number]) == path else None
        if self._numbers is None:
            self._numbers = {_path_of(row): number for number, row in enumerate(self.rows)}
        return self._numbers.get(path)

    def row(self, path: bytes) -> tuple[bytes, bytes] | None:
        """Return what stands in the middle of the row of *path*, and its size; None where there is none."""
        number = self.number(path)
        if number is None:
            return None
        _, middle, size = self.rows[number].rsplit(b",", 2)
        return middle, size

    def mtime(self, path: bytes) -> int | None:
        """Return the mtime of *path* in nanoseconds; None where it has no row."""
        number = self.number(path)
        return None if number is None else self.times[number]

    def problem(self, path: bytes) -> Problem | None:
        """Return what kept *path*, or a folder on the way to it, from being looked at; None where nothing did."""
        while self.problems:
            if path in self.problems:
                return self.problems[path]
            if not path:
                break
            path = posixpath.dirname(path)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of the files of one package. Digest and size that its installer wrote down; then those that are there."""

    changed: dict[Where, tuple[bytes, bytes, bytes, bytes]] = field(default_factory=dict)
    missing: dict[Where, tuple[bytes, bytes]] = field(default_factory=dict)
    unread: dict[Where, Problem] = field(default_factory=dict)


def compare(claims: Claims, seen: Mapping[str, Seen], there: Mapping[str, frozenset[bytes]]) -> Verdict:
    """Return which of the files of *claims* have another SHA-256, are gone, or could not be looked at.

    *seen* are the looks by folder, *there* their rows as sets.
    """
    verdict = Verdict()
    same: set[Where] = set()
    for folder, rows in claims.rows.items():
        if there[folder].issuperset(rows):
            continue  # of nearly all packages, and no set is made of their rows
        for row in frozenset(rows) - there[folder]:
            path, digest, size = row.rsplit(b",", 2)
            where, found = (folder, path), seen[folder].row(path)
            if found is not None and is_same(digest, found[0]):
                same.add(where)  # written in another way, or with another size or none
            elif found is not None:
                verdict.changed[where] = (digest, size, *found)
            elif (problem := seen[folder].problem(path)) is not None:
                verdict.unread[where] = problem
            else:
                verdict.missing[where] = (digest, size)
    # A path that stands there twice is as its installer wrote it if it is as one of the two rows says.
    for where, (_, _, middle, size) in [*verdict.changed.items()]:
        if where in same or b"%b,%b,%b" % (where[1], middle, size) in frozenset(claims.rows[where[0]]):
            del verdict.changed[where]
    return verdict


def _path_of(row: bytes) -> bytes:
    return row.rsplit(b",", 2)[0]


def is_same(left: bytes, right: bytes) -> bool:
    """Return whether two ways to write a SHA-256 (``sha256=`` and base64 or hexadecimal digits) are one."""
    digest = digest_of(left)
    return digest is not None and digest == digest_of(right)


def digest_of(text: bytes) -> bytes | None:
    """Return the 32 bytes that *text* (``sha256=`` and base64 or hexadecimal digits) means; None where it means none."""
    algorithm, _, value = text.partition(b"=")
    if algorithm != b"sha256":
        return None
    try:
        if len(value) == 64:
            return bytes.fromhex(value.decode("ascii"))
        found = b64decode(value.rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/") + b"=", validate=True)
    except ValueError:
        return None
    return found if len(found) == 32 else None
