"""``uv.lock``, version 1 of every revision, as the common model.

uv documents no grammar; this one follows the files that uv 0.4 to 0.13 wrote. An unknown version is refused, since its
meaning cannot be guessed; unknown keys of version 1 are skipped, since later revisions only add some.
"""

from __future__ import annotations

import functools
import os
from functools import partial

from ...columns import made
from ...errors import ConfigError, LockfileError
from ...toml import kind, parse_toml, read_toml
from ...urls import ARCHIVES, filename_at, query_of, split_url, without_credentials
from ...values import replace
from ..again import package_of
from ..model import Artifact, ConflictItem, Edge, Lock, LockedPackage, Parts, Source, SourceKind
from ..text import read_lock_text
from .declared import overrides, restated
from .tables import COMMANDS, LockTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ...reader import Reader

VERSION = 1
_RECORDS_DEFAULT_GROUPS = 5
_SOURCES = tuple(kind for kind in SourceKind if kind is not SourceKind.CONDA)
_LOCAL = (SourceKind.EDITABLE, SourceKind.VIRTUAL)
MAX_BYTES = 64 * 1024 * 1024
_TEXT, _NUMBER = frozenset((str,)), frozenset((int,))
_GROUPS = "dev-dependencies"
# One release of uv called the groups so, and names of two kinds may stand in one lock.
_ODD_GROUPS = "dependency-groups"
_PARTS = Parts(
    dependencies="dependencies", extras="optional-dependencies", groups=_GROUPS, wheels="wheels", sdist="sdist"
)
_ODD_PARTS = replace(_PARTS, groups=_ODD_GROUPS)


def read(reader: Reader, path: str) -> Lock:
    """Return the lock at *path*.

    Raises LockfileError with the line or the key path where it is no ``uv.lock`` of a known version, UnreadableError
    where it cannot be read.
    """
    text, digest = read_lock_text(reader, path, hint=COMMANDS.lock)
    document = parse_toml(text, path, LockfileError, entries=reader.entries, named="package")
    root = LockTable(path, (), document)
    version = root.get("version", int)
    if version is None:
        raise LockfileError("has no version, so it is no uv.lock", path=path, hint="uv lock")
    if version != VERSION:
        raise LockfileError(
            f"lock version {version} is not known here, only {VERSION}",
            path=path,
            keys=("version",),
            hint="update envguard, or lock with a uv that writes version 1",
        )
    manifest = root.table("manifest")
    manifest.texts("default-groups")
    _ranges(manifest)
    _check_requirements(manifest, "requirements", "constraints", "overrides")
    _check_requirements(manifest.table("dependency-groups"))
    packages = [
        package_of(reader.entries, index, table, partial(_package, index, table))
        for index, table in enumerate(root.tables("package"))
    ]
    revision = root.get("revision", int) or 0
    if revision < _RECORDS_DEFAULT_GROUPS:
        packages = [_with_default_groups(reader, os.path.dirname(path), package) for package in packages]
    return Lock(
        path=path,
        format="uv",
        version=version,
        revision=revision,
        digest=digest,
        requires_python=root.text("requires-python"),
        markers=root.texts("resolution-markers"),
        supported=root.texts("supported-markers"),
        required=root.texts("required-markers"),
        conflicts=_conflicts(root),
        members=manifest.texts("members"),
        packages=tuple(packages),
        commands=COMMANDS,
        manifest=manifest.value,
        options=root.table("options").value,
        overrides=overrides(manifest.value),
        restated=restated(manifest.value),
    )


def _with_default_groups(reader: Reader, root: str, package: LockedPackage) -> LockedPackage:
    """Return *package* with the default groups of its manifest, which locks before revision 5 do not record."""
    manifest = os.path.join(root, package.source.location, "pyproject.toml")
    if package.source.kind not in _LOCAL or not reader.exists(manifest):
        return package
    table = read_toml(reader, manifest, ConfigError, limit=MAX_BYTES).get("tool", {})
    own = table.get("uv", {}) if isinstance(table, dict) else None
    groups = own.get("default-groups") if isinstance(own, dict) else None
    if groups == "all":
        groups = ["all"]
    if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
        return package
    return replace(package, default_groups=tuple(groups))


def _conflicts(root: LockTable) -> tuple[tuple[ConflictItem, ...], ...]:
    sets = []
    for index, items in enumerate(root.get("conflicts", list) or []):
        if not isinstance(items, list):
            raise root.error("conflicts", f"expected a list, found {kind(items)}", index)
        tables = [type(root)(root.path, ("conflicts", index, place), item) for place, item in enumerate(items)]
        sets.append(
            tuple(
                ConflictItem(package=t.required("package"), extra=t.text("extra"), group=t.text("group"))
                for t in tables
            )
        )
    return tuple(sets)


