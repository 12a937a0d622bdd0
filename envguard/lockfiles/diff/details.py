"""What else differs about a package that both locks have: its source, its hashes, for what and where it is installed."""

from __future__ import annotations

from ...patterns import late
from ..formats import by_name as format_named
from ..model import SourceKind
from ..parts import ALWAYS, hashes_of, like, source_words, version_words
from .model import Aspect, Detail, Kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..model import Artifact, LockedPackage, Source
    from .ways import Ways

    Side = tuple[LockedPackage, Ways]

# What nobody vouches for: two files can be made that have one of them.
_FORGED = ("md5:", "sha1:")
# A wheel's name with a build tag (PEP 427), which alone differs where a version was built and published again.
_BUILD = late(r"(?P<release>[^-]+-[^-]+)-(?P<build>\d[^-]*)-(?P<tags>[^-]+-[^-]+-[^-]+\.whl)")


def details(before: Side, after: Side, kind: Kind) -> Iterator[Detail]:
    """Yield what differs between two entries of one package besides their versions, which differ as *kind* says."""
    (old, ours), (new, theirs) = before, after
    if _elsewhere(old.source, new.source):
        yield Detail(aspect=Aspect.SOURCE, old=source_words(old.source), new=source_words(new.source))
    else:
        yield from _hosts(old, new)
    if kind is Kind.SAME:
        yield from hash_details(old, new)
    elif _lost(old, new, theirs):
        yield Detail(aspect=Aspect.HASHES_LOST, old=f"{_counted(old)}", new="none")
    elif weak := _weakened(old, new):
        yield weak
    else:
        yield from _relabelled(old, new)
    if kind not in (Kind.SAME, Kind.REBUILT):
        yield from prerelease(new, old)
    yield from _groups(before, after)
    was, now = ours.where(old), theirs.where(new)
    was, now = was & ours.places.all, now & ours.places.all
    if was != now:
        direction = "narrowed" if was | now == was else "widened" if was | now == now else None
        name = ours.places.name
        yield Detail(aspect=Aspect.MARKERS, old=name(was), new=name(now), direction=direction)
    asked = ours.extras(old), theirs.extras(new)
    # Formats that filter do not tell which extras the project asked for; those of a manifest are told by all.
    if asked[0] != asked[1] and ours.roots and theirs.roots:
        yield Detail(aspect=Aspect.EXTRAS, old=_joined(asked[0], "none"), new=_joined(asked[1], "none"))


def prerelease(new: LockedPackage, old: LockedPackage | None = None) -> Iterator[Detail]:
    """Yield that *new* is a pre-release, where *old* was none."""
    if new.version is None or not any(letter.isalpha() for letter in new.version.partition("+")[0]):
        return
    from packaging.version import Version

    try:
        chosen = Version(new.version).is_prerelease
        before = old is not None and old.version is not None and Version(old.version).is_prerelease
    except ValueError:
        return
    if chosen and not before:
        yield Detail(aspect=Aspect.PRERELEASE, old=old.version if old is not None else None, new=new.version)


def _groups(before: Side, after: Side) -> Iterator[Detail]:
    """Yield where a package is asked for, if that differs; for what others need alone, if it is needed always or not any more."""
    (old, ours), (new, theirs) = before, after
    asked = ours.direct(old), theirs.direct(new)
    needed = ours.groups(old), theirs.groups(new)
    told = needed
    if ours.lock.format == theirs.lock.format and any(asked):
        told = asked
        if asked[0] == asked[1]:
            return
    elif (ALWAYS in needed[0]) == (ALWAYS in needed[1]):
        return
    yield Detail(
        aspect=Aspect.GROUPS,
        old=_joined(told[0], "not asked for directly"),
        new=_joined(told[1], "not asked for directly"),
    )


def hash_details(old: LockedPackage, new: LockedPackage) -> Iterator[Detail]:
    """Compare the hashes of one version: a file that has another one was published again, or was tampered with."""
    known: dict[str, set[str | None]] = {}
    for file in old.artifacts:
        known.setdefault(file.filename, set()).update(hashes_of(old, file) or {None})
    rebuilt = {_unbuilt(name): name for name in known}
    listed = {file.filename for file in new.artifacts}
    again: list[tuple[str, str]] = []
    unlike: list[tuple[str, str]] = []
    weaker: list[tuple[str, str]] = []
    for file in new.artifacts:
        name = file.filename if file.filename in known else rebuilt.get(_unbuilt(file.filename), "")
        hashes = known.get(name, {None})
        # A file that is listed twice, or once without a hash, vouches for nothing; one that stayed was not replaced.
        if not file.filename or None in hashes or (name != file.filename and name in listed):
            continue
        if file.hash in hashes:
            if _only_forged(hashes_of(new, file)) and not _only_forged(hashes):
                weaker.append((f"{name} {_strongest(hashes)}", f"{file.filename} {file.hash} alone"))
            continue
        was = min(filter(None, hashes))
        if file.hash is None:
            yield Detail(aspect=Aspect.HASHES_LOST, old=f"{name} {was}", new="none")
            return
        told = next((text for text in hashes_of(new, file) if like(hashes, text)), None)
        if told is None:
            unlike.append((f"{name} {was}", f"{file.filename} {file.hash}"))
        elif told not in hashes:
            again.append((f"{name} {min(like(hashes, told))}", f"{file.filename} {told}"))
    for aspect, files in ((Aspect.REPUBLISHED, again), (Aspect.REHASHED, unlike), (Aspect.HASHES_LOST, weaker)):
        if files:
            more = f" and {len(files) - 1} more" if len(files) > 1 else ""
            yield Detail(aspect=aspect, old=f"{files[0][0]}{more}", new=f"{files[0][1]}{more}")
            return
    yield from _all_hashes(old, new)


