"""Two locks compared, package by package. Nothing is resolved, and nothing but the two locks is looked at."""

from __future__ import annotations

from operator import attrgetter

from ... import pep440
from ..parts import LOCAL
from .details import details, hash_details, prerelease
from .model import Aspect, Kind, LockDiff, PackageChange
from .places import Places
from .ways import Ways

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..model import Lock, LockedPackage
    from .model import Detail

    Pair = tuple[LockedPackage | None, LockedPackage | None]

# All of an entry that its own details are told from; where it stands in its file is none of it.
_TOLD = attrgetter("version", "source", "artifacts", "when", "markers", "conda")


def compare(old: Lock | None, new: Lock | None) -> LockDiff:
    """Return how *new* differs from *old*. A lock that is None is one that is not there: every package came, or went.

    Entries of one name (forks of a universal lock) are matched: those of the same version and source first, then those for
    the same environments, then builds of the same kind. The two may be of different formats: what only one of them tells is
    no difference.
    """
    places = Places(lock for lock in (old, new) if lock is not None)
    before, after = (Ways(lock, places) if lock is not None else None for lock in (old, new))
    names = sorted({*(before.by_name if before else ()), *(after.by_name if after else ())})
    changes = []
    for name in names:
        ours = _entries(before, name)
        theirs = _entries(after, name)
        for pair in _pairs(ours, theirs):
            change = _change(name, *pair, before, after)
            if change is not None:
                changes.append(change)
    return LockDiff(
        old=old,
        new=new,
        packages=tuple(changes),
        environments=_environments(before, after),
        reasons=after.reasons() if after and changes else None,
        reasons_before=before.reasons() if before and any(change.new is None for change in changes) else None,
    )


def _entries(ways: Ways | None, name: str) -> list[LockedPackage]:
    """Return the entries of *name*, without the project that the lock is for: its version is no news about what it needs."""
    entries = ways.by_name.get(name, []) if ways is not None else []
    return [package for package in entries if not (package.source.kind in LOCAL and package.source.location == ".")]


def _pairs(olds: list[LockedPackage], news: list[LockedPackage]) -> Iterator[Pair]:
    if len(olds) == 1 and len(news) == 1:
        yield olds[0], news[0]
        return
    left, right = list(olds), list(news)
    keys: tuple[Callable[[LockedPackage], object], ...] = (
        lambda package: (package.version, package.source, package.markers, package.when, package.artifacts),
        lambda package: (package.version, package.source, package.markers, package.when),
        lambda package: (package.version, package.source, _subdir(package)),
        lambda package: (package.markers, package.when) if package.markers or package.when else object(),
        lambda package: _subdir(package) or object(),
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
    # What stands beside a version of the other lock as another file of it did not come, nor go: it was published again.
    yield from ((package, next((other for other in news if _again(package, other)), None)) for package in left)
    yield from ((next((other for other in olds if _again(other, package)), None), package) for package in right)


def _again(old: LockedPackage, new: LockedPackage) -> bool:
    """Return whether one of the two, of one version, has a file with another hash than the other has."""
    if old.version is None or old.version != new.version:
        return False
    details = (*hash_details(old, new), *hash_details(new, old))
    return any(detail.aspect in (Aspect.REPUBLISHED, Aspect.REHASHED) for detail in details)


def _subdir(package: LockedPackage) -> str | None:
    return package.conda.subdir if package.conda is not None else None


def _local(package: LockedPackage) -> str:
    return (package.version or "").partition("+")[2].rstrip("0123456789.")


def _change(
    name: str, old: LockedPackage | None, new: LockedPackage | None, before: Ways | None, after: Ways | None
) -> PackageChange | None:
    if old is None or new is None:
        kind = Kind.ADDED if old is None else Kind.REMOVED
        more = tuple(prerelease(new)) if new is not None else ()
        return PackageChange(name=name, kind=kind, old=old, new=new, details=more)
    kind = kind_of(old, new)
    if old.source.kind in LOCAL and new.source.kind in LOCAL and old.source == new.source:
        # A member of the project: its version is no news about what is installed beside it.
        kind = Kind.SAME
    found: Iterator[Detail] = iter(())
    if (
        before is not None
        and after is not None
        and not (_TOLD(old) == _TOLD(new) and before.places_alike(old, after, new))
    ):
        found = details((old, before), (new, after), kind)
    more = tuple(found)
    if kind is Kind.SAME and not more:
        return None
    return PackageChange(name=name, kind=kind, old=old, new=new, details=more)


def kind_of(before: LockedPackage, after: LockedPackage) -> Kind:
    """Return what became of the entry *before*, as far as its version, and the build of a package of conda, tell."""
    old, new = before.version, after.version
    if before.conda is not None and after.conda is not None:
        if old == new:
            known = None not in (before.conda.build, after.conda.build)
            return Kind.REBUILT if known and before.conda.build != after.conda.build else Kind.SAME
        return _conda_kind(old, new)
    if old == new:
        return Kind.SAME
    if old is None or new is None:
        return Kind.CHANGED
    one, other = pep440.written(old), pep440.written(new)
    if one is None or other is None:
        return _unusual_kind(old, new)
    if one.key == other.key:
        return Kind.SAME
    if one.public == other.public:
        return Kind.REBUILT
    return Kind.UPGRADED if one.key < other.key else Kind.DOWNGRADED


def _unusual_kind(old: str, new: str) -> Kind:
    from packaging.version import Version

    try:
        one, other = Version(old), Version(new)
    except ValueError:
        return Kind.CHANGED
    if one == other:
        return Kind.SAME
    if one.public == other.public:
        return Kind.REBUILT
    return Kind.UPGRADED if one < other else Kind.DOWNGRADED


def _conda_kind(old: str | None, new: str | None) -> Kind:
    from ...conda.versions import VersionError, parse

    try:
        one, other = parse(old or ""), parse(new or "")
    except VersionError:
        return Kind.CHANGED
    # Spelled in another way it is another package for conda, though neither newer nor older.
    return Kind.UPGRADED if one < other else Kind.DOWNGRADED if other < one else Kind.CHANGED


def _environments(before: Ways | None, after: Ways | None) -> Mapping[str, tuple[str | None, str | None]]:
    """Return what the locks as a whole are for, where that differs."""
    if before is None or after is None:
        return {}
    old, new = before.lock, after.lock
    pairs: dict[str, tuple[str | None, str | None]] = {
        "requires-python": (old.requires_python, new.requires_python),
        "environments": (_any(old), _any(new)),
        "platforms": (_platforms(old), _platforms(new)),
    }
    if old.format != new.format:
        # Formats spell the same range in ways of their own, and some leave it to the markers.
        pairs = {"format": (old.format, new.format)}
    for word in ("extras", "groups"):
        pairs[word] = (_choices(before, word), _choices(after, word))
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _any(lock: Lock) -> str:
    return " or ".join(sorted(lock.supported)) or "everywhere"


def _platforms(lock: Lock) -> str | None:
    """Return the platforms of conda that *lock* is for, None where it is a lock of another kind."""
    return (
        ", ".join(sorted({when.platform for package in lock.packages for when in package.when if when.platform}))
        or None
    )


def _choices(ways: Ways, word: str) -> str | None:
    names = set(ways.lock.extras if word == "extras" else ways.lock.groups)
    for root in ways.roots:
        names.update(root.extras if word == "extras" else root.groups)
    return ", ".join(sorted(names - {"main", "default"})) or None
