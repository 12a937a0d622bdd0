"""The packages of a ``pixi.lock``, whatever environment lists them."""

from __future__ import annotations

import functools
import re
from functools import partial

from ...conda.archives import parse_archive, without_token
from ...conda.specs import parse_spec
from ...errors import LockfileError
from ...names import normalize
from ...patterns import late
from ...urls import filename_at, query_of, split_url, unquote
from ...values import dataclass
from ..again import package_of
from ..manifests.requirements import from_pep508
from ..model import Artifact, CondaBuild, Edge, LockedPackage, Parts, Source, SourceKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...entries import Entries
    from .tables import LockTable

_KINDED = 6
_SOURCE_ID = late(r"(?P<name>[^\[\]\s]+)\[[0-9a-f]+\] @ (?P<location>.+)")
_PURL = late(r"pkg:pypi/([^@?#]+)")
_NAME = late(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
# What nearly every requirement is; the others are left to packaging, which takes much longer.
_REQUIREMENT = late(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[(?P<extras>[A-Za-z0-9._,\s-]*)\])?"
    r"\s*(?P<specifier>(?:(?:~=|==|!=|<=|>=|<|>)\s*[A-Za-z0-9.*+!_-]+\s*,?\s*)*)(?:;\s*(?P<marker>.+))?"
)
_ARCHIVES = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".tar")
_CONDA_PARTS = Parts(dependencies="depends")
_PYPI_PARTS = Parts(dependencies="requires_dist")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A package with what it is listed by: its *kind* (``conda``, ``conda_source``, ``pypi``) and its *location*."""

    kind: str
    location: str
    package: LockedPackage


def records(
    root: LockTable, version: int, editable: frozenset[str] | None, entries: Entries | None = None
) -> Iterator[Record]:
    """Yield the packages of the lock *root*.

    *editable* are the names of those that the manifest wants so, None where the lock says it itself; *entries* are those that another
    text of the lock had.
    """
    for index, table in enumerate(root.tables("packages")):
        if version < _KINDED:
            kind = table.required("kind")
            key = "url" if "url" in table.value else "path"
        else:
            kind = key = next((name for name in ("conda", "conda_source", "pypi") if name in table.value), "conda")
        location = table.required(key)
        make = partial(_package, kind, index, table, key, location, editable)
        package = package_of(entries, index, table, make, given=(kind, key, editable))
        yield Record(kind=kind, location=location, package=package)


def _package(
    kind: str, index: int, table: LockTable, key: str, location: str, editable: frozenset[str] | None
) -> LockedPackage:
    if kind == "conda":
        return _conda(index, table, location)
    if kind == "conda_source":
        return _built(index, table, location)
    if kind == "pypi":
        return _pypi(index, table, key, location, editable)
    raise table.error("kind", f"expected conda or pypi, found '{kind}'")


def _conda(index: int, table: LockTable, location: str) -> LockedPackage:
    archive = parse_archive(location)
    name = table.text("name") or (archive.name if archive is not None else None)
    version = table.text("version") or (archive.version if archive is not None else None)
    if name is None or version is None:
        missing = "name" if name is None else "version"
        raise LockfileError(f"the key '{missing}' is missing", path=table.path, keys=table.keys, hint=table.hint)
    sha256, md5 = table.text("sha256"), table.text("md5")
    artifacts: tuple[Artifact, ...] = ()
    if archive is not None:
        hashed = f"sha256:{sha256}" if sha256 else f"md5:{md5}" if md5 else None
        artifacts = (
            Artifact(
                filename=archive.filename,
                wheel=False,
                location=without_token(location),
                hash=hashed,
                size=table.get("size", int),
            ),
        )
    channel = table.text("channel") or (archive.channel if archive is not None else location)
    build = table.text("build") or (archive.build if archive is not None else None)
    number = table.get("build_number", int)
    return LockedPackage(
        index=index,
        keys=table.keys,
        name=name.lower(),
        version=version,
        source=_channel(without_token(channel)),
        dependencies=tuple(map(_depends, table.texts("depends"))),
        artifacts=artifacts,
        conda=CondaBuild(
            build=build,
            subdir=table.text("subdir") or (archive.subdir if archive is not None else None),
            number=number if number is not None else _number(build),
            md5=md5,
            python=_python_names(table, name, channel),
        ),
        metadata={"timestamp": table.get("timestamp", int)},
        parts=_CONDA_PARTS,
    )


def _built(index: int, table: LockTable, location: str) -> LockedPackage:
    """Return a package that pixi builds from source; what it is may be known only once it was built."""
    match = _SOURCE_ID.fullmatch(location)
    if match is None:
        raise table.error("conda_source", f"expected 'name[hash] @ location', found '{location[:200]}'")
    return LockedPackage(
        index=index,
        keys=table.keys,
        name=match["name"].lower(),
        version=table.text("version"),
        source=Source(kind=SourceKind.CONDA, location=without_token(match["location"])),
        dependencies=tuple(map(_depends, table.texts("depends"))),
        conda=CondaBuild(
            build=table.text("build"), subdir=table.text("subdir"), python=_python_names(table, match["name"], "")
        ),
        parts=_CONDA_PARTS,
    )


# Packages say the same about what they need, and where they come from, hundreds of times: one value does for all of them.
@functools.lru_cache(maxsize=16384)
def _depends(text: str) -> Edge:
    spec = parse_spec(text)
    return Edge(name=spec.name if spec is not None else text.split(" ", 1)[0].lower(), match=text)


@functools.lru_cache(maxsize=1024)
def _channel(location: str) -> Source:
    return Source(kind=SourceKind.CONDA, location=location)


def _number(build: str | None) -> int | None:
    """Return the number of a build whose entry does not tell it: what stands at its end."""
    match = re.search(r"[0-9]{1,9}$", build or "")
    return int(match[0]) if match is not None else None


def _python_names(table: LockTable, name: str, channel: str) -> tuple[str, ...]:
    """Return the names that Python's index has for what is in a conda package, as pixi takes them."""
    if table.value.get("purls") is None:
        # Only conda-forge's packages were looked up, and in old locks they have the same name as Python's.
        return (normalize(name),) if channel.rstrip("/").endswith("/conda-forge") else ()
    matches = (_PURL.match(text) for text in table.texts("purls"))
    return tuple(normalize(unquote(match[1])) for match in matches if match is not None)