def _package(index: int, table: LockTable) -> LockedPackage:
    parts = _ODD_PARTS if _ODD_GROUPS in table.value and _GROUPS not in table.value else _PARTS
    groups = table.table(parts.groups or _GROUPS)
    extras = table.table("optional-dependencies")
    artifacts = _wheels(table)
    if "sdist" in table.value:
        artifacts.insert(0, _artifact(table.table("sdist"), wheel=False))
    return LockedPackage(
        index=index,
        name=table.required("name"),
        version=table.text("version"),
        source=source(table.table("source")),
        markers=table.texts("resolution-markers"),
        dependencies=_edges(table, "dependencies"),
        extras={name: _edges(extras, name) for name in extras.value},
        groups={name: _edges(groups, name) for name in groups.value},
        artifacts=tuple(artifacts),
        default_groups=table.texts("default-groups") if "default-groups" in table.value else None,
        group_requires_python=_ranges(table),
        metadata=_metadata(table),
        parts=parts,
    )


def _metadata(table: LockTable) -> Mapping[str, Any] | None:
    """Return what a package declared when it was locked, of the types that who compares it may count on."""
    if "metadata" not in table.value:
        return None
    metadata = table.table("metadata")
    metadata.texts("provides-extras")
    _check_requirements(metadata, "requires-dist")
    _check_requirements(metadata.table("requires-dev"))
    return metadata.value


def _check_requirements(table: LockTable, *keys: str) -> None:
    """Raise LockfileError where one of *keys* of *table*, or of all without any, is no list of recorded requirements."""
    for key in keys or table.value:
        for item in table.tables(key):
            item.required("name")
            item.texts("extras")
            for text in ("specifier", "marker"):
                item.text(text)


def _ranges(table: LockTable) -> dict[str, str]:
    ranges = table.table("group-requires-python")
    return {name: ranges.required(name) for name in ranges.value}


def _edges(table: LockTable, key: str) -> tuple[Edge, ...]:
    edges = []
    for index, item in enumerate(table.get(key, list) or []):
        if isinstance(item, str):
            edges.append(Edge(name=item))
            continue
        edge = LockTable(table.path, (*table.keys, key, index), item)
        edges.append(
            Edge(
                name=edge.required("name"),
                version=edge.text("version"),
                source=source(edge.table("source")) if "source" in edge.value else None,
                extras=edge.texts("extra"),
                marker=edge.text("marker"),
            )
        )
    return tuple(edges)


def source(table: LockTable) -> Source:
    """Return the source that the table *table* describes; credentials are dropped."""
    for one in _SOURCES:
        if one.value not in table.value:
            continue
        location = table.required(one.value)
        if one is SourceKind.GIT:
            return _git(location)
        if one is SourceKind.PATH and not location.lower().endswith(ARCHIVES):
            # It is read to compare its hash: nothing that is called otherwise, wherever the path leads.
            raise table.error("path", f"expected the path of a wheel or of a source archive, found '{location}'")
        subdirectory = table.text("subdirectory")
        if one is SourceKind.REGISTRY and subdirectory is None:
            return _index(location)
        return Source(kind=one, location=without_credentials(location), subdirectory=subdirectory)
    known = ", ".join(_SOURCES)
    found = ", ".join(table.value) or "nothing"
    raise LockfileError(f"expected a source ({known}), found {found}", path=table.path, keys=table.keys, hint="uv lock")


@functools.lru_cache(maxsize=64)
def _index(location: str) -> Source:
    """Return the one source that all packages of an index have."""
    return Source(kind=SourceKind.REGISTRY, location=without_credentials(location))


def _git(url: str) -> Source:
    """Take ``repository?subdirectory=...&tag=...#commit`` apart."""
    parts = split_url(url)
    query = {key: values[0] for key, values in query_of(parts.query).items()}
    return Source(
        kind=SourceKind.GIT,
        location=without_credentials(parts._replace(query="", fragment="").geturl()),
        commit=parts.fragment or None,
        subdirectory=query.get("subdirectory"),
        requested=next((query[key] for key in ("tag", "branch", "rev") if key in query), None),
    )


def _wheels(table: LockTable) -> list[Artifact]:
    files = table.get("wheels", list) or []
    # Nearly every one is plain, and there are thousands.
    found = _plain(files)
    if found is not None:
        return found
    tables = (LockTable(table.path, (*table.keys, "wheels", index), item) for index, item in enumerate(files))
    return [_artifact(item, wheel=True) for item in tables]


def _plain(files: list[Any]) -> list[Artifact] | None:
    """Return *files* as wheels; None where not all are tables of a plain URL, a hash and a size."""
    if not all(type(file) is dict and "filename" not in file for file in files):
        return None
    urls = [file.get("url") for file in files]
    digests = [file.get("hash") for file in files]
    sizes = [file.get("size") for file in files]
    if not (_TEXT.issuperset(map(type, urls + digests)) and _NUMBER.issuperset(map(type, sizes)) and all(urls)):
        return None
    text = "\n".join(urls)
    if any(character in text for character in "%?#@"):
        return None
    columns: dict[str, list[Any]] = {
        "filename": [url[url.rfind("/") + 1 :] for url in urls],
        "wheel": [True] * len(files),
        "location": urls,
        "hash": digests,
        "size": sizes,
    }
    return made(Artifact, len(files), columns)


def _artifact(table: LockTable, *, wheel: bool) -> Artifact:
    location = table.text("url") or table.text("path")
    filename = table.text("filename")
    if filename is None and location is not None:
        filename = filename_at(location)
    return Artifact(
        filename=filename or "",
        wheel=wheel,
        location=without_credentials(location) if location is not None else None,
        hash=table.text("hash"),
        size=table.get("size", int),
    )
