"""``poetry.lock`` of the versions 1.0 to 2.1 as the common model.

Poetry documents no grammar; this one follows its "poetry.packages.locker" and the files that poetry 1.0 to 2.5 wrote. The
project itself is in no lock of poetry: it is read from the manifest beside it, with the groups that have to be asked for.
"""

from __future__ import annotations

import os
import re
from functools import partial

from ...errors import LockfileError
from ...names import normalize
from ...patterns import late
from ...toml import parse_toml
from ...urls import without_credentials
from ...values import replace
from ..again import package_of
from ..edges import cleared, named, resolved
from ..filenames import named_version, same_version
from ..listed import artifacts, listed
from ..manifests.besides import besides, wanted
from ..manifests.constraints import alternatives, python_marker, specifier
from ..model import Artifact, Lock, LockedPackage, Parts, Source, SourceKind, When
from ..text import read_lock_text
from .edges import edges_of
from .manifest import read_manifest
from .tables import COMMANDS, MAIN, RECORDS_GROUPS, LockTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...reader import Reader
    from ..manifests.model import Manifest
    from ..model import Edge

_NEWEST = (2, 1)
# Poetry 1 wrote none of these into a lock.
_NEVER = frozenset(("setuptools", "distribute", "pip", "wheel"))
_VERSION = late(r"(\d{1,6})\.(\d{1,6})")
_PYTHON_KEYS = ("metadata", "python-versions")
# Dependencies are tables there, and those that cannot apply are left out of the model.
_PARTS = Parts(files="files")


def read(reader: Reader, path: str) -> Lock:
    """Return the lock at *path*.

    Raises LockfileError with the line or the key path where it is no ``poetry.lock`` of a known version, ConfigError where
    the manifest beside it cannot be used, UnreadableError where one of them cannot be read.
    """
    text, digest = read_lock_text(reader, path, hint=COMMANDS.lock)
    document = parse_toml(text, path, LockfileError, entries=reader.entries, named="package")
    root = LockTable(path, (), document)
    metadata = root.table("metadata")
    version = _version(root, metadata)
    python = metadata.required("python-versions")
    ranges = alternatives(python)
    if ranges is None:
        raise metadata.error("python-versions", f"'{python}' is no version constraint")
    manifest = read_manifest(reader, os.path.dirname(path))
    packages = []
    for index, table in enumerate(root.tables("package")):
        make = partial(_package, index, table, metadata, version)
        # In an old lock the files of all packages are told in one place, beside the entries.
        known = reader.entries if "files" in table.value else None
        packages.append(package_of(known, index, table, make, given=version))
    inside, never = python_marker(python), _NEVER if version < RECORDS_GROUPS else frozenset[str]()
    packages = list(cleared(packages, inside, never=never, wanted=wanted(manifest)))
    groups = {when.group for package in packages for when in package.when if when.group is not None}
    if manifest is not None:
        more = besides(manifest, named(packages), inside, {name: name for name in manifest.groups}, never)
        packages.append(replace(_project(len(packages), manifest, packages), metadata=more))
        groups.update(manifest.groups)
    optional = {name for name, group in manifest.groups.items() if group.optional} if manifest is not None else set()
    extras = root.table("extras")
    return Lock(
        path=path,
        format="poetry",
        version=version[0],
        revision=version[1],
        digest=digest,
        requires_python=ranges[0] or None if len(ranges) == 1 else None,
        markers=(),
        supported=() if len(ranges) == 1 else tuple(filter(None, map(python_marker, ranges))),
        required=(),
        conflicts=(),
        members=(),
        packages=tuple(packages),
        commands=COMMANDS,
        manifest=metadata.value,
        options={"writer": _writer(text)},
        extras=tuple(normalize(extra) for extra in extras.value),
        groups=tuple(sorted(groups | {MAIN}, key=lambda name: (name != MAIN, name))),
        default_groups=tuple(sorted(set(manifest.groups) - optional - {MAIN})) if manifest is not None else (),
        supported_keys=_PYTHON_KEYS,
        requires_keys=_PYTHON_KEYS,
        overrides=tuple(sorted(never)),
    )


def _version(root: LockTable, metadata: LockTable) -> tuple[int, int]:
    if "metadata" not in root.value:
        raise LockfileError("has no metadata, so it is no poetry.lock", path=root.path, hint=COMMANDS.lock)
    text = metadata.text("lock-version")
    if text is None:
        message = "has no lock-version: a poetry before 1.0 wrote it, which is not read here"
        raise LockfileError(message, path=root.path, keys=metadata.keys, hint=COMMANDS.lock)
    match = _VERSION.fullmatch(text)
    version = (int(match[1]), int(match[2])) if match is not None else (0, 0)
    if not (1, 0) <= version <= _NEWEST:
        newest = ".".join(map(str, _NEWEST))
        raise LockfileError(
            f"lock version {text} is not known here, only 1.0 to {newest}",
            path=root.path,
            keys=(*metadata.keys, "lock-version"),
            hint=f"update envguard, or lock with a poetry that writes version {newest}",
        )
    return version