def _all_hashes(old: LockedPackage, new: LockedPackage) -> Iterator[Detail]:
    """Compare the hashes of one version as a whole, where no file of the same name tells anything."""
    ours, theirs = ({file.hash for file in package.artifacts if file.hash} for package in (old, new))
    if ours and not theirs and new.source.kind is old.source.kind:
        yield Detail(aspect=Aspect.HASHES_LOST, old=_counted(old), new="none")
    if all(file.filename for file in (*old.artifacts, *new.artifacts)):
        return
    if theirs and theirs < ours and _only_forged(theirs) and not _only_forged(ours):
        yield Detail(aspect=Aspect.HASHES_LOST, old=_strongest(ours), new=f"{min(theirs)} alone")
        return
    # Without names a file that was added to a release is one hash more; one that took another's place is one for another.
    gone, came = ours - theirs, theirs - ours
    for was in sorted(gone):
        if now := like(came, was):
            yield Detail(aspect=Aspect.REPUBLISHED, old=was, new=min(now))
            return
    if gone and came:
        yield Detail(aspect=Aspect.REHASHED, old=min(gone), new=min(came))


def _relabelled(old: LockedPackage, new: LockedPackage) -> Iterator[Detail]:
    """Yield that *new*, of another version or build, has a file of *old*: the bytes of one are never those of the other."""
    if old.version is None or new.version is None:
        return
    known = {file.hash for file in old.artifacts}
    shared = next((file.hash for file in new.artifacts if file.hash in known and file.hash), None)
    if shared is not None:
        was, now = (f"{version_words(package)} with {shared}" for package in (old, new))
        yield Detail(aspect=Aspect.RELABELLED, old=was, new=now)


def _unbuilt(filename: str) -> str:
    match = _BUILD.fullmatch(filename)
    return f"{match['release']}-{match['tags']}" if match is not None else filename


def _lost(old: LockedPackage, new: LockedPackage, ways: Ways) -> bool:
    """Return whether *new*, of another version, has no hashes where *old* had some."""
    if new.source.kind is not old.source.kind or not any(file.hash for file in old.artifacts):
        return False
    # Where files are listed by name, one that has none is told by the check of the lock against itself.
    listed = bool(new.artifacts) or not format_named(ways.lock.format).lists_files
    return listed and not any(file.hash for file in new.artifacts)


def _weakened(old: LockedPackage, new: LockedPackage) -> Detail | None:
    """Return that *new*, of another version, has no hash but such as can be forged, where *old* had better ones."""
    ours, theirs = ({text for file in package.artifacts for text in hashes_of(package, file)} for package in (old, new))
    if not theirs or new.source.kind is not old.source.kind or not _only_forged(theirs) or _only_forged(ours):
        return None
    return Detail(aspect=Aspect.HASHES_LOST, old=_strongest(ours), new=f"{min(theirs)} alone")


def _only_forged(hashes: Iterable[str | None]) -> bool:
    """Return whether every one of *hashes* can be forged; so it is of none at all."""
    return all(text is None or text.startswith(_FORGED) for text in hashes)


def _strongest(hashes: Iterable[str | None]) -> str:
    return min(text for text in hashes if text is not None and not text.startswith(_FORGED))


def _counted(package: LockedPackage) -> str:
    count = sum(file.hash is not None for file in package.artifacts)
    return f"{count} hashes" if count != 1 else "1 hash"


def _hosts(old: LockedPackage, new: LockedPackage) -> Iterator[Detail]:
    """Yield where the files of *new* lie on other hosts than those of *old*, in a lock that names no index but these."""
    if any(package.source.kind is not SourceKind.REGISTRY or package.source.location for package in (old, new)):
        return
    was, now = (sorted({host for file in package.artifacts if (host := _host(file))}) for package in (old, new))
    if was and now and set(was).isdisjoint(now):
        yield Detail(aspect=Aspect.SOURCE, old=f"files on {', '.join(was)}", new=f"files on {', '.join(now)}")


def _host(file: Artifact) -> str:
    """Return the host that *file* is loaded from, without a user's name; empty where it is no address of the network."""
    _, mark, rest = (file.location or "").partition("://")
    return rest.partition("/")[0].rpartition("@")[2] if mark else ""


def _elsewhere(old: Source, new: Source) -> bool:
    if old.kind is new.kind is SourceKind.REGISTRY and not (old.location and new.location):
        # A lock that leaves the index to the settings says nothing that could differ.
        return False
    return source_words(old) != source_words(new)


def _joined(words: Iterable[str], nothing: str) -> str:
    return ", ".join(sorted(words)) or nothing
