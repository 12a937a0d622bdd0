"""What poetry calls a dependency, in a manifest or in a lock: ``"^1.2"``, ``{ version = ..., markers = ... }``, a list of those."""

from __future__ import annotations

from ...names import normalize
from ...toml import kind
from ..manifests.constraints import platform_marker, python_marker
from ..manifests.requirements import Requirement
from ..model import SourceKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...getters import Table

_DIRECT = {
    "git": SourceKind.GIT,
    "url": SourceKind.URL,
    "path": SourceKind.DIRECTORY,
    "file": SourceKind.PATH,
}


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
