"""Requirements as they are declared and as ``uv.lock`` records them, in one comparable form."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...errors import ConfigError
from ..select import normalize
from .reader import without_credentials

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SOURCES = ("git", "url", "path", "editable", "directory", "virtual")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One requirement. *origin* is a kind and a location where it is no index; then there is no *specifier*.

    *marker* is its text without the extra, *extra* the optional dependencies that it stands in. *keys* is its place.
    """

    name: str
    extras: frozenset[str]
    specifier: frozenset[str]
    origin: tuple[str, str] | None
    index: str | None
    marker: str | None
    extra: str | None
    text: str
    keys: tuple[str | int, ...]

    @property
    def identity(self) -> tuple[Any, ...]:
        """What must be equal, markers apart."""
        return (self.name, self.extras, self.specifier, self.origin, self.index)


def specifier_set(text: str) -> frozenset[str]:
    """Return the clauses of a version specifier by value: ``==1.0`` is ``==1.0.0``."""
    from packaging.specifiers import SpecifierSet

    return frozenset(_clause(str(clause)) for clause in SpecifierSet(text))


def _clause(text: str) -> str:
    from packaging.utils import canonicalize_version

    operator = text[: len(text) - len(text.lstrip("<>=!~"))]
    version = text[len(operator) :].strip()
    if operator in ("===", "~=") or version.endswith(".*"):
        return operator + version
    return operator + canonicalize_version(version)


def recorded(
    items: Iterable[Mapping[str, Any]], keys: tuple[str | int, ...], root: str, members: Iterable[str] = ()
) -> list[Declared]:
    """Return the requirements of a recorded list (``requires-dist``) of a lock in the folder *root*.

    *members* are the folders of the workspace: whether a member is editable is its own affair, not the requirement's.
    """
    workspace = {_origin("path", member, "", root) for member in members}
    return [
        _recorded(item, (*keys, number), root, workspace) for number, item in enumerate(items) if isinstance(item, dict)
    ]


def _recorded(
    item: Mapping[str, Any], keys: tuple[str | int, ...], root: str, workspace: set[tuple[str, str]]
) -> Declared:
    name = str(item.get("name", ""))
    origin = next(((kind, str(item[kind])) for kind in _SOURCES if kind in item), None)
    place = _origin(*origin, str(item.get("subdirectory") or ""), root) if origin else None
    if place is not None and ("local", place[1]) in workspace:
        place = ("local", place[1])
    specifier = str(item.get("specifier", ""))
    parts = [name, "[" + ",".join(item["extras"]) + "]" if item.get("extras") else "", specifier]
    parts += [f" @ {origin[1]}" if origin else "", f" ; {item['marker']}" if item.get("marker") else ""]
    return Declared(
        name=normalize(name),
        extras=frozenset(normalize(extra) for extra in item.get("extras", ())),
        specifier=frozenset()
        if origin
        else specifier_set(specifier.replace("*", "") if specifier == "*" else specifier),
        origin=place,
        index=index_key(str(item["index"]), root) if "index" in item else None,
        marker=item.get("marker"),
        extra=None,
        text="".join(parts),
        keys=keys,
    )


def declared(
    texts: Iterable[object],
    keys: tuple[str | int, ...],
    *,
    path: str,
    sources: Sources,
    extra: str | None = None,
    group: str | None = None,
) -> list[Declared]:
    """Return the requirements of a list in the manifest *path*; ConfigError names the one that is none."""
    from packaging.requirements import InvalidRequirement, Requirement

    found: list[Declared] = []
    for number, text in enumerate(texts):
        place = (*keys, number)
        if isinstance(text, dict) and "include-group" in text:
            continue
        if not isinstance(text, str):
            raise ConfigError("expected a requirement", path=path, keys=place)
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            what = str(error).split("\n", maxsplit=1)[0]
            raise ConfigError(f"'{text}' is no requirement: {what}", path=path, keys=place) from None
        name = normalize(requirement.name)
        marker = str(requirement.marker) if requirement.marker is not None else None
        for source, source_marker in sources.of(name, extra=extra, group=group):
            origin, index = sources.resolve(name, source)
            if origin is None and requirement.url is not None:
                origin = _origin(
                    "git" if requirement.url.startswith("git+") else "url", requirement.url, "", sources.root
                )
            both = f"({marker}) and ({source_marker})" if marker and source_marker else marker or source_marker
            found.append(
                Declared(
                    name=name,
                    extras=frozenset(normalize(item) for item in requirement.extras),
                    specifier=frozenset() if origin else specifier_set(str(requirement.specifier)),
                    origin=origin,
                    index=index,
                    marker=both,
                    extra=extra,
                    text=text,
                    keys=place,
                )
            )
    return found