def _pypi(index: int, table: LockTable, key: str, location: str, editable: frozenset[str] | None) -> LockedPackage:
    name = table.required("name")
    if _NAME.fullmatch(name) is None:
        raise table.error("name", f"'{name[:80]}' is no name of a package")
    name = normalize(name)
    source, url = _source(table, key, location)
    if source.kind is SourceKind.DIRECTORY and (table.get("editable", bool) if editable is None else name in editable):
        source = Source(kind=SourceKind.EDITABLE, location=source.location)
    version = table.text("version")
    if version is None and source.kind is SourceKind.REGISTRY:
        raise LockfileError("the key 'version' is missing", path=table.path, keys=table.keys, hint=table.hint)
    sha256, md5 = table.text("sha256"), table.text("md5")
    hashed = f"sha256:{sha256}" if sha256 else f"md5:{md5}" if md5 else None
    artifacts: tuple[Artifact, ...] = ()
    # Of a file on disk pixi keeps no hash, so there is none to miss.
    if source.kind in (SourceKind.REGISTRY, SourceKind.URL) or (source.kind is SourceKind.PATH and hashed):
        filename = filename_at(url)
        artifacts = (Artifact(filename=filename, wheel=filename.endswith(".whl"), location=url, hash=hashed),)
    return LockedPackage(
        index=index,
        keys=table.keys,
        name=name,
        version=version,
        source=source,
        dependencies=tuple(
            _requirement(table, text, number) for number, text in enumerate(table.texts("requires_dist"))
        ),
        artifacts=artifacts,
        # What the lock says of a project in a folder, against which that can be held; its own hash is pixi's secret.
        metadata={"requires-python": table.text("requires_python")},
        parts=_PYPI_PARTS,
    )


def _source(table: LockTable, key: str, location: str) -> tuple[Source, str]:
    """Return where *location* leads, and the location without credentials."""
    from urllib.parse import urlsplit

    try:
        plain = without_token(location)
        parts = urlsplit(plain)
    except ValueError:
        raise table.error(key, f"'{location[:200]}' is no URL") from None
    if plain.startswith("git+"):
        return _git(plain.removeprefix("git+")), plain
    if plain.startswith("direct+"):
        url = plain.removeprefix("direct+")
        return Source(kind=SourceKind.URL, location=url.partition("#")[0]), url
    if parts.scheme == "file":
        location = unquote(parts.path)
    elif "://" in plain:
        return Source(kind=SourceKind.REGISTRY, location=without_token(table.text("index") or "")), plain
    path = location.removeprefix("./").rstrip("/") or "."
    kind = SourceKind.PATH if path.lower().endswith(_ARCHIVES) else SourceKind.DIRECTORY
    return Source(kind=kind, location=path), path


def _git(url: str) -> Source:
    parts = split_url(url)
    asked = query_of(parts.query)
    requested = next((asked[key][0] for key in ("tag", "branch", "rev") if key in asked), None)
    return Source(
        kind=SourceKind.GIT,
        location=parts._replace(query="", fragment="").geturl(),
        commit=parts.fragment or None,
        subdirectory=asked["subdirectory"][0] if "subdirectory" in asked else None,
        requested=requested,
    )


def _requirement(table: LockTable, text: str, number: int) -> Edge:
    return _plain_requirement(text) or from_pep508(table, text, (*table.keys, "requires_dist", number)).edge()


@functools.lru_cache(maxsize=16384)
def _plain_requirement(text: str) -> Edge | None:
    match = _REQUIREMENT.fullmatch(text.strip())
    if match is None:
        return None
    extras = (normalize(extra.strip()) for extra in (match["extras"] or "").split(",") if extra.strip())
    return Edge(
        name=normalize(match["name"]),
        extras=tuple(sorted(extras)),
        marker=match["marker"],
        specifier=re.sub(r"\s+", "", match["specifier"]).rstrip(","),
    )
