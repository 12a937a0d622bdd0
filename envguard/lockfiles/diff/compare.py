"""Two locks compared, package by package. Nothing is resolved, and nothing but the two locks is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import SourceKind
from ..parts import LOCAL
from .model import Aspect, Detail, Kind, LockDiff, PackageChange
from .ways import Ways

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..model import Lock, LockedPackage, Source

    Pair = tuple[LockedPackage | None, LockedPackage | None]


def compare(old: Lock | None, new: Lock | None) -> LockDiff:
    """Return how *new* differs from *old*. A lock that is None is one that is not there: every package came, or went.

    Entries of one name (forks of a universal lock) are matched: those of the same version and source first, then those for
    the same environments, then builds of the same kind.
    """
    before, after = Ways(old) if old is not None else None, Ways(new) if new is not None else None
    names = sorted({*(before.by_name if before else ()), *(after.by_name if after else ())})
    changes = []
    for name in names:
        ours = before.by_name.get(name, []) if before else []
        theirs = after.by_name.get(name, []) if after else []
        for pair in _pairs(ours, theirs):
            change = _change(name, *pair, before, after)
            if change is not None:
                changes.append(change)
    latest = after or before
    return LockDiff(
        old=old,
        new=new,
        packages=tuple(changes),
        environments=_environments(old, new),
        reasons=latest.reasons() if latest and changes else None,
    )


def _pairs(olds: list[LockedPackage], news: list[LockedPackage]) -> Iterator[Pair]:
    if len(olds) == 1 and len(news) == 1:
        yield olds[0], news[0]
        return
    left, right = list(olds), list(news)
    keys: tuple[Callable[[LockedPackage], object], ...] = (
        lambda package: (package.version, package.source, package.markers, package.artifacts),
        lambda package: (package.version, package.source, package.markers),
        lambda package: (package.version, package.source),
        lambda package: (package.markers, package.when) if package.markers or package.when else object(),
        lambda package: (_local(package), package.source.kind),
        lambda package: package.name,
    )
    for key in keys:
        for package in list(left):
            match = next((other for other in right if key(other) == key(package)), None)
            if match is not None:
                left.remove(package)
                right.remove(match)
                yield package, match
    yield from ((package, None) for package in left)
    yield from ((None, package) for package in right)


def _local(package: LockedPackage) -> str:
    return (package.version or "").partition("+")[2].rstrip("0123456789.")


def _change(
    name: str, old: LockedPackage | None, new: LockedPackage | None, before: Ways | None, after: Ways | None
) -> PackageChange | None:
    if old is None or new is None:
        details = tuple(_prerelease(new)) if new is not None else ()
        return PackageChange(
            name=name, kind=Kind.ADDED if old is None else Kind.REMOVED, old=old, new=new, details=details
        )
    kind = _kind(old.version, new.version)
    if old.source.kind in LOCAL and new.source.kind in LOCAL and old.source == new.source:
        # The project itself: its version is no news about what is installed beside it.
        kind = Kind.SAME
    details = tuple(_details(old, new, kind, before, after))
    return (
        PackageChange(name=name, kind=kind, old=old, new=new, details=details)
        if kind is not Kind.SAME or details
        else None
    )


def _kind(old: str | None, new: str | None) -> Kind:
    if old == new:
        return Kind.SAME
    if old is None or new is None:
        return Kind.CHANGED
    from packaging.version import InvalidVersion, Version

    try:
        one, other = Version(old), Version(new)
    except InvalidVersion:
        return Kind.CHANGED
    if one == other:
        return Kind.SAME
    if one.public == other.public:
        return Kind.REBUILT
    return Kind.UPGRADED if one < other else Kind.DOWNGRADED


def _details(
    old: LockedPackage, new: LockedPackage, kind: Kind, before: Ways | None, after: Ways | None
) -> Iterator[Detail]:
    if _elsewhere(old.source, new.source):
        yield Detail(aspect=Aspect.SOURCE, old=_source(old.source), new=_source(new.source))
    if kind is Kind.SAME:
        yield from _hashes(old, new)
    elif any(file.hash for file in old.artifacts) and new.artifacts and not any(file.hash for file in new.artifacts):
        yield Detail(aspect=Aspect.HASHES_LOST, old="hashes", new="none")
    if kind not in (Kind.SAME, Kind.REBUILT):
        yield from _prerelease(new, old)
    if before is None or after is None:
        return
    asked = before.groups(old), after.groups(new)
    if asked[0] != asked[1]:
        yield Detail(aspect=Aspect.GROUPS, old=_joined(asked[0]), new=_joined(asked[1]))
    if before.lock.format == after.lock.format:
        markers = before.conditions(old), after.conditions(new)
        if markers[0] != markers[1]:
            yield Detail(aspect=Aspect.MARKERS, old=_any(markers[0]), new=_any(markers[1]))
        extras = _extras(old, before), _extras(new, after)
        if extras[0] != extras[1]:
            yield Detail(aspect=Aspect.EXTRAS, old=_joined(extras[0]), new=_joined(extras[1]))


def _extras(package: LockedPackage, ways: Ways) -> frozenset[str]:
    """Return the extras of *package* that the project itself asks for."""
    return frozenset(
        extra for root in ways.roots for edge in root.dependencies if edge.name == package.name for extra in edge.extras
    )


def _hashes(old: LockedPackage, new: LockedPackage) -> Iterator[Detail]:
    """Compare the hashes of one version: a file that has another one was published again, or was tampered with."""
    known: dict[str, set[str | None]] = {}
    for file in old.artifacts:
        known.setdefault(file.filename, set()).add(file.hash)
    for file in new.artifacts:
        hashes = known.get(file.filename, {None})
        # A file that is listed twice, or once without a hash, vouches for nothing.
        if not file.filename or file.hash in hashes or None in hashes:
            continue
        was = min(filter(None, hashes))
        if file.hash is None:
            yield Detail(aspect=Aspect.HASHES_LOST, old=f"{file.filename} {was}", new="none")
            return
        if _algorithm(was) == _algorithm(file.hash):
            yield Detail(aspect=Aspect.REPUBLISHED, old=f"{file.filename} {was}", new=f"{file.filename} {file.hash}")
            return
    ours, theirs = ({file.hash for file in package.artifacts if file.hash} for package in (old, new))
    if ours and not theirs and new.source.kind is old.source.kind:
        yield Detail(aspect=Aspect.HASHES_LOST, old=f"{len(ours)} hashes", new="none")
    elif ours and theirs and not ours & theirs and {*map(_algorithm, ours)} == {*map(_algorithm, theirs)}:
        # No file in common, and none that could tell which: no hash of then would be accepted now.
        unnamed = not all(file.filename for file in (*old.artifacts, *new.artifacts))
        if unnamed:
            yield Detail(aspect=Aspect.REPUBLISHED, old=min(ours), new=min(theirs))


def _prerelease(new: LockedPackage, old: LockedPackage | None = None) -> Iterator[Detail]:
    if new.version is None or not any(letter.isalpha() for letter in new.version.partition("+")[0]):
        return
    from packaging.version import InvalidVersion, Version

    try:
        chosen = Version(new.version).is_prerelease
        before = old is not None and old.version is not None and Version(old.version).is_prerelease
    except InvalidVersion:
        return
    if chosen and not before:
        yield Detail(aspect=Aspect.PRERELEASE, old=old.version if old is not None else None, new=new.version)


def _environments(old: Lock | None, new: Lock | None) -> dict[str, tuple[str | None, str | None]]:
    if old is None or new is None:
        return {}
    pairs = {
        "requires-python": (old.requires_python, new.requires_python),
        "environments": (_any(frozenset(old.supported)), _any(frozenset(new.supported))),
    }
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _elsewhere(old: Source, new: Source) -> bool:
    if old.kind is new.kind is SourceKind.REGISTRY and not (old.location and new.location):
        # A lock that leaves the index to the settings says nothing that could differ.
        return False
    return _source(old) != _source(new)


def _source(source: Source) -> str:
    match source.kind:
        case SourceKind.REGISTRY:
            return f"index {source.location.rstrip('/')}" if source.location else "an index"
        case SourceKind.GIT:
            inside = f", folder {source.subdirectory}" if source.subdirectory else ""
            return f"git {source.location} at {(source.commit or 'no commit')[:12]}{inside}"
        case _:
            return f"{source.kind} {source.location}"


def _algorithm(text: str) -> str:
    return text.partition(":")[0]


def _joined(words: frozenset[str]) -> str:
    return ", ".join(sorted(words)) or "not asked for directly"


def _any(markers: frozenset[str]) -> str:
    return " or ".join(sorted(markers)) or "everywhere"