class Sources:
    """``[tool.uv.sources]`` of one project, on top of those of its workspace.

    *folder* is the project's, *root* the lock's; *members* maps the workspace's members to their folders; *indexes* maps
    index names to URLs.
    """

    def __init__(
        self,
        table: Mapping[str, Any],
        *,
        folder: str,
        root: str,
        members: Mapping[str, str],
        indexes: Mapping[str, str],
    ) -> None:
        self.table = {normalize(name): value for name, value in table.items()}
        self.folder = folder
        self.root = root
        self.members = members
        self.indexes = indexes

    def of(self, name: str, *, extra: str | None, group: str | None) -> list[tuple[Mapping[str, Any], str | None]]:
        """Return the sources of a requirement on *name*, each with the marker under which it holds."""
        value = self.table.get(name, [])
        entries = [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]
        here = [
            item
            for item in entries
            if ("extra" not in item or (extra is not None and normalize(str(item["extra"])) == extra))
            and ("group" not in item or (group is not None and normalize(str(item["group"])) == group))
        ]
        if not here:
            return [({}, None)]
        found: list[tuple[Mapping[str, Any], str | None]] = [(item, item.get("marker")) for item in here]
        markers = [marker for _, marker in found]
        if all(markers):
            # Where no source's marker holds, the requirement goes to the index.
            found.append(({}, " and ".join(f"({_negated(str(marker))})" for marker in markers)))
        return found

    def resolve(self, name: str, source: Mapping[str, Any]) -> tuple[tuple[str, str] | None, str | None]:
        """Return the origin and the index that *source* redirects the requirement on *name* to."""
        subdirectory = str(source.get("subdirectory") or "")
        if "git" in source:
            query = [f"{key}={source[key]}" for key in ("rev", "tag", "branch") if key in source]
            url = str(source["git"]) + ("?" + "&".join(query) if query else "")
            return _origin("git", url, subdirectory, self.root), None
        if "url" in source:
            return _origin("url", str(source["url"]), subdirectory, self.root), None
        if "path" in source:
            path = os.path.normpath(os.path.join(self.folder, str(source["path"])))
            return _origin("editable" if source.get("editable") else "path", path, "", self.root), None
        if source.get("workspace"):
            return _origin("path", self.members.get(name, name), "", self.root), None
        if "index" in source:
            index = str(source["index"])
            return None, index_key(self.indexes.get(index, index), self.root)
        return None, None


def _negated(marker: str) -> str:
    from ..markers import parse

    return _spell_negated(parse(marker))


def _spell_negated(marker: Any) -> str:
    opposites = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "in": "not in", "not in": "in"}
    if marker.atom is not None:
        atom = marker.atom
        operator = opposites.get(atom.operator, "!=")
        left, right = (f"'{atom.value}'", atom.variable) if atom.reversed else (atom.variable, f"'{atom.value}'")
        return f"{left} {operator} {right}"
    word = " or " if marker.operator == "and" else " and "
    return "(" + word.join(_spell_negated(part) for part in marker.parts) + ")"


def _origin(kind: str, location: str, subdirectory: str, root: str) -> tuple[str, str]:
    """Return an origin in comparable form; whether a folder is built or virtual is told by its own entry."""
    if kind in ("git", "url"):
        parts = urlsplit(without_credentials(location.removeprefix("git+")))
        revision = parts.path.rpartition("@")[2] if kind == "git" and "@" in parts.path else ""
        path = parts.path.removesuffix(f"@{revision}") if revision else parts.path
        query = dict(item.partition("=")[::2] for item in parts.query.split("&") if item)
        folder = subdirectory or query.pop("subdirectory", "") or _fragment(parts.fragment)
        asked = revision or next((query[key] for key in ("rev", "tag", "branch") if key in query), "")
        plain = parts._replace(path=path.rstrip("/").removesuffix(".git"), query="", fragment="").geturl()
        return kind, f"{plain}#{asked}#{folder}"
    path = location if os.path.isabs(location) else os.path.join(root, location)
    return "editable" if kind == "editable" else "local", os.path.relpath(path, root).replace(os.sep, "/")


def _fragment(text: str) -> str:
    return next(
        (item.removeprefix("subdirectory=") for item in text.split("&") if item.startswith("subdirectory=")), ""
    )


def index_key(url: str, root: str) -> str:
    """Return the URL or folder of an index in comparable form."""
    if "://" in url and not url.startswith("file://"):
        return without_credentials(url).rstrip("/")
    path = urlsplit(url).path if url.startswith("file://") else url
    return os.path.normpath(os.path.join(root, path))
