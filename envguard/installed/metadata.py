"""Names, versions and the header of METADATA and PKG-INFO (core metadata), read without the ``email`` package."""

from __future__ import annotations

import re

from ..names import normalize
from ..values import dataclass

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
_VERSION = re.compile(r"[A-Za-z0-9.!+_-]+", re.ASCII)
# A header ends where a line is neither a field nor the continuation of one, as it does for the email package: a blank
# line in all good files, a broken one in a few.
_END = re.compile(rb"\n(?![\x21-\x39\x3b-\x7e]*:|[ \t])")
_FIELD = re.compile(r"\n(name|version|requires-dist):([^\n]*(?:\n[ \t][^\n]*)*)", re.IGNORECASE)
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the header of METADATA or PKG-INFO says. *problem* is a sentence about text that is not UTF-8."""

    name: str | None = None
    version: str | None = None
    requires: tuple[str, ...] = ()
    problem: str | None = None


def read_header(data: bytes) -> Header:
    """Return the header at the start of *data*; of a repeated field the first one counts, as for the email package."""
    data = b"\n" + data.removeprefix(_BOM)
    end = _END.search(data)
    raw = data[: end.start()] if end is not None else data
    problem = None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        problem = f"is not UTF-8 text: byte 0x{raw[error.start]:02x} at offset {error.start - 1}"
        text = raw.decode("utf-8", "replace")
    first: dict[str, str] = {}
    requires = []
    for spelling, folded in _FIELD.findall(text):
        key = spelling.lower()
        value = " ".join(part.strip() for part in folded.split("\n")) if "\n" in folded else folded
        value = value.strip()
        if key == "requires-dist":
            requires.append(value)
        else:
            first.setdefault(key, value)
    return Header(
        name=first.get("name") or None, version=first.get("version") or None, requires=tuple(requires), problem=problem
    )


def split_stem(stem: str) -> tuple[str, str | None] | None:
    """Return the normal name and the version in the *stem* of a metadata folder's name; None without a valid name.

    Names and versions escape their own dashes as underscores (binary distribution format), but old tools did not: of
    several dashes the last one separates. A version that is missing or unusable is None.
    """
    name, dash, version = stem.rpartition("-")
    if not dash:
        name, version = stem, ""
    if _NAME.fullmatch(name) is None:
        return None
    usable = _VERSION.fullmatch(version) is not None
    return normalize(name), version.replace("_", "-") if usable else None


def same_version(left: str, right: str) -> bool:
    """Return whether two spellings are one version (PEP 440), the local part included."""
    if left == right:
        return True
    from packaging.version import Version

    try:
        return Version(left) == Version(right)
    except ValueError:
        return left.lower() == right.lower()
