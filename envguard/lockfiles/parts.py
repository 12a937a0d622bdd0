"""The parts of a locked package, each with its place in the lock; and the packages that are the project itself."""

from __future__ import annotations

from .model import Inconsistency, SourceKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .model import Artifact, Edge, Lock, LockedPackage, Source

    Keys = tuple[str | int, ...]

ALWAYS = "dependencies"
LOCAL = (SourceKind.EDITABLE, SourceKind.VIRTUAL, SourceKind.DIRECTORY)


def edges_of(package: LockedPackage) -> Iterator[tuple[str, Edge]]:
    """Yield the dependencies of *package*, each with what asks for it: ``dependencies``, ``extra x``, ``group y``."""
    for edge in package.dependencies:
        yield ALWAYS, edge
    for word, tables in (("extra", package.extras), ("group", package.groups)):
        for name, edges in tables.items():
            for edge in edges:
                yield f"{word} {name}", edge


def all_edges(package: LockedPackage) -> Iterable[Edge]:
    """Return the dependencies of *package*, whatever asks for them."""
    if package.extras or package.groups:
        return [edge for _, edge in edges_of(package)]
    return package.dependencies


def placed_edges(package: LockedPackage) -> Iterator[tuple[Keys, Edge]]:
    """Yield the dependencies of *package*, each with the route to it; to the entry where it has no place of its own."""
    parts, route = package.parts, package.route
    for number, edge in enumerate(package.dependencies):
        yield _inside(route, parts.dependencies, number), edge
    for key, tables in ((parts.extras, package.extras), (parts.groups, package.groups)):
        for name, edges in tables.items():
            for number, edge in enumerate(edges):
                yield _inside(route, key, name, number), edge


def file_route(package: LockedPackage, artifact: Artifact) -> Keys:
    """Return the route to *artifact*, one of the files of *package*; to the entry where it has no place of its own."""
    parts, route = package.parts, package.route
    files = package.artifacts
    if parts.files is not None:
        return _inside(route, parts.files, files.index(artifact))
    if not artifact.wheel:
        return _inside(route, parts.sdist)
    return _inside(route, parts.wheels, [file for file in files if file.wheel].index(artifact))


def hashes_of(package: LockedPackage, artifact: Artifact) -> tuple[str, ...]:
    """Return the hashes that are written down of *artifact*, one of the files of *package*, the strongest first."""
    md5 = package.conda.md5 if package.conda is not None else None
    found = (artifact.hash, f"md5:{md5}" if md5 else None)
    return tuple(dict.fromkeys(filter(None, found)))


def like(hashes: Iterable[str | None], told: str) -> list[str]:
    """Return those of *hashes* that are of the same algorithm as *told*, and so can be compared with it."""
    algorithm = told.partition(":")[0]
    return [text for text in hashes if text and text.partition(":")[0] == algorithm]


def source_words(source: Source) -> str:
    """Return in words where *source* is: ``index https://index.example/simple``, ``git URL at 0123456789ab``."""
    match source.kind:
        case SourceKind.REGISTRY:
            return f"index {source.location.rstrip('/')}" if source.location else "an index"
        case SourceKind.GIT:
            inside = f", folder {source.subdirectory}" if source.subdirectory else ""
            return f"git {source.location} at {(source.commit or 'no commit')[:12]}{inside}"
        case _:
            return f"{source.kind} {source.location}"


def roots(lock: Lock) -> list[LockedPackage]:
    """Return the packages that are the project itself, members of its workspace included; none where a lock has none."""
    members = set(lock.members)
    return [
        package
        for package in lock.packages
        if package.source.kind in LOCAL and (package.name in members or package.source.location == ".")
    ]


def version_words(package: LockedPackage) -> str:
    """Return the version of *package*, with the build of a conda package."""
    build = package.conda.build if package.conda is not None else None
    return " ".join(filter(None, (package.version or "(no version)", build)))


def told_apart(one: LockedPackage, other: LockedPackage) -> str:
    """Return in words what two entries of one name are: their versions where these differ, else where they come from."""
    words = [version_words(package) for package in (one, other)]
    if words[0] == words[1]:
        words = [source_words(package.source) for package in (one, other)]
    return " and ".join(words)


def inconsistency(
    package: LockedPackage,
    kind: str,
    message: str,
    *,
    keys: Keys | None = None,
    expected: str | None = None,
    found: str | None = None,
) -> Inconsistency:
    """Return what contradicts itself about *package*: at *keys*, else at its entry."""
    return Inconsistency(
        kind=kind,
        subject=package.name,
        message=message,
        keys=package.route if keys is None else keys,
        line=package.line,
        path=package.path,
        expected=expected,
        found=found,
    )


def _inside(route: Keys, key: str | None, *more: str | int) -> Keys:
    return route if key is None or not route else (*route, key, *more)
