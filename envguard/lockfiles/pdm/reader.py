"""``pdm.lock`` of the versions 4.4 and 4.5 as the common model.

PDM documents no grammar; this one follows its "pdm.project.lockfile" and the files that PDM 2.8 to 2.29 wrote. A requirement
with extras is an entry of its own beside the entry of the package; they are one package here. The project itself is in no lock
of pdm: it is read from the manifest beside it.
"""

from __future__ import annotations

import os
from functools import partial

from ...errors import LockfileError
from ...names import normalize
from ...patterns import late
from ...toml import parse_toml
from ...urls import ARCHIVES, filename_at, unquote, without_credentials
from ...values import replace
from ..again import package_of
from ..edges import cleared, named, resolved
from ..listed import artifacts, listed
from ..manifests.besides import besides, wanted
from ..manifests.requirements import edge_from_pep508
from ..model import Artifact, Lock, LockedPackage, Parts, Source, SourceKind, When
from ..text import read_lock_text
from .manifest import read_manifest
from .tables import COMMANDS, DEFAULT, INHERIT, ROOT, LockTable
from .targets import marker_of, python_marker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ...reader import Reader
    from ..manifests.model import Manifest
    from ..model import Edge

_OLDEST, _NEWEST = (4, 4), (4, 5)
_VERSION = late(r"(\d{1,6})\.(\d{1,6})(?:\.\d{1,6})?")
_PARTS = Parts(files="files")
# What a URL may have that is more than a path: what is escaped, credentials, a query.
_SPECIAL = "%?#@"
_VCS = ("git", "hg", "svn", "bzr")
_INDEX = Source(kind=SourceKind.REGISTRY, location="")


def read(reader: Reader, path: str) -> Lock:
    """Return the lock at *path*.

    Raises LockfileError with the line or the key path where it is no ``pdm.lock`` of a known version, ConfigError where the
    manifest beside it cannot be used, UnreadableError where one of them cannot be read.
    """
    text, digest = read_lock_text(reader, path, hint=COMMANDS.lock)
    document = parse_toml(text, path, LockfileError, entries=reader.entries, named="package")
    root = LockTable(path, (), document)
    metadata = root.table("metadata")
    version = _version(root, metadata)
    strategies = frozenset(metadata.texts("strategy"))
    targets = [marker_of(target) for target in metadata.tables("targets")]
    supported = () if None in targets else tuple(marker for marker in targets if marker is not None)
    python = " or ".join(f"({marker})" for marker in supported) or None
    inherits = INHERIT in strategies
    entries = []
    for index, table in enumerate(root.tables("package")):
        make = partial(_package, index, table, inherits=inherits)
        entries.append((package_of(reader.entries, index, table, make, given=inherits), _extras(table)))
    manifest = read_manifest(reader, os.path.dirname(path))
    resolution = _Resolution(manifest)
    packages = list(cleared(_merged(entries), python, never=resolution.excludes, wanted=wanted(manifest)))
    groups = tuple(normalize(group) for group in metadata.texts("groups")) or (DEFAULT,)
    here = [name for name in groups if manifest is None or name in manifest.groups]
    if manifest is not None:
        called = {name: _group(name) for name in groups}
        more = besides(manifest, named(packages), python, called, resolution.excludes, own=True)
        packages.append(replace(_project(len(entries), manifest, packages), metadata=more))
    extras = set(manifest.extras) if manifest is not None else set()
    return Lock(
        path=path,
        format="pdm",
        version=version[0],
        revision=version[1],
        digest=digest,
        requires_python=None,
        markers=(),
        supported=supported,
        required=(),
        conflicts=(),
        members=(),
        packages=tuple(packages),
        commands=COMMANDS,
        manifest=metadata.value,
        options={INHERIT: inherits},
        extras=tuple(name for name in groups if name in extras),
        groups=tuple(name for name in groups if name not in extras),
        # Unless somebody chooses, pdm installs every group that was locked and is still there.
        default_groups=tuple(name for name in here if name != DEFAULT),
        supported_keys=("metadata", "targets"),
        overrides=resolution.overrides,
    )


class _Resolution:
    """What ``[tool.pdm.resolution]`` takes out of a lock, and which requirements it replaces; None where nobody can tell."""

    def __init__(self, manifest: Manifest | None) -> None:
        table: Any = manifest.data if manifest is not None else {}
        for key in ("tool", "pdm", "resolution"):
            table = table.get(key) if isinstance(table, dict) else None
        table = table if isinstance(table, dict) else {}
        overrides, excludes = table.get("overrides", {}), table.get("excludes", [])
        names = excludes if isinstance(excludes, list) else []
        self.excludes = frozenset(normalize(name) for name in names if isinstance(name, str))
        self.overrides = (
            (*map(normalize, overrides), *sorted(self.excludes))
            if manifest is not None and isinstance(overrides, dict)
            else None
        )


def _version(root: LockTable, metadata: LockTable) -> tuple[int, int]:
    text = metadata.text("lock_version")
    if text is None:
        raise LockfileError("has no lock_version, so it is no pdm.lock", path=root.path, hint=COMMANDS.lock)
    match = _VERSION.fullmatch(text)
    version = (int(match[1]), int(match[2])) if match is not None else (0, 0)
    if not _OLDEST <= version <= _NEWEST:
        wanted = "lock with a pdm of 2.8 or later" if version < _OLDEST else "update envguard"
        raise LockfileError(
            f"lock version {text} is not known here, only 4.4 to 4.5",
            path=root.path,
            keys=(*metadata.keys, "lock_version"),
            hint=f"{wanted}: {COMMANDS.lock}" if version < _OLDEST else wanted,
        )
    return version


