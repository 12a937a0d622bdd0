"""``pylock.toml`` of version 1 (PEP 751) as the common model; ``packaging.pylock`` says whether it is one."""

from __future__ import annotations

import os
from functools import partial

from ...errors import LockfileError
from ...names import normalize
from ...patterns import late
from ...toml import parse_toml
from ...urls import without_credentials
from ..again import package_of
from ..edges import cleared
from ..exported.command import command_of
from ..manifests.requirements import from_pep508
from ..model import Artifact, Edge, Lock, LockedPackage, Parts, Source, SourceKind, When
from ..text import read_lock_text
from .tables import HINT, TABLES, LockTable, commands, filename_of
from .validation import validate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...reader import Reader

_PARTS = Parts(dependencies="dependencies", wheels="wheels", sdist="sdist")
_FILES = Parts(wheels="wheels", sdist="sdist")
_VERSION = late(r"(?P<major>\d{1,6})\.(?P<minor>\d{1,6})")
# The strongest last; one that every tool writes is worth more for comparing locks than one that few do.
_PREFERRED = ("blake2b", "sha512", "sha384", "sha256")


def read(reader: Reader, path: str) -> Lock:
    """Return the lock at *path*.

    Raises LockfileError with the line or the key path where it is no ``pylock.toml`` of a known version, UnreadableError
    where it cannot be read.
    """
    text, digest = read_lock_text(reader, path, hint=HINT)
    document = parse_toml(text, path, LockfileError, entries=reader.entries, named="packages")
    root = LockTable(path, (), document)
    major, minor = _version(root)
    validate(root, reader.entries)
    environments = root.texts("environments")
    python = " or ".join(f"({marker})" for marker in environments) or None
    # What other tools write there is theirs, and may be anything.
    tool = {key: value for key, value in root.table("tool").value.items() if key in TABLES}
    packages = [
        package_of(reader.entries, index, table, partial(_package, index, table))
        for index, table in enumerate(root.tables("packages"))
    ]
    return Lock(
        path=path,
        format="pylock",
        version=major,
        revision=minor,
        digest=digest,
        requires_python=root.text("requires-python"),
        markers=(),
        supported=environments,
        required=(),
        conflicts=(),
        members=(),
        packages=tuple(cleared(packages, python)),
        commands=commands(os.path.basename(path), root.required("created-by"), text, tool),
        manifest=tool,
        options={"writer": root.required("created-by"), "command": list(command_of(text))},
        extras=tuple(map(normalize, root.texts("extras"))),
        groups=tuple(map(normalize, root.texts("dependency-groups"))),
        default_groups=tuple(map(normalize, root.texts("default-groups"))),
        supported_keys=("environments",),
    )


def _version(root: LockTable) -> tuple[int, int]:
    text = root.text("lock-version")
    if text is None:
        raise LockfileError("has no lock-version, so it is no pylock.toml", path=root.path, hint=HINT)
    match = _VERSION.fullmatch(text)
    if match is None or match["major"] != "1":
        # Of a newer minor version PEP 751 says that it can be read; what it adds is told where freshness is judged.
        raise LockfileError(
            f"lock version {text} is not known here, only 1.0",
            path=root.path,
            keys=("lock-version",),
            hint="update envguard, or lock with a tool that writes version 1.0",
        )
    return int(match["major"]), int(match["minor"])


def _package(index: int, table: LockTable) -> LockedPackage:
    source = _source(table)
    marker = table.text("marker")
    listed = "dependencies" in table.value
    return LockedPackage(
        index=index,
        name=normalize(table.required("name")),
        version=table.text("version"),
        source=source,
        dependencies=tuple(_edges(table)),
        artifacts=tuple(_artifacts(table)),
        when=(When(marker=marker, requires_python=table.text("requires-python")),),
        keys=table.keys,
        parts=Parts() if source.kind in (SourceKind.URL, SourceKind.PATH) else _PARTS if listed else _FILES,
    )


def _source(table: LockTable) -> Source:
    if "vcs" in table.value:
        vcs = table.table("vcs")
        return Source(
            kind=SourceKind.GIT,
            location=_place(vcs),
            commit=vcs.required("commit-id"),
            subdirectory=vcs.text("subdirectory"),
            requested=vcs.text("requested-revision"),
        )
    if "directory" in table.value:
        folder = table.table("directory")
        kind = SourceKind.EDITABLE if folder.get("editable", bool) else SourceKind.DIRECTORY
        return Source(kind=kind, location=folder.required("path"), subdirectory=folder.text("subdirectory"))
    if "archive" in table.value:
        archive = table.table("archive")
        # Some writers give both; the URL is what an installer records then.
        kind = SourceKind.URL if "url" in archive.value else SourceKind.PATH
        return Source(kind=kind, location=_place(archive), subdirectory=archive.text("subdirectory"))
    return Source(kind=SourceKind.REGISTRY, location=without_credentials(table.text("index") or ""))


def _place(table: LockTable) -> str:
    url = table.text("url")
    return without_credentials(url) if url is not None else table.required("path")


def _artifacts(table: LockTable) -> Iterator[Artifact]:
    for key in ("archive", "sdist"):
        if key in table.value:
            yield _artifact(table.table(key))
    for wheel in table.tables("wheels"):
        yield _artifact(wheel)


def _artifact(file: LockTable) -> Artifact:
    filename = filename_of(file) or ""
    return Artifact(
        filename=filename,
        wheel=filename.endswith(".whl"),
        location=_place(file),
        hash=_hash(file.table("hashes")),
        size=file.get("size", int),
    )


def _hash(hashes: LockTable) -> str:
    algorithms = sorted(hashes.value, key=lambda name: (name in _PREFERRED and _PREFERRED.index(name) + 1, name))
    return f"{algorithms[-1]}:{hashes.required(algorithms[-1])}"


def _edges(table: LockTable) -> Iterator[Edge]:
    for dependency in table.tables("dependencies"):
        yield Edge(name=normalize(dependency.required("name")), version=dependency.text("version"))
    # pdm writes down as well what was asked for.
    pdm = table.table("tool").table("pdm")
    if "dependencies" not in table.value:
        for number, text in enumerate(pdm.texts("dependencies")):
            yield from_pep508(pdm, text, (*pdm.keys, "dependencies", number)).edge()
