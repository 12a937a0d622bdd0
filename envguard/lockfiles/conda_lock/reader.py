"""``conda-lock.yml`` of version 1 as the common model.

The schema is that of conda-lock's "conda_lock.lockfile.v1.models". A package stands there once for each platform and once for each
category that it belongs to; here it is one package with several conditions, as long as nothing else about it differs.
"""

from __future__ import annotations

import functools
from functools import partial
from operator import attrgetter

from ...conda.archives import parse_archive, without_token
from ...errors import LockfileError
from ...names import normalize
from ...urls import filename_at
from ...values import replace
from ...yaml import parse_yaml
from ..again import listed_in, package_of
from ..model import Artifact, CondaBuild, Edge, Lock, LockedPackage, Source, SourceKind, When
from ..text import read_lock_text
from .tables import DEV, MAIN, LockTable, commands

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from ...entries import Entries
    from ...reader import Reader

_VERSION = 1
_TEXT = frozenset((str,))
_STRENGTH = ("sha256", "md5")
# Where a package belongs, of which an entry tells one place; whether it is optional follows from that, and is not looked at.
_BELONGING = frozenset(("category", "platform", "optional"))
_TOLD = attrgetter("name", "version", "source", "artifacts", "dependencies", "conda")


def read(reader: Reader, path: str) -> Lock:
    """Return the lock at *path*.

    Raises LockfileError with the line or the key path where it is no ``conda-lock.yml`` of a known version, UnreadableError
    where it cannot be read.
    """
    own = commands(path)
    text, digest = read_lock_text(reader, path, hint=own.lock, manifest="the files that it is made from")
    document = parse_yaml(text, path, LockfileError, hint=own.lock, entries=reader.entries, named="package")
    root = LockTable(path, (), document)
    _refuse_other_versions(root)
    metadata = root.table("metadata")
    # Old releases wrote the virtual packages down that they assumed; conda-lock installs from a lock without them.
    entries = _entries(root, reader.entries)
    packages = tuple(_merged((package for package in entries if not package.name.startswith("__")), reader.entries))
    categories = {when.group for package in packages for when in package.when} - {None}
    return Lock(
        path=path,
        format="conda-lock",
        version=_VERSION,
        revision=0,
        digest=digest,
        requires_python=None,
        markers=(),
        supported=(),
        required=(),
        conflicts=(),
        members=(),
        packages=packages,
        commands=own,
        manifest=metadata.value,
        options={"platforms": _platforms(metadata, packages), "channels": list(_channels(metadata))},
        extras=tuple(sorted(str(name) for name in categories - {DEV})),
        groups=(DEV,) if DEV in categories else (),
        # What "conda-lock install" installs unless it is told otherwise.
        default_groups=(DEV,) if DEV in categories else (),
    )


def _refuse_other_versions(root: LockTable) -> None:
    if "version" not in root.value and "package" not in root.value:
        raise LockfileError("has no version, so it is no conda-lock.yml", path=root.path, hint=root.hint)
    version = root.needed("version", int)
    if version != _VERSION:
        raise LockfileError(
            f"version {version} is not known here, only {_VERSION}",
            path=root.path,
            keys=("version",),
            hint="update envguard" if version > _VERSION else root.hint,
        )


def _platforms(metadata: LockTable, packages: Iterable[LockedPackage]) -> list[str]:
    there = {when.platform for package in packages for when in package.when if when.platform is not None}
    return list(dict.fromkeys((*metadata.texts("platforms"), *sorted(there))))


def _channels(metadata: LockTable) -> Iterator[str]:
    for index, channel in enumerate(metadata.get("channels", list) or []):
        if isinstance(channel, str):
            yield channel
        else:
            yield LockTable(metadata.path, (*metadata.keys, "channels", index), channel).required("url")


def _entries(root: LockTable, entries: Entries | None) -> Iterator[LockedPackage]:
    """Yield the package of every entry; one that differs from another in nothing but where it belongs is made from that.

    *entries* are those that another text of the lock had.
    """
    # By their URL: nearly every one has one of its own, and need not be compared.
    first: dict[str, tuple[Mapping[str, Any], LockedPackage]] = {}
    known: dict[str, list[tuple[dict[str, Any], LockedPackage]]] = {}

    def make(index: int, table: LockTable) -> LockedPackage:
        url = str(table.value.get("url"))
        if url not in first:
            package = _package(index, table)
            first[url] = table.value, package
            return package
        if url not in known:
            entry, package = first[url]
            known[url] = [(_rest(entry), package)]
        rest = _rest(table.value)
        same = next((package for other, package in known[url] if other == rest), None)
        if same is not None:
            return replace(same, index=index, keys=table.keys, when=_whens(table))
        package = _package(index, table)
        known[url].append((rest, package))
        return package

    for index, table in enumerate(root.tables("package")):
        yield package_of(entries, index, table, partial(make, index, table))


def _rest(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key not in _BELONGING}


def _whens(table: LockTable) -> tuple[When, ...]:
    category = table.text("category") or MAIN
    return (_when(None if category == MAIN else category, table.required("platform")),)


