"""What an installer says that it wrote: the rows of RECORD, each with the folder that its path is to be looked up in.

RECORD is text that anybody may have written. A path counts by its letters alone, links aside: what leads out of the environment
is named and not followed.
"""

from __future__ import annotations

import os
import posixpath
import re
from binascii import b2a_base64
from itertools import compress
from typing import TYPE_CHECKING

from ..errors import UnreadableError
from ..installed.folders import PACKAGE_FOLDERS
from ..installed.model import OriginKind
from ..installed.record import MAX_BYTES, RecordError, parsed
from ..names import printable
from ..values import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..installed.model import Distribution, Layer
    from ..reader import Reader

_VERSIONED = re.compile(r"(?:python|pypy)[\d.]*t?|lib", re.IGNORECASE)
# A path that begins at the root or goes to and fro.
_TO_AND_FRO = re.compile(rb"\A\.{0,2}[/,]|/\.{0,2}[/,]")
_URLSAFE = bytes.maketrans(b"+/", b"-_")
_ALL_ELSE = bytes(byte for byte in range(256) if byte not in b",=\n")
# What is in no plain path; from the fourth on, only where "/." is.
_MARKS = (b"//", b"/,", b"\0", b"/./", b"/../", b"/.,", b"/..,")
# More than this no system opens at once.
_LONGEST = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """A row whose digest is no SHA-256 (empty where there is none), of the file *path* below *folder*.

    *made*: its installer made it on the spot, or it is a link, so that there is nothing to compare it with.
    """

    folder: str
    path: bytes
    digest: bytes
    size: bytes
    made: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose files they are: a package as its metadata at *path* describes it; *source* is where its installer wrote them down."""

    name: str
    version: str | None
    path: str
    layer: Layer
    source: str = "RECORD"
    editable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """The files that belong to an *owner*.

    *rows* maps an absolute folder to rows ``path,sha256=…,size`` whose paths start there, no field in quotes; *plain* are the
    other rows, *beyond* the paths that lead out of the environment. *fault* says why nothing, or not all, is told.
    """

    owner: Owner
    rows: Mapping[str, list[bytes]] = field(default_factory=dict)
    plain: tuple[Plain, ...] = ()
    beyond: tuple[str, ...] = ()
    fault: str | None = None


def prefix_of(folder: str) -> str:
    """Return the folder of the environment or installation whose folder of packages *folder* is; itself where it is none's."""
    parent, name = os.path.split(folder)
    if name not in PACKAGE_FOLDERS or not _VERSIONED.fullmatch(os.path.basename(parent)):
        return folder
    above = os.path.dirname(parent)
    return above if os.path.basename(parent).lower() == "lib" else os.path.dirname(above)


def recorded(reader: Reader, distribution: Distribution) -> Claims:
    """Return what the RECORD of *distribution* says."""
    owner = Owner(
        name=distribution.name,
        version=distribution.version,
        path=distribution.path,
        layer=distribution.layer,
        editable=distribution.origin is not None and distribution.origin.kind is OriginKind.EDITABLE,
    )
    if not distribution.path.endswith(".dist-info"):
        return Claims(owner=owner, fault="it was installed without a RECORD")
    path = os.path.join(distribution.path, "RECORD")
    try:
        record = reader.read_bytes(path, limit=MAX_BYTES)
        hashed, others = _split(record)
    except (UnreadableError, RecordError) as error:
        if isinstance(error, UnreadableError) and not reader.exists(path):
            return Claims(owner=owner, fault="it has no RECORD")
        text = error.message if isinstance(error, UnreadableError) else str(error)
        return Claims(owner=owner, fault=f"its RECORD {text}")
    if not hashed and not others:
        return Claims(owner=owner, fault="its RECORD lists no files")
    return _place(hashed, others, owner, os.path.dirname(distribution.path), _odd(hashed, others, record))


def _place(hashed: list[bytes], others: list[bytes], owner: Owner, folder: str, odd: list[bytes]) -> Claims:
    """Return the claims in rows (``path,digest,size``) with a SHA-256 and *others*, whose paths start at *folder*.

    *odd* are those of the *hashed* whose path may leave it or go to and fro.
    """
    prefix = prefix_of(folder)
    rows = {folder: hashed}
    plain: list[Plain] = []
    beyond: list[str] = []
    if odd:
        strange = frozenset(odd)
        rows[folder] = [line for line in hashed if line not in strange]
    inside = os.fsencode(os.path.relpath(folder, prefix).replace(os.sep, "/")) + b"/" if folder != prefix else b""
    absolute = os.fsencode(prefix.replace(os.sep, "/")).rstrip(b"/") + b"/"
    for line in (*odd, *others):
        path, digest, size = line.rsplit(b",", 2)
        if path.endswith(b"/"):
            continue  # a folder, which some old tools list
        found = _normal(path, inside, absolute)
        if found is None or b"\0" in path or len(path) > _LONGEST:
            beyond.append(printable(os.fsdecode(path)))
            continue
        here = folder if found.startswith(inside) else prefix
        name = found[len(inside) :] if here == folder else found
        if digest.startswith(b"sha256="):
            rows.setdefault(here, []).append(b"%b,%b,%b" % (name, digest, size))
        else:
            plain.append(Plain(folder=here, path=name, digest=digest, size=size))
    return Claims(owner=owner, rows=rows, plain=tuple(plain), beyond=tuple(beyond))


