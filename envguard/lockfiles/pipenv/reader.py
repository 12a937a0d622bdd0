"""``Pipfile.lock`` as the common model.

pipenv documents no grammar; this one follows its "pipenv.utils.locking" and the files that pipenv 2017 to 2026 wrote. Every
section but ``_meta`` is a category of packages, and an entry says itself under which marker it is installed. The project
itself is in no ``Pipfile.lock``: what it asks for is read from the ``Pipfile`` beside it.
"""

from __future__ import annotations

import functools
import re
from collections import Counter

from ...errors import LockfileError
from ...json_text import parse_json, walk
from ...names import normalize
from ...patterns import late
from ...urls import ARCHIVES, unquote, without_credentials
from ...values import replace
from ..edges import both, named, resolved
from ..listed import alike
from ..model import Lock, LockedPackage, Parts, Source, SourceKind, When
from ..text import read_lock_text
from .manifest import read_manifest
from .tables import COMMANDS, DEFAULT, DEVELOP, MANIFEST, META, VCS, LockObject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ...reader import Reader
    from .manifest import Manifest

_VERSION = 6
_PINNED = late(r"={2,3}\s*(?P<version>[^\s,;*=<>~]+)")
_SURROGATE = late(r"\\u[dD][89a-fA-F]")
_HALF = late("[\ud800-\udfff]")
_COMMIT = late(r"[0-9a-f]{7,64}")
_BOM = "\ufeff"
_PARTS = Parts(files="hashes")
_REQUIRES = ("python_full_version", "python_version")


def read(reader: Reader, path: str) -> Lock:
    """Return the lock at *path*.

    Raises LockfileError with the line or the key path where it is no ``Pipfile.lock`` of a known version, ConfigError where
    the ``Pipfile`` beside it cannot be used, UnreadableError where one of them cannot be read.
    """
    text, digest = read_lock_text(reader, path, hint=COMMANDS.lock, manifest=MANIFEST)
    # pipenv takes a byte order mark here, and leaves it out when it writes.
    document = parse_json(text.removeprefix(_BOM), path, LockfileError, hint=COMMANDS.lock)
    if _SURROGATE.search(text):
        _refuse_halves(document, path)
    root = LockObject(path, (), document)
    meta = _meta(root)
    sources = _sources(meta)
    sections = [DEFAULT, *sorted(root.value.keys() - {META, DEFAULT}, key=lambda name: (name != DEVELOP, name))]
    entries: list[LockedPackage] = []
    for section in sections:
        for name, value in root.table(section).value.items():
            entries.append(_package(len(entries), section, name, LockObject(path, (section, name), value), sources))
    # Nearly all stay where they are.
    packages = [
        package if package.index == index else replace(package, index=index)
        for index, package in enumerate(_merged(entries))
    ]
    manifest = read_manifest(reader, path.removesuffix(".lock"))
    if manifest is not None:
        packages.append(_project(len(packages), manifest, packages))
    keys, python = _python(meta)
    return Lock(
        path=path,
        format="pipenv",
        version=_VERSION,
        revision=0,
        digest=digest,
        requires_python=python,
        markers=(),
        supported=(),
        required=(),
        conflicts=(),
        members=(),
        packages=tuple(packages),
        commands=COMMANDS,
        manifest=meta.value,
        groups=tuple(sections),
        overrides=(),
        requires_keys=keys,
    )


def _refuse_halves(document: object, path: str) -> None:
    """Raise LockfileError where a text holds one half of a surrogate pair, which JSON can write and no other file can."""
    for keys, value in walk(document):
        if (isinstance(value, str) and _HALF.search(value)) or any(
            isinstance(k, str) and _HALF.search(k) for k in keys
        ):
            raise LockfileError(
                "holds one half of a surrogate pair, which is no text", path=path, keys=keys, hint=COMMANDS.lock
            )


def _meta(root: LockObject) -> LockObject:
    if META not in root.value:
        raise LockfileError(f"has no {META}, so it is no Pipfile.lock", path=root.path, hint=COMMANDS.lock)
    meta = root.table(META)
    version = meta.needed("pipfile-spec", int)
    if version != _VERSION:
        raise LockfileError(
            f"lock version {version} is not known here, only {_VERSION}",
            path=root.path,
            keys=(META, "pipfile-spec"),
            hint="update envguard" if version > _VERSION else COMMANDS.lock,
        )
    return meta


def _sources(meta: LockObject) -> dict[str, str]:
    """Return the URLs of the indexes by name, the one first that is taken where an entry names none."""
    found: dict[str, str] = {}
    for source in meta.tables("sources"):
        url = without_credentials(source.required("url"))
        found.setdefault(source.text("name") or url, url)
    return found


