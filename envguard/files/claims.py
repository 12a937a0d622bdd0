"""What an installer says that it wrote: the rows of RECORD, each with the folder that its path is to be looked up in.

RECORD is text that anybody may have written. A path counts by its letters alone, links aside: what leads out of the environment
is named and not followed.
"""

from __future__ import annotations

import os
import posixpath
import re
from binascii import b2a_base64
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
_ALL_ELSE = bytes(byte for byte in range(256) if byte not in b",\n")
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
        lines = _lines(record)
    except (UnreadableError, RecordError) as error:
        if isinstance(error, UnreadableError) and not reader.exists(path):
            return Claims(owner=owner, fault="it has no RECORD")
        text = error.message if isinstance(error, UnreadableError) else str(error)
        return Claims(owner=owner, fault=f"its RECORD {text}")
    if not lines:
        return Claims(owner=owner, fault="its RECORD lists no files")
    suspect = _is_suspect(record) or max(map(len, lines)) > _LONGEST
    return place(lines, owner, os.path.dirname(distribution.path), suspect=suspect)


def place(lines: list[bytes], owner: Owner, folder: str, *, suspect: bool = True) -> Claims:
    """Return the claims in the rows *lines* (``path,digest,size``), whose paths start at *folder*.

    Unless they are *suspect*, none of the paths leaves it or goes to and fro.
    """
    prefix = prefix_of(folder)
    others: list[bytes] = []
    # In one pass: there are tens of thousands of rows, and append() is never true.
    hashed = [line for line in lines if b",sha256=" in line or others.append(line)]  # type: ignore[func-returns-value]
    rows = {folder: hashed}
    plain: list[Plain] = []
    beyond: list[str] = []
    odd = [line for line in hashed if _is_odd(line)] if suspect else []
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

    __slots__ = ("folder", "owners", "paths", "plain", "rows", "sought")

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


def _is_suspect(record: bytes) -> bool:
    """Return whether any path in *record* may be odd. Asked of the whole text, because of most packages none is."""
    if record[:1] in b"./" or any(part in record for part in (b"//", b"/,", b"\n.", b"\n/", b'"', b"\0")):
        return True
    return b"/." in record and any(part in record for part in (b"/./", b"/../", b"/.,", b"/..,"))


def _is_odd(line: bytes) -> bool:
    """Return whether a path needs a look of its own: it leaves its folder or goes to and fro, or no file can have it."""
    if line.startswith((b".", b"/")) or b"/." in line or b"//" in line or b"/," in line:
        return _TO_AND_FRO.search(line) is not None or b"\0" in line or len(line) > _LONGEST
    return b"\0" in line or len(line) > _LONGEST


def _lines(record: bytes) -> list[bytes]:
    """Return the rows of *record* without quotes: behind the last two commas stand digest and size."""
    lines = record.replace(b"\r\n", b"\n").split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    # What is left when all else is deleted shows at once whether every line has two commas.
    if (
        b'"' in record
        or record.startswith(b",")
        or b"\n," in record
        or b"\n".join(lines).translate(None, _ALL_ELSE) != b"\n".join([b",,"] * len(lines))
    ):
        return [b"%b,%b,%b" % row for row in parsed(record)]
    return lines


def _normal(path: bytes, inside: bytes, absolute: bytes) -> bytes | None:
    """Return *path*, which starts at *inside* the prefix, as one from the prefix; None where it leads out of it."""
    if path.startswith(b"/"):
        path = posixpath.normpath(path)
        return path[len(absolute) :] if path.startswith(absolute) else None
    found = posixpath.normpath(inside + path)
    return None if found == b".." or found.startswith((b"../", b"/")) or found == b"." else found
