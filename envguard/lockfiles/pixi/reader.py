"""``pixi.lock`` of the versions 4 to 7 as the common model.

Pixi documents no grammar; this one follows rattler's crate "rattler_lock". The packages stand there once, with all that is known of
them, and each environment lists for each platform the locations of those that it installs.
"""

from __future__ import annotations

import os

from ...errors import LockfileError
from ...yaml import parse_yaml
from ..again import listed_in
from ..model import Lock, When
from ..text import read_lock_text
from .editable import editable_names
from .packages import Record, records
from .tables import COMMANDS, DEFAULT, LockTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ...reader import Reader
    from ..model import LockedPackage

_OLDEST, _NEWEST = 4, 7
# From here on platforms have names and definitions of their own, and builds from source have a kind of their own.
_NAMES_PLATFORMS = 7
_EXACT = 6
_KINDS = ("conda", "conda_source", "pypi")
_BUILD_KEYS = ("build_packages", "host_packages")


def read(reader: Reader, path: str) -> Lock:
    """Return the lock at *path*.

    Raises LockfileError with the line or the key path where it is no ``pixi.lock`` of a known version, ConfigError where the
    manifest beside it cannot be used, UnreadableError where one of them cannot be read.
    """
    text, digest = read_lock_text(reader, path, hint=COMMANDS.lock, manifest="pixi.toml")
    document = parse_yaml(text, path, LockfileError, hint=COMMANDS.lock, entries=reader.entries, named="packages")
    root = LockTable(path, (), document)
    version = _version(root)
    environments = root.table("environments")
    editable = editable_names(reader, os.path.dirname(path)) if version >= _NAMES_PLATFORMS else None
    known = list(records(root, version, editable, reader.entries))
    platforms = dict(_platforms(root)) if version >= _NAMES_PLATFORMS else {}
    whens = _whens(environments, known, platforms, version)
    packages = [listed_in(reader.entries, known[index].package, found) for index, found in whens.items() if found]
    # Old locks describe a package more than once; what is listed under its location stands for all of them.
    listed = {(known[index].kind, known[index].location) for index, found in whens.items() if found}
    listed.update(_built_with(root))
    unlisted = [record.package for record in known if (record.kind, record.location) not in listed]
    names = tuple(environments.value)
    return Lock(
        path=path,
        format="pixi",
        version=version,
        revision=0,
        digest=digest,
        requires_python=None,
        markers=(),
        supported=(),
        required=(),
        conflicts=(),
        members=(),
        packages=tuple(packages),
        commands=COMMANDS,
        # What an environment lists is in the packages, and is most of the file.
        manifest={name: _without_packages(environments.table(name)) for name in names},
        options={
            "platforms": {name: list(environments.table(name).table("packages").value) for name in names},
            "subdirs": {name: subdir for name, (subdir, _) in platforms.items()},
            "virtual": {name: list(virtual) for name, (_, virtual) in platforms.items()},
        },
        groups=names,
        default_groups=(DEFAULT,) if DEFAULT in names else (),
        unlisted=tuple(unlisted),
    )


def _version(root: LockTable) -> int:
    if "version" not in root.value and "environments" not in root.value:
        raise LockfileError("has no version, so it is no pixi.lock", path=root.path, hint=root.hint)
    version: int = root.needed("version", int)
    if not _OLDEST <= version <= _NEWEST:
        wanted = "lock with a pixi of 0.11 or later" if version < _OLDEST else "update envguard"
        raise LockfileError(
            f"version {version} is not known here, only {_OLDEST} to {_NEWEST}",
            path=root.path,
            keys=("version",),
            hint=f"{wanted}: {COMMANDS.lock}" if version < _OLDEST else wanted,
        )
    return version


def _platforms(root: LockTable) -> Iterator[tuple[str, tuple[str, tuple[str, ...]]]]:
    """Yield the name of each platform, with the conda platform that it is and what it asks of the machine."""
    seen = set()
    for table in root.tables("platforms"):
        name = table.required("name")
        if name in seen:
            raise table.error("name", f"the platform '{name}' is there twice")
        seen.add(name)
        yield name, (table.text("subdir") or name, table.texts("virtual-packages"))


def _without_packages(environment: LockTable) -> dict[str, Any]:
    return {key: value for key, value in environment.value.items() if key != "packages"}


def _whens(
    environments: LockTable, known: list[Record], platforms: Mapping[str, object], version: int
) -> dict[int, tuple[When, ...]]:
    """Return for each record, by its index, the environments and platforms that list it."""
    by_location: dict[tuple[str, str], list[int]] = {}
    for index, record in enumerate(known):
        by_location.setdefault((record.kind, record.location), []).append(index)
    found: dict[int, dict[When, None]] = {index: {} for index in range(len(known))}
    for name in environments.value:
        packages = environments.table(name).table("packages")
        for platform in packages.value:
            if version >= _NAMES_PLATFORMS and platform not in platforms:
                raise packages.error(platform, f"the platform '{platform}' is not among the platforms of the lock")
            when = When(group=name, platform=platform)
            listed = packages.get(platform, list) or []
            for number, entry in enumerate(listed):
                # Nearly every one is a location alone, which leads to one package.
                (kind, location), *more = entry.items() if isinstance(entry, dict) and entry else [("", "")]
                places = by_location.get((kind, location), ()) if not more and isinstance(location, str) else ()
                if len(places) == 1:
                    found[places[0]][when] = None
                    continue
                selector = LockTable(packages.path, (*packages.keys, platform, number), entry)
                found[_find(selector, known, by_location, platform, version)][when] = None
    return {index: tuple(whens) for index, whens in found.items()}


def _built_with(root: LockTable) -> Iterator[tuple[str, str]]:
    """Yield kind and location of what packages are built from source with: that is locked, and in no environment."""
    for table in root.tables("packages"):
        for key in _BUILD_KEYS:
            for selector in table.tables(key) if key in table.value else ():
                kind = next((name for name in _KINDS if name in selector.value), None)
                if kind is not None:
                    yield kind, selector.required(kind)


def _find(
    selector: LockTable,
    known: list[Record],
    by_location: Mapping[tuple[str, str], list[int]],
    platform: str,
    version: int,
) -> int:
    kind = next((key for key in _KINDS if key in selector.value), None)
    if kind is None:
        message = f"expected one of the keys {', '.join(_KINDS)}"
        raise LockfileError(message, path=selector.path, keys=selector.keys, hint=selector.hint)
    location = selector.required(kind)
    candidates = by_location.get((kind, location), [])
    if kind == "conda" and len(candidates) > 1:
        candidates = _narrowed(selector, known, candidates, platform, version)
    if not candidates:
        raise selector.error(kind, f"leads to no package of the lock: {location[:200]}")
    return candidates[0]


def _narrowed(
    selector: LockTable, known: list[Record], candidates: list[int], platform: str, version: int
) -> list[int]:
    """Return those of *candidates*, which share a location, that *selector* means."""
    if version < _EXACT:
        # Before that the platform alone tells, and what else differs is the same package, described twice.
        here = [index for index in candidates if _told(known[index].package, "subdir") == platform]
        return here or candidates
    wanted = {key: selector.text(key) for key in ("name", "version", "build", "subdir")}
    return [
        index
        for index in candidates
        if all(value is None or value == _told(known[index].package, key) for key, value in wanted.items())
    ]


def _told(package: LockedPackage, key: str) -> str | None:
    told: str | None = getattr(package if key in ("name", "version") else package.conda, key)
    return told