def hashed_row(path: bytes, digest: bytes, size: bytes) -> bytes:
    """Return the row of the file *path* whose SHA-256 is *digest* (32 bytes), as a look into its folder gives it."""
    return b"%b,sha256=%b,%b" % (path, b2a_base64(digest, newline=False).translate(_URLSAFE, b"="), size)


def leads_out(path: bytes) -> bool:
    """Return whether *path*, from the root of an environment, is none of a file in it, or goes to and fro."""
    return not path or b"\0" in path or len(path) > _LONGEST or _TO_AND_FRO.search(path + b",") is not None


class Claimed:
    """What all *claims* together say of the files below *folder*.

    *rows* are those with a SHA-256, package by package, *paths* theirs in the same order, and *owners* the numbers of the
    packages; *plain* are the paths of all other rows, *sought* those of them that are more than looked for.
    """

    __slots__ = ("_names", "folder", "owners", "paths", "plain", "rows", "sought")

    def __init__(self, claims: Sequence[Claims], folder: str) -> None:
        self.folder = folder
        self.rows: list[bytes] = []
        self.owners: list[int] = []
        for number, item in enumerate(claims):
            rows = item.rows.get(folder, ())
            self.rows += rows
            self.owners += [number] * len(rows)
        self.paths = [row.rpartition(b",sha256=")[0] for row in self.rows]
        plain = [row for item in claims for row in item.plain if row.folder == folder]
        self.plain = frozenset(row.path for row in plain)
        self.sought = frozenset(row.path for row in plain if not row.made)
        self._names: frozenset[bytes] | None = None

    @property
    def names(self) -> frozenset[bytes]:
        """All paths that are claimed, found out when they are first asked for."""
        if self._names is None:
            self._names = self.plain.union(self.paths)
        return self._names


def _odd(hashed: list[bytes], others: list[bytes], record: bytes) -> list[bytes]:
    """Return which of the *hashed* rows need a look of their own: their path leaves its folder or goes to and fro, or no file can have it.

    Nearly all that do begin so (``../../../bin/tool``). Whether any other does is asked of the whole text, because of most packages
    none does, and there are tens of thousands of rows.
    """
    begins = record[:1] in b"./" or b"\n." in record or b"\n/" in record
    leading = [line for line in (*hashed, *others) if line.startswith((b".", b"/"))] if begins else []
    marks = _MARKS if b"/." in record else _MARKS[:3]
    if (
        b'"' in record
        or max(map(len, hashed), default=0) > _LONGEST
        # The same number in all as in those: none in any other.
        or any(record.count(mark) != sum([line.count(mark) for line in leading]) for mark in marks)
    ):
        return [line for line in hashed if _is_odd(line)]
    return [line for line in leading if b",sha256=" in line and _is_odd(line)]


def _is_odd(line: bytes) -> bool:
    if line.startswith((b".", b"/")) or b"/." in line or b"//" in line or b"/," in line:
        return _TO_AND_FRO.search(line) is not None or b"\0" in line or len(line) > _LONGEST
    return b"\0" in line or len(line) > _LONGEST


def _split(record: bytes) -> tuple[list[bytes], list[bytes]]:
    """Return the rows of *record* without quotes, those with a SHA-256 and the others: behind the last two commas stand digest and size."""
    text = record.replace(b"\r\n", b"\n") if b"\r" in record else record
    if not text.endswith(b"\n"):
        text += b"\n"
    lines = text.split(b"\n")
    lines.pop()
    # What is left when all else is deleted shows at once what the rows are like: ",=,", or ",," without a digest.
    shape = text.translate(None, _ALL_ELSE)
    hashes = shape.count(b"=")
    plain = b'"' not in text and not text.startswith(b",") and b"\n," not in text
    if (
        plain
        and len(shape) == 3 * len(lines) + hashes
        and hashes + shape.count(b",,\n") == len(lines)
        and hashes == shape.count(b",=,\n") == text.count(b",sha256=")
    ):
        return _told_apart(lines, shape)
    if not plain or shape.translate(None, b"=") != b",,\n" * len(lines):
        lines = [b"%b,%b,%b" % row for row in parsed(record)]
    others: list[bytes] = []
    # In one pass: append() is never true.
    return [line for line in lines if b",sha256=" in line or others.append(line)], others  # type: ignore[func-returns-value]


def _told_apart(lines: list[bytes], shape: bytes) -> tuple[list[bytes], list[bytes]]:
    """Return the rows with a digest and those without, by the *shape* of all of them: four bytes for the ones, three for the others."""
    numbers: list[int] = []
    at = shape.find(b",,\n")
    while at >= 0:
        numbers.append((at - 3 * len(numbers)) // 4 + len(numbers))
        at = shape.find(b",,\n", at + 3)
    if not numbers:
        return lines, []
    kept = bytearray(b"\1") * len(lines)
    for number in numbers:
        kept[number] = 0
    return list(compress(lines, kept)), [lines[number] for number in numbers]


def _normal(path: bytes, inside: bytes, absolute: bytes) -> bytes | None:
    """Return *path*, which starts at *inside* the prefix, as one from the prefix; None where it leads out of it."""
    if path.startswith(b"/"):
        path = posixpath.normpath(path)
        return path[len(absolute) :] if path.startswith(absolute) else None
    found = posixpath.normpath(inside + path)
    return None if found == b".." or found.startswith((b"../", b"/")) or found == b"." else found
