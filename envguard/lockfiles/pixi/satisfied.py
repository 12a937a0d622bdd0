"""Whether what one environment of a ``pixi.lock`` lists for one platform is what its manifest asks for, and no more."""

from __future__ import annotations

import functools
import os

from ...values import dataclass
from ..conda.matching import decide
from ..manifests.constraints import satisfied
from ..markers import MarkerError, parse
from ..model import Reason, SourceKind
from ..parts import version_words
from ..uv import reasons
from .folders import folder_reasons
from .platforms import virtual_of
from .reach import reach_reasons
from .wheels import wheel_reasons

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...reader import Reader
    from ..conda.cells import Cell
    from ..model import Lock, LockedPackage
    from .manifest import Feature, Manifest
    from .requirements import CondaRequirement, PythonRequirement, Target

_LOCAL = (SourceKind.DIRECTORY, SourceKind.EDITABLE, SourceKind.PATH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """An environment of a manifest: its *name* and its *features*, in their order."""

    manifest: Manifest
    name: str
    features: tuple[Feature, ...]

    @property
    def asks_for_python(self) -> bool:
        """Whether any of its requirements is one on a package of Python."""
        return any(item for feature in self.features for item in feature.python)


def cell_reasons(
    reader: Reader,
    lock: Lock,
    environment: Environment,
    targets: list[list[Target]],
    cell: Cell,
    indexes: tuple[str, ...],
) -> Iterator[Reason]:
    """Yield what *cell* does not satisfy of *targets*, those of each feature of *environment*, and what is left over in it.

    *indexes* are where the lock says that packages of Python come from unless they say something else.
    """
    path = environment.manifest.path
    conda = [item for feature in targets for item in _in_force(feature)]
    python = [item for feature in targets for part in feature for item in part.python]
    python = [item for item in python if _holds(item.marker, cell)]
    found: list[Reason] = []
    for item in conda:
        found += _conda(path, cell, item)
    provided = cell.provided()
    flat = any(feature.options.get("find-links") for feature in environment.features)
    for asked in python:
        found += _python(path, cell, asked, provided, indexes, flat=flat)
    found += _no_build(path, environment, cell)
    found += _requires_python(lock, cell)
    found += wheel_reasons(lock, virtual_of(environment.manifest, environment.name, cell), cell)
    for package in cell.python.values():
        found += folder_reasons(reader, lock, package)
    for feature in targets:
        for part in feature:
            for keys in part.unread:
                message = "what packages are developed here, and need, only pixi can tell"
                found.append(reasons.unknown("dev", message, path, keys))
    yield from found
    alone = environment.name not in environment.manifest.groups
    yield from reach_reasons(lock, cell, conda, python, provided, whole=not found, alone=alone)


def _in_force(feature: list[Target]) -> list[CondaRequirement]:
    """Return what one feature asks for: what is meant for some platforms stands in the place of what is for all."""
    return list({(item.name, item.limit): item for part in feature for item in part.conda}.values())


def _holds(marker: str | None, cell: Cell) -> bool:
    markers = cell.markers() if marker is not None else None
    try:
        return marker is None or markers is None or parse(marker).holds(markers)
    except MarkerError:
        return True


def _conda(path: str, cell: Cell, item: CondaRequirement) -> Iterator[Reason]:
    package = cell.conda.get(item.name)
    if package is None:
        if not item.limit:
            yield Reason(
                subject=item.name,
                message=f"the requirement on {item.name} {reasons.ADDED} for {cell}",
                path=path,
                keys=item.keys,
                expected=item.text,
                found="no requirement",
                # Whether it is one depends on what such a machine has.
                unknown=item.conditional,
            )
        return
    if item.source is not None:
        if package.artifacts or not _same_place(item.source, package.source.location):
            yield _unsatisfied(path, cell, item.name, item.keys, item.text, package)
        else:
            message = f"{item.name} is built from its source, and what that needs now only pixi can tell"
            yield reasons.unknown(item.name, message, path, item.keys)
        return
    fits = decide(item.spec, package) if item.spec is not None else None
    if fits is None:
        message = f"whether '{item.text}' is satisfied by {_named(package)} cannot be told"
        yield reasons.unknown(item.name, message, path, item.keys)
    elif not fits or not package.artifacts:
        yield _unsatisfied(path, cell, item.name, item.keys, item.text, package)


def _python(
    path: str,
    cell: Cell,
    item: PythonRequirement,
    provided: Mapping[str, LockedPackage] | None,
    indexes: tuple[str, ...],
    *,
    flat: bool,
) -> Iterator[Reason]:
    package = cell.python.get(item.name) or (provided or {}).get(item.name)
    if package is None:
        unknown = provided is None
        yield Reason(
            subject=item.name,
            message=f"the requirement on {item.name} {reasons.ADDED} for {cell}"
            + (", unless a conda package provides it" if unknown else ""),
            path=path,
            keys=item.keys,
            expected=item.text,
            found="no requirement",
            unknown=unknown,
        )
        return
    if not _from_there(item, package, indexes, flat=flat):
        yield _unsatisfied(path, cell, item.name, item.keys, item.text, package)
    elif item.direct is None and item.specifier and package.version is not None:
        fits = satisfied(package.version, item.specifier)
        if fits is None:
            message = f"whether '{item.text}' is satisfied by {_named(package)} cannot be told"
            yield reasons.unknown(item.name, message, path, item.keys)
        elif not fits:
            yield _unsatisfied(path, cell, item.name, item.keys, item.text, package)


def _from_there(item: PythonRequirement, package: LockedPackage, indexes: tuple[str, ...], *, flat: bool) -> bool:
    """Return whether *package* comes from where *item* wants it, as far as both say; *flat* is whether folders are indexes too."""
    kind = package.source.kind
    match item.direct:
        case None:
            if kind is not SourceKind.REGISTRY:
                return kind is SourceKind.CONDA or (kind is SourceKind.PATH and flat)
            # A lock of before version 7 does not say which index a package came from, a later one not if it is the first.
            index = package.source.location.rstrip("/")
            allowed = indexes if item.index is None else (item.index,)
            return not index or not allowed or index in (url.rstrip("/") for url in allowed)
        case SourceKind.GIT:
            return kind is SourceKind.GIT and _repository(item.location) == _repository(package.source.location)
        case SourceKind.URL:
            # A lock of version 6 writes archives from a URL and from an index in the same way.
            url = item.location.partition("#")[0]
            return kind in (SourceKind.URL, SourceKind.REGISTRY) and any(
                (file.location or "").partition("#")[0] == url for file in package.artifacts
            )
        case _:
            return kind in _LOCAL and _same_path(item.location, package.source.location)


def _same_place(wanted: str, location: str) -> bool:
    """Return whether a package that is built from *location* is built from the source *wanted*, as far as both tell."""
    if "://" in wanted or "://" in location:
        return _repository(wanted) == _repository(location)
    return _same_path(wanted, location)


def _repository(url: str) -> str:
    plain = url.removeprefix("git+").partition("#")[0].partition("?")[0].rpartition("://")[2]
    host, _, path = plain.partition("/")
    # Who asks, and for which revision, is no part of which repository it is.
    return f"{host.rpartition('@')[2]}/{path.partition('@')[0].rstrip('/').removesuffix('.git')}".lower()


def _same_path(one: str, other: str) -> bool:
    return os.path.normpath(one.removeprefix("file://")) == os.path.normpath(other) or os.path.isabs(other)


def _unsatisfied(
    path: str, cell: Cell, name: str, keys: tuple[str | int, ...], text: str, package: LockedPackage
) -> Reason:
    return Reason(
        subject=name,
        message=f"the requirement on {name} is not satisfied by what is locked for {cell}",
        path=path,
        keys=keys,
        expected=text,
        found=_named(package),
    )


def _no_build(path: str, environment: Environment, cell: Cell) -> Iterator[Reason]:
    """Yield the source archives that are locked where the manifest wants no builds."""
    for feature in environment.features:
        refused = feature.options.get("no-build")
        if not refused:
            continue
        for package in cell.python.values():
            wheels = [file.wheel for file in package.artifacts]
            if (refused is True or (isinstance(refused, list) and package.name in refused)) and wheels == [False]:
                yield Reason(
                    subject=package.name,
                    message=f"{package.name} is locked for {cell} as a source archive, and the manifest wants no builds",
                    path=path,
                    keys=(*feature.keys, "pypi-options", "no-build"),
                    expected="a wheel",
                    found=package.artifacts[0].filename,
                )


def _requires_python(lock: Lock, cell: Cell) -> Iterator[Reason]:
    python = cell.conda.get("python")
    for package in cell.python.values():
        wanted = (package.metadata or {}).get("requires-python")
        if python is None or python.version is None or not isinstance(wanted, str):
            continue
        if not _may_run(python.version, wanted):
            yield Reason(
                subject=package.name,
                message=f"{package.name} is not for the Python that is locked for {cell}",
                path=lock.path,
                keys=package.route,
                expected=f"Python {wanted}",
                found=f"Python {python.version}",
            )


@functools.lru_cache(maxsize=1024)
def _may_run(python: str, wanted: str) -> bool:
    """Return whether what is for the versions *wanted* may run on this version of *python*."""
    # Resolvers leave upper bounds out: a package cannot know which Python it will not run on.
    lower = ",".join(clause for clause in wanted.split(",") if clause.strip().startswith(">"))
    return satisfied(python, lower) is not False


def _named(package: LockedPackage) -> str:
    return f"{package.name} {version_words(package)}"