def _package(index: int, table: LockTable) -> LockedPackage:
    manager = table.required("manager")
    if manager not in ("conda", "pip"):
        raise table.error("manager", f"expected conda or pip, found '{manager}'")
    url, hashes = table.required("url"), table.table("hash")
    whens = _whens(table)
    strongest = next((f"{name}:{digest}" for name in _STRENGTH if (digest := hashes.text(name))), None)
    common: dict[str, Any] = {
        "index": index,
        "keys": table.keys,
        "version": table.required("version"),
        "when": whens,
    }
    if manager == "pip":
        return _pip_package(table, url, strongest, common)
    archive = parse_archive(url)
    if archive is None:
        raise table.error("url", f"'{url[:200]}' does not end in the file name of a conda package")
    return LockedPackage(
        **common,
        name=table.required("name").lower(),
        source=_channel(archive.channel),
        dependencies=tuple(_conda_edge(name, spec) for name, spec in _dependencies(table)),
        artifacts=(Artifact(filename=archive.filename, wheel=False, location=without_token(url), hash=strongest),),
        conda=CondaBuild(build=table.text("build") or archive.build, subdir=archive.subdir, md5=hashes.text("md5")),
    )


def _pip_package(table: LockTable, url: str, strongest: str | None, common: dict[str, Any]) -> LockedPackage:
    if table.value.get("source") is not None:
        url = table.table("source").required("url")
        source = _direct(table, url)
        artifacts: tuple[Artifact, ...] = ()
        if source.kind is SourceKind.URL:
            artifacts = (_artifact(table, source.location, strongest),)
    else:
        source = Source(kind=SourceKind.REGISTRY, location="")
        artifacts = (_artifact(table, url, strongest),)
    return LockedPackage(
        **common,
        name=normalize(table.required("name")),
        source=source,
        dependencies=tuple(_python_edge(name, spec) for name, spec in _dependencies(table)),
        artifacts=artifacts,
    )


def _direct(table: LockTable, url: str) -> Source:
    """Return the source of what is not taken from an index."""
    if not url.startswith("git+"):
        return Source(kind=SourceKind.URL, location=without_token(url).partition("#")[0])
    location, _, fragment = url.removeprefix("git+").partition("#")
    location, mark, commit = location.rpartition("@")
    if not mark or "/" in commit:
        location, commit = url.removeprefix("git+").partition("#")[0], ""
    subdirectory = fragment.removeprefix("subdirectory=") if fragment.startswith("subdirectory=") else None
    try:
        plain = without_token(location)
    except ValueError:
        raise table.error("source", f"'{url[:200]}' is no URL") from None
    return Source(kind=SourceKind.GIT, location=plain, commit=commit or None, subdirectory=subdirectory)


def _artifact(table: LockTable, url: str, strongest: str | None) -> Artifact:
    try:
        filename = filename_at(url)
        location = without_token(url)
    except ValueError:
        raise table.error("url", f"'{url[:200]}' is no URL") from None
    return Artifact(filename=filename, wheel=filename.endswith(".whl"), location=location, hash=strongest)


# Packages say the same about what they need, and where they belong, hundreds of times: one value does for all of them.
@functools.lru_cache(maxsize=16384)
def _conda_edge(name: str, spec: str) -> Edge:
    return Edge(name=name.lower(), match=f"{name} {spec}".rstrip())


@functools.lru_cache(maxsize=16384)
def _python_edge(name: str, spec: str) -> Edge:
    return Edge(name=normalize(name), specifier="" if spec == "*" else spec)


@functools.lru_cache(maxsize=1024)
def _when(group: str | None, platform: str) -> When:
    return When(group=group, platform=platform)


@functools.lru_cache(maxsize=1024)
def _channel(location: str) -> Source:
    return Source(kind=SourceKind.CONDA, location=location)


def _dependencies(table: LockTable) -> Iterable[tuple[str, str]]:
    own = table.table("dependencies")
    if _TEXT.issuperset(map(type, own.value.values())):
        return own.value.items()
    return _named_dependencies(own)


def _named_dependencies(own: LockTable) -> Iterator[tuple[str, str]]:
    for name in own.value:
        yield name, own.required(name)


def _merged(entries: Iterable[LockedPackage], known: Entries | None) -> Iterator[LockedPackage]:
    """Yield one package for the entries that differ in nothing but category and platform."""
    # What is equal in all of it is equal in this, which is made of texts: to hash a whole entry takes longer than to read it.
    alike: dict[tuple[Any, ...], list[list[LockedPackage]]] = {}
    found: list[list[LockedPackage]] = []
    for package in entries:
        file = package.artifacts[0].location if package.artifacts else None
        groups = alike.setdefault((package.name, package.version, file), [])
        same = next((group for group in groups if _TOLD(group[0]) == _TOLD(package)), None)
        if same is None:
            groups.append(same := [])
            found.append(same)
        same.append(package)
    for first, *more in found:
        whens = (*first.when, *(when for package in more for when in package.when))
        yield listed_in(known, first, tuple(dict.fromkeys(whens))) if more else first