def _writer(text: str) -> str | None:
    """Return the version of poetry that the first line names, None where it names none."""
    match = re.search(r"Poetry ([^ ]+)", text[:200].partition("\n")[0])
    return match[1] if match is not None else None


def _package(index: int, table: LockTable, metadata: LockTable, version: tuple[int, int]) -> LockedPackage:
    name = normalize(table.required("name"))
    dependencies, extras = edges_of(table)
    found = Source(kind=SourceKind.REGISTRY, location="")
    if "source" in table.value:
        found = _source(table.table("source"), develop=bool(table.get("develop", bool)))
    python = table.text("python-versions") or "*"
    return LockedPackage(
        index=index,
        name=name,
        version=table.required("version"),
        source=found,
        dependencies=dependencies,
        extras=extras,
        artifacts=tuple(_artifacts(table, metadata, found)),
        when=tuple(_conditions(table)) if version >= RECORDS_GROUPS else (),
        # What the walk over an old lock needs; the markers of a new one have it in them.
        metadata={"python": specifier(python), "marker": python_marker(python)} if version < RECORDS_GROUPS else None,
        parts=_PARTS if "files" in table.value else Parts(),
    )


def _conditions(table: LockTable) -> Iterator[When]:
    groups = table.texts("groups")
    if not groups:
        raise LockfileError("the key 'groups' is missing", path=table.path, keys=table.keys, hint=COMMANDS.lock)
    markers = table.value.get("markers")
    own = table.table("markers") if isinstance(markers, dict) else None
    for group in groups:
        # A group that the table leaves out has the package always.
        yield When(group=normalize(group), marker=own.text(group) if own is not None else table.text("markers"))


def _source(table: LockTable, *, develop: bool) -> Source:
    kind = table.text("type") or "legacy"
    url = table.required("url")
    match kind:
        case "git":
            return Source(
                kind=SourceKind.GIT,
                location=without_credentials(url),
                commit=table.text("resolved_reference"),
                subdirectory=table.text("subdirectory"),
                requested=table.text("reference"),
            )
        case "legacy":
            return Source(kind=SourceKind.REGISTRY, location=without_credentials(url))
        case "url":
            location = without_credentials(url)
            return Source(kind=SourceKind.URL, location=location, subdirectory=table.text("subdirectory"))
        case "file":
            return Source(kind=SourceKind.PATH, location=url, subdirectory=table.text("subdirectory"))
        case "directory":
            return Source(kind=SourceKind.EDITABLE if develop else SourceKind.DIRECTORY, location=url)
        case _:
            raise table.error("type", f"expected legacy, git, url, file or directory, found '{kind}'")


def _artifacts(table: LockTable, metadata: LockTable, source: Source) -> Iterator[Artifact]:
    """Yield the files of a package, wherever its version of the lock keeps them."""
    name = table.required("name")
    location = source.location if source.kind is SourceKind.URL else None
    if "files" in table.value:
        files = table.get("files", list) or []
        plain = listed(files, "file", "hash")
        if plain is None:
            tables = (LockTable(table.path, (*table.keys, "files", index), item) for index, item in enumerate(files))
            plain = [(file.required("file"), file.text("hash")) for file in tables]
        yield from artifacts(plain, [location] * len(plain))
    elif "hashes" in metadata.value:
        # The oldest have the hashes alone, without the algorithm.
        for digest in metadata.table("hashes").texts(name):
            yield Artifact(filename="", wheel=False, hash=digest if ":" in digest else f"sha256:{digest}")
    else:
        version = table.required("version")
        for file in metadata.table("files").tables(name):
            filename = file.required("file")
            # Files are listed by name alone there, those of all locked versions of it together.
            said = named_version(filename, normalize(name))
            if said is None or same_version(said[1], version):
                wheel = filename.endswith(".whl")
                yield Artifact(filename=filename, wheel=wheel, location=location, hash=file.text("hash"))


def _project(index: int, manifest: Manifest, packages: list[LockedPackage]) -> LockedPackage:
    """Return the project itself, with an edge for each of its requirements that leads somewhere."""
    known = named(packages)

    def edges(group: str, extra: str | None = None) -> tuple[Edge, ...]:
        items = [item for item in manifest.groups[group].requirements if item.name in known]
        wanted = [item for item in items if (extra in item.in_extras if extra is not None else not item.optional)]
        return resolved((item.edge() for item in wanted), known)

    return LockedPackage(
        index=index,
        name=manifest.name or "",
        version=manifest.version,
        source=Source(kind=SourceKind.EDITABLE if manifest.package else SourceKind.VIRTUAL, location="."),
        dependencies=edges(MAIN),
        extras={extra: edges(MAIN, extra) for extra in manifest.extras},
        groups={name: edges(name) for name in manifest.groups if name != MAIN},
        keys=manifest.keys,
        path=manifest.path,
    )