def _extras(table: LockTable) -> tuple[str, ...]:
    """Return the extras that *table* is the entry of."""
    return tuple(sorted(normalize(extra) for extra in table.texts("extras")))


def _package(index: int, table: LockTable, *, inherits: bool) -> LockedPackage:
    name = normalize(table.required("name"))
    edges = [
        edge_from_pep508(table, text, (*table.keys, "dependencies", number))
        for number, text in enumerate(table.texts("dependencies"))
    ]
    marker = table.text("marker")
    groups = table.texts("groups")
    when = tuple(When(group=_group(group), marker=marker) for group in groups)
    source = _source(table)
    return LockedPackage(
        index=index,
        name=name,
        version=table.text("version"),
        source=source,
        dependencies=tuple(edges),
        artifacts=tuple(_artifacts(table, source)),
        when=(when or (When(marker=marker),)) if inherits else (),
        metadata=None
        if inherits
        else {"python": table.text("requires_python"), "marker": python_marker(table, "requires_python")},
        parts=_PARTS,
    )


def _group(name: str) -> str | None:
    # The project's own dependencies are installed whatever is chosen.
    return None if normalize(name) == DEFAULT else normalize(name)


def _source(table: LockTable) -> Source:
    subdirectory = table.text("subdirectory")
    vcs = next((key for key in _VCS if key in table.value), None)
    if vcs is not None:
        return Source(
            kind=SourceKind.GIT,
            location=without_credentials(table.required(vcs)),
            commit=table.text("revision"),
            subdirectory=subdirectory,
            requested=table.text("ref"),
        )
    path, url = table.text("path"), table.text("url")
    if path is None and url is not None and url.startswith(ROOT):
        path = unquote(url.removeprefix(ROOT))
    if path is not None:
        folder = SourceKind.EDITABLE if table.get("editable", bool) else SourceKind.DIRECTORY
        kind = SourceKind.PATH if path.lower().endswith(ARCHIVES) else folder
        return Source(kind=kind, location=path.removeprefix("./") or ".", subdirectory=subdirectory)
    if url is not None:
        return Source(kind=SourceKind.URL, location=without_credentials(url), subdirectory=subdirectory)
    return _INDEX


def _artifacts(table: LockTable, source: Source) -> Iterable[Artifact]:
    files = table.get("files", list) or []
    if source.kind is SourceKind.REGISTRY:
        plain = listed(files, "url", "hash")
        urls = [url for url, _ in plain] if plain is not None else []
        if plain is not None and not _is_special("\n".join(urls)):
            names = [(url[url.rfind("/") + 1 :], digest) for url, digest in plain]
            return artifacts(names, urls)
    return [_artifact(file, source) for file in table.tables("files")]


def _is_special(text: str) -> bool:
    return any(character in text for character in _SPECIAL)


def _artifact(file: LockTable, source: Source) -> Artifact:
    url = file.text("url")
    if url is None and "file" not in file.value:
        raise LockfileError("the key 'file' is missing", path=file.path, keys=file.keys, hint=COMMANDS.lock)
    filename = file.text("file") or filename_at(url or "")
    location = without_credentials(url) if url is not None else None
    if location is None and source.kind is SourceKind.URL:
        location = source.location
    return Artifact(filename=filename, wheel=filename.endswith(".whl"), location=location, hash=file.text("hash"))


def _merged(entries: Iterable[tuple[LockedPackage, tuple[str, ...]]]) -> list[LockedPackage]:
    """Return one package for the entries of one name, version and source."""
    found: dict[tuple[Any, ...], list[tuple[LockedPackage, tuple[str, ...]]]] = {}
    packages = []
    for package, extras in entries:
        several = found.setdefault((package.name, package.version, package.source), [])
        if any(own == extras for _, own in several):
            # No pdm writes one twice; it is no part of the other, and left to the check of the lock against itself.
            packages.append(package)
        else:
            several.append((package, extras))
    for several in found.values():
        # The entry of the package itself, wherever the file has it; its extras alone, where there is none.
        several.sort(key=lambda item: len(item[1]))
        package, own = several[0]
        if len(several) == 1 and not own and len(package.when) < 2:
            packages.append(package)
            continue
        more: dict[str, tuple[Edge, ...]] = {}
        for entry, extras in several:
            edges = tuple(edge for edge in entry.dependencies if edge.name != package.name or edge.extras)
            for extra in extras:
                more.setdefault(extra, edges)
        # PDM once wrote the files into the entry of the extras alone.
        lister = next((entry for entry, _ in several if entry.artifacts), package)
        package = replace(
            package,
            dependencies=() if own else package.dependencies,
            extras=more,
            artifacts=lister.artifacts,
            parts=package.parts if lister is package else Parts(),
            when=tuple(dict.fromkeys(when for entry, _ in several for when in entry.when)),
        )
        packages.append(package)
    return packages


def _project(index: int, manifest: Manifest, packages: list[LockedPackage]) -> LockedPackage:
    """Return the project itself, with an edge for each of its requirements that leads somewhere."""
    known = named(packages)
    edges = {
        name: resolved((item.edge() for item in group.requirements if item.name in known), known)
        for name, group in manifest.groups.items()
    }
    return LockedPackage(
        index=index,
        name=manifest.name or "",
        version=manifest.version,
        source=Source(kind=SourceKind.EDITABLE if manifest.package else SourceKind.VIRTUAL, location="."),
        dependencies=edges[DEFAULT],
        extras={name: found for name, found in edges.items() if name in manifest.extras},
        groups={name: found for name, found in edges.items() if name != DEFAULT and name not in manifest.extras},
        keys=manifest.keys,
        path=manifest.path,
    )
