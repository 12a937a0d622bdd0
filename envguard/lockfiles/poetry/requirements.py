"""What poetry calls a dependency, in a manifest or in a lock: ``"^1.2"``, ``{ version = ..., markers = ... }``, a list of those."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ... import pep508
from ...names import normalize
from ...toml import kind
from ..model import Edge, SourceKind
from .constraints import platform_marker, python_marker, specifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...getters import Table

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
    try:
        name, extras, constraint, url, marker = pep508.parse(text)
    except (ValueError, RecursionError) as error:
        what = str(error).split("\n", maxsplit=1)[0]
        message = f"'{text}' is no requirement: {what}"
        raise table.raises(message, path=table.path, keys=keys, hint=table.hint) from None
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
