"""What poetry calls a dependency, in a manifest or in a lock: ``"^1.2"``, ``{ version = ..., markers = ... }``, a list of those."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...names import normalize
from ...toml import kind
from ..model import Edge, SourceKind
from .constraints import platform_marker, python_marker, specifier

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from ...getters import Table

    # Name, extras, range, URL and marker of a requirement.
    _Parts = tuple[str, Collection[str], str, str | None, str | None]

_WORD = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_CLAUSE = r"(?:~=|===?|!=|<=|>=|<|>)[ \t]*[A-Za-z0-9.*+!_-]+"
_PLAIN = re.compile(
    rf"(?P<name>{_WORD})(?:\[[ \t]*(?P<extras>{_WORD}(?:[ \t]*,[ \t]*{_WORD})*)[ \t]*\])?[ \t]*(?P<range>{_CLAUSE}(?:[ \t]*,[ \t]*{_CLAUSE})*)?"
    r"[ \t]*(?:;(?P<marker>[^;\n]*))?"
)
_DIRECT = {
    "git": SourceKind.GIT,
    "url": SourceKind.URL,
    "path": SourceKind.DIRECTORY,
    "file": SourceKind.PATH,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One requirement. *constraint* is a range in poetry's words or in those of PEP 440, empty where any version will do.

    *optional* is whether it is installed for an extra alone, *in_extras* for which. *direct* is the kind of source that is
    asked for, None for an index; a path may be that of a folder or of a file. *location* is its URL or path. *keys* are its
    place in the file, *text* is for people.
    """

    name: str
    constraint: str = ""
    extras: tuple[str, ...] = ()
    marker: str | None = None
    optional: bool = False
    in_extras: tuple[str, ...] = ()
    direct: SourceKind | None = None
    location: str = ""
    keys: tuple[str | int, ...] = ()
    text: str = ""

    def edge(self) -> Edge:
        """Return the requirement as a dependency in a lock."""
        constraint = "" if self.direct is not None else self.constraint
        return Edge(name=self.name, extras=self.extras, marker=self.marker, specifier=specifier(constraint))


def requirements(table: Table) -> Iterator[Requirement]:
    """Yield the requirements of a table of them, by name; an error of *table* where one is none."""
    for name, value in table.value.items():
        several = value if isinstance(value, list) else [value]
        for number, item in enumerate(several):
            keys = (*table.keys, name, *([number] if isinstance(value, list) else []))
            yield _requirement(table, name, item, keys)


def _requirement(table: Table, name: str, value: object, keys: tuple[str | int, ...]) -> Requirement:
    if isinstance(value, str):
        return Requirement(name=normalize(name), constraint=value, keys=keys, text=f"{name} {value}")
    if not isinstance(value, dict):
        raise table.raises(
            f"expected a version or a table, found {kind(value)}", path=table.path, keys=keys, hint=table.hint
        )
    own = type(table)(table.path, keys, value)
    direct = next((key for key in _DIRECT if key in value), None)
    constraint = own.text("version") or ""
    location = own.required(direct) if direct is not None else ""
    return Requirement(
        name=normalize(name),
        constraint=constraint,
        extras=tuple(sorted(normalize(extra) for extra in own.texts("extras"))),
        marker=_marker(own),
        optional=bool(own.get("optional", bool)),
        direct=_DIRECT[direct] if direct is not None else None,
        location=location,
        keys=keys,
        text=f"{name} {f'from {location}' if direct is not None else constraint or '*'}",
    )


def _marker(table: Table) -> str | None:
    parts = [table.text("markers")]
    for key, convert in (("python", python_marker), ("platform", platform_marker)):
        text = table.text(key)
        if text is None:
            continue
        marker = convert(text)
        if marker is None:
            raise table.error(key, f"'{text}' is no constraint")
        parts.append(marker)
    found = [part for part in parts if part]
    return " and ".join(f"({part})" for part in found) if len(found) > 1 else found[0] if found else None


def from_pep508(table: Table, text: str, keys: tuple[str | int, ...], extra: str | None = None) -> Requirement:
    """Return the requirement *text* (PEP 508) at *keys*, of the extra *extra*; an error of *table* where it is none."""
    from packaging.requirements import InvalidRequirement

    try:
        parsed = _plain(text) or _parsed(text)
    except (InvalidRequirement, RecursionError) as error:
        what = str(error).split("\n", maxsplit=1)[0]
        message = f"'{text}' is no requirement: {what}"
        raise table.raises(message, path=table.path, keys=keys, hint=table.hint) from None
    name, extras, constraint, url, marker = parsed
    direct = None
    if url is not None:
        direct = SourceKind.GIT if url.startswith("git+") else SourceKind.URL
        if url.startswith("file:") or "://" not in url:
            direct = SourceKind.DIRECTORY
    return Requirement(
        name=normalize(name),
        constraint=constraint,
        extras=tuple(sorted(map(normalize, extras))),
        marker=marker,
        optional=extra is not None,
        in_extras=(extra,) if extra is not None else (),
        direct=direct,
        location=url or "",
        keys=keys,
        text=text,
    )


def _parsed(text: str) -> _Parts:
    from packaging.requirements import Requirement as Parsed

    parsed = Parsed(text)
    marker = str(parsed.marker) if parsed.marker is not None else None
    return parsed.name, parsed.extras, str(parsed.specifier), parsed.url, marker


def _plain(text: str) -> _Parts | None:
    """Return the parts of a requirement as tools write them; None where only the full grammar can tell.

    Ranges and markers are taken apart once for all the requirements that share them.
    """
    match = _PLAIN.fullmatch(text)
    if match is None:
        return None
    constraint = _range(match["range"] or "")
    marker = _normal_marker(match["marker"]) if match["marker"] is not None else ""
    if constraint is None or marker is None:
        return None
    extras = {part.strip() for part in match["extras"].split(",")} if match["extras"] is not None else set()
    return match["name"], extras, constraint, None, marker or None


@functools.lru_cache(maxsize=4096)
def _range(text: str) -> str | None:
    from packaging.specifiers import SpecifierSet

    try:
        return str(SpecifierSet(text))
    except ValueError:
        return None


@functools.lru_cache(maxsize=4096)
def _normal_marker(text: str) -> str | None:
    from packaging.markers import InvalidMarker, Marker

    try:
        return str(Marker(text))
    except (InvalidMarker, RecursionError):
        return None