def _python(meta: LockObject) -> tuple[tuple[str | int, ...], str | None]:
    """Return the range of Python that the lock is made for, None where it is any, and its place.

    pipenv compares as many parts of a version as are given (pipenv: "pipenv.utils.project").
    """
    requires = meta.table("requires")
    key = next((key for key in _REQUIRES if requires.text(key)), _REQUIRES[-1])
    text = (requires.text(key) or "*").strip()
    place = (*requires.keys, key)
    if text == "*":
        return place, None
    if not text:
        raise requires.error(key, "expected a version of Python, found a blank text")
    if text.startswith(("<", ">", "=", "!", "~")):
        return place, text
    return place, f"=={text}" if text.count(".") > 1 else f"=={text}.*"


def _package(index: int, section: str, name: str, table: LockObject, sources: Mapping[str, str]) -> LockedPackage:
    table.texts("extras")  # what they add has entries of its own
    marker = both(table.text("markers"), table.text("os_markers"))
    return LockedPackage(
        index=index,
        name=normalize(name),
        version=_version(table),
        source=_source(table, sources),
        artifacts=alike("", None, table.texts("hashes")),
        when=(When(group=None if section == DEFAULT else section, marker=marker),),
        keys=table.keys,
        parts=_PARTS,
    )


def _version(table: LockObject) -> str | None:
    """Return the version that is pinned, None where the entry leaves it open."""
    text = (table.text("version") or "*").strip()
    if text == "*":
        return None
    match = _PINNED.fullmatch(text)
    if match is None:
        raise table.error("version", f"expected a pinned version such as ==1.0, found '{text}'")
    return match["version"]


def _source(table: LockObject, sources: Mapping[str, str]) -> Source:
    vcs = next((key for key in VCS if key in table.value), None)
    if vcs is not None:
        return _repository(table, vcs)
    location = next((found for key in ("file", "path") if (found := table.text(key)) is not None), None)
    if location is None:
        return _of_index(_index(table, sources))
    subdirectory = table.text("subdirectory")
    location = location.partition("#")[0]
    if location.startswith("file:"):
        location = unquote(re.sub(r"^file:(?://(?:localhost)?(?=/))?", "", location))
    if "://" in location:
        return Source(kind=SourceKind.URL, location=without_credentials(location), subdirectory=subdirectory)
    kind = SourceKind.EDITABLE if table.get("editable", bool) else SourceKind.DIRECTORY
    if location.lower().endswith(ARCHIVES):
        kind = SourceKind.PATH
    return Source(kind=kind, location=location.removeprefix("./") or ".", subdirectory=subdirectory)


@functools.lru_cache(maxsize=64)
def _of_index(location: str) -> Source:
    """Return the one source that all packages of an index have."""
    return Source(kind=SourceKind.REGISTRY, location=location)


def _repository(table: LockObject, vcs: str) -> Source:
    url = table.required(vcs).removeprefix(f"{vcs}+").partition("#")[0]
    ref = table.text("ref")
    place, at, rest = url.rpartition("@")
    if at and "/" in place.partition("://")[2]:
        # The revision may stand at the end of the URL; what stands before the host are credentials.
        url, ref = place, ref or rest
    pinned = ref is not None and _COMMIT.fullmatch(ref) is not None
    return Source(
        kind=SourceKind.GIT,
        location=without_credentials(url),
        commit=ref if pinned else None,
        subdirectory=table.text("subdirectory"),
        requested=None if pinned else ref,
        # pip leaves a checkout of these, whatever the lock says (pipenv: "requirement_from_lockfile").
        editable=bool(table.get("editable", bool)) or "file://" in url,
    )


def _index(table: LockObject, sources: Mapping[str, str]) -> str:
    name = table.text("index")
    if name is None:
        return next(iter(sources.values()), "")
    if name not in sources:
        known = ", ".join(sources) or "none"
        raise table.error("index", f"there is no source '{name}' in {META}.sources; it has: {known}")
    return sources[name]


def _merged(entries: Sequence[LockedPackage]) -> Iterator[LockedPackage]:
    """Yield one package for what several sections say in the same words."""
    names = Counter(package.name for package in entries)
    found: dict[tuple[object, ...], LockedPackage] = {}
    for package in entries:
        if names[package.name] == 1:
            # To tell an entry by all that it says takes longer than to read it.
            found[package.name,] = package
            continue
        key = (package.name, package.version, package.source, package.artifacts)
        known = found.get(key)
        if known is None:
            found[key] = package
        elif package.when[0].group in {when.group for when in known.when}:
            # Two spellings of a name in one section are two entries: nobody wrote that on purpose.
            found[*key, package.keys] = package
        else:
            found[key] = replace(known, when=(*known.when, *package.when))
    yield from found.values()


def _project(index: int, manifest: Manifest, packages: list[LockedPackage]) -> LockedPackage:
    """Return the project itself, which has no name, with an edge for each of its requirements that leads somewhere."""
    known = named(packages)
    edges = {
        section: resolved((item.edge() for item in group.requirements if item.name in known), known)
        for section, group in manifest.groups.items()
    }
    return LockedPackage(
        index=index,
        name=MANIFEST,
        version=None,
        source=Source(kind=SourceKind.VIRTUAL, location="."),
        dependencies=edges.pop(DEFAULT),
        groups=edges,
        keys=manifest.keys,
        path=manifest.path,
    )
