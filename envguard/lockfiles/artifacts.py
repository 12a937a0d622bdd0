"""The files that a lock lists: are their names those of the entry, are their hashes there, and worth anything?

And where a tool lists hashes for everything, whatever has none.
"""

from __future__ import annotations

from ..patterns import late
from ..urls import host_of
from ..values import replace
from .edges import both, possible
from .formats import by_name as format_named
from .model import SourceKind
from .parts import file_route, inconsistency, version_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .model import Artifact, Inconsistency, Lock, LockedPackage

_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128, "blake2b": 128}
_EITHER = "|".join(f"{algorithm}:[0-9a-f]{{{length}}}" for algorithm, length in _LENGTHS.items())
_STRONG = late(_EITHER)
_ALL_STRONG = late(rf"(?:{_EITHER})(?:\n(?:{_EITHER}))*+")
_SHA256 = "sha256:"
_NAMED = 5
# What an index or a channel offers, with hashes or without.
_OFFERED = (SourceKind.REGISTRY, SourceKind.CONDA)


def artifact_inconsistencies(lock: Lock) -> Iterator[Inconsistency]:
    """Yield the files of *lock* that are of another package, and those without a hash that holds."""
    if _are_told_apart([file for package in lock.packages for file in package.artifacts]):
        yield from _misnamed(lock)
    else:
        yield from _odd(lock)


def _are_told_apart(files: Sequence[Artifact]) -> bool:
    """Return whether each of *files* has a strong hash, and no two of different names the same: asked of all at once."""
    hashes = [file.hash for file in files]
    if None in hashes or not _are_strong([digest for digest in hashes if digest is not None]):
        return False
    pairs = {(file.hash, file.filename) for file in files if file.filename}
    return len(pairs) == len({digest for digest, _ in pairs})


def _misnamed(lock: Lock) -> Iterator[Inconsistency]:
    """Yield the files of *lock* that are of another package."""
    for package in lock.packages:
        wheel, *archives = _usual(package)
        sdist = tuple(archives)
        for artifact in package.artifacts:
            if artifact.filename and not artifact.filename.startswith(wheel if artifact.wheel else sdist):
                yield from _name(package, artifact)


def _odd(lock: Lock) -> Iterator[Inconsistency]:
    """Yield the files of *lock* that are of another package, have no hash that holds, or have that of another file."""
    owners: dict[str, tuple[LockedPackage, str]] = {}
    must = (SourceKind.URL, SourceKind.PATH) if format_named(lock.format).hashes_urls else ()
    offered = (*_OFFERED, SourceKind.URL) if not must else _OFFERED
    counted: list[tuple[LockedPackage, bool]] = []
    for package in lock.packages:
        wheel, *archives = _usual(package)
        sdist = tuple(archives)
        strong = _all_strong(package.artifacts)
        if package.source.kind in offered:
            counted.append((package, not strong and _is_bare(package)))
        for artifact in package.artifacts:
            if artifact.filename and not artifact.filename.startswith(wheel if artifact.wheel else sdist):
                yield from _name(package, artifact)
            if artifact.hash is None or not (strong or _STRONG.fullmatch(artifact.hash)):
                yield from _hash(package, artifact, must)
            elif artifact.filename:
                other, filename = owners.setdefault(artifact.hash, (package, artifact.filename))
                if filename != artifact.filename:
                    yield _copied(package, artifact, other, filename)
    yield from _unhashed(counted)


def _all_strong(files: Sequence[Artifact]) -> bool:
    """Return whether each of *files* has a strong hash."""
    if len(files) == 1:
        return _STRONG.fullmatch(files[0].hash or "") is not None
    hashes = [file.hash for file in files if file.hash is not None]
    return len(hashes) == len(files) and _are_strong(hashes)


def _are_strong(hashes: Sequence[str]) -> bool:
    """Return whether each of *hashes* is a strong one; a lock nearly always has thousands of one algorithm."""
    text = "\n".join(("", *hashes))
    if text.count("\n") != len(hashes):
        return False
    if set(map(len, hashes)) == {len(_SHA256) + 64} and text.count(f"\n{_SHA256}") == len(hashes):
        digits = text.replace(f"\n{_SHA256}", "")
        try:
            # Spaces are passed over, and would be missed among the bytes.
            return digits == digits.lower() and len(bytes.fromhex(digits)) * 2 == len(digits)
        except ValueError:
            return False
    return not hashes or _ALL_STRONG.fullmatch(text, 1) is not None


def unpinned(lock: Lock, package: LockedPackage) -> Iterator[Inconsistency]:
    """Yield what a lock that lists hashes leaves open about *package*: its version, its commit, or its hashes."""
    if package.source.kind is SourceKind.GIT and package.source.commit is None:
        message = f"{package.name} is locked without a commit, so another one can be installed tomorrow"
        yield inconsistency(package, "unpinned", message, expected="a commit", found=package.source.requested or "none")
    if package.source.kind is not SourceKind.REGISTRY:
        return
    if package.version is not None:
        if not package.artifacts:
            # A tool that finds no file listed takes whatever its index offers.
            what = "lists no file, so none has a hash" if format_named(lock.format).lists_files else "has no hash"
            message = f"{package.name} {package.version} {what}"
            yield inconsistency(package, "hash", message, expected="sha256 or stronger", found="none")
        return
    from .coverage import covered

    markers = [when.marker for when in package.when]
    # A tool may leave open what it has no use for; where that can be nowhere, nothing is open.
    if any(possible(both(covered(lock), marker)) for marker in markers):
        anywhere = None in markers
        yield inconsistency(
            package,
            "unpinned" if anywhere else "unlocked",
            f"{package.name} is locked without a version, so any can be installed"
            + ("" if anywhere else " where its marker holds"),
            expected="a version and its hashes",
            found="any version",
        )


def _usual(package: LockedPackage) -> tuple[str, ...]:
    """Return how nearly every wheel of *package* begins, then every source archive: taking thousands of names apart takes time."""
    if package.source.kind is SourceKind.URL:
        return ("", "")
    name = package.name.replace("-", "_")
    if package.version is None:
        return (f"{name}-",)
    return (f"{name}-{package.version}-", f"{name}-{package.version}.tar.", f"{package.name}-{package.version}.tar.")


def _name(package: LockedPackage, artifact: Artifact) -> Iterator[Inconsistency]:
    from .filenames import conda_release, other_release

    other: tuple[str, ...] | None
    if package.conda is not None:
        other = conda_release(package, artifact.filename)
    else:
        other = other_release(package.name, package.version, artifact.filename)
    if other is None:
        return
    entry = f"{package.name} {version_words(package)}" if package.version is not None else package.name
    yield inconsistency(
        package,
        "artifact",
        f"{entry} lists {artifact.filename}, a file of {' '.join(other)}",
        keys=file_route(package, artifact),
        expected=f"a file of {entry}",
        found=artifact.filename,
    )


def _hash(package: LockedPackage, artifact: Artifact, must: tuple[SourceKind, ...]) -> Iterator[Inconsistency]:
    name = artifact.filename or package.name
    if artifact.hash is None:
        # An index that offers no hashes is locked without them; one that was removed stands among others that were not.
        if package.source.kind in must or any(other.hash is not None for other in package.artifacts):
            yield _hash_finding(package, artifact, f"{name} has no hash", "none")
        return
    algorithm = artifact.hash.partition(":")[0]
    if algorithm not in _LENGTHS:
        if _is_bare(package):
            return
        yield _hash_finding(package, artifact, f"{name} has a hash that can be forged: {algorithm}", algorithm)
    else:
        found = artifact.hash[:80]
        yield _hash_finding(package, artifact, f"{name} has a hash that is none: {found}", found)


def _hash_finding(package: LockedPackage, artifact: Artifact, message: str, found: str) -> Inconsistency:
    keys = file_route(package, artifact)
    return inconsistency(package, "hash", message, keys=keys, expected="sha256 or stronger", found=found)


def _copied(package: LockedPackage, artifact: Artifact, other: LockedPackage, filename: str) -> Inconsistency:
    message = f"{artifact.filename} has the hash of {filename}"
    message += f", a file of {other.name}" if other.name != package.name else ""
    return inconsistency(
        package,
        "hash",
        message,
        keys=file_route(package, artifact),
        expected="a hash of its own",
        found=(artifact.hash or "")[:80],
    )


def _is_bare(package: LockedPackage) -> bool:
    """Return whether no file of *package* has a hash, or of a conda package none that is strong: some channels offer no other."""
    if package.conda is not None:
        return not any(_STRONG.fullmatch(artifact.hash or "") for artifact in package.artifacts)
    return not any(artifact.hash is not None for artifact in package.artifacts)


def _unhashed(packages: Sequence[tuple[LockedPackage, bool]]) -> Iterator[Inconsistency]:
    """Yield for each index the packages of which no file has a hash; it may offer none, or somebody took them out.

    With each of *packages* stands whether it has none.
    """
    found: dict[str, list[LockedPackage]] = {}
    hashed: set[str] = set()
    for package, is_bare in packages:
        location = package.source.location
        # A folder of files offers no hashes, and uv writes none for it.
        local = bool(location) and "://" not in location
        if local or not package.artifacts:
            continue
        named = location if package.source.kind in _OFFERED else ""
        index = named or host_of(package.artifacts[0].location or "")
        if is_bare:
            found.setdefault(index, []).append(package)
        else:
            hashed.add(index)
    for index, bare in found.items():
        names = sorted({package.name for package in bare})
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        strong = (
            "strong hash" if any(file.hash is not None for package in bare for file in package.artifacts) else "hash"
        )
        what = f"{', '.join(names[:_NAMED])}{more} {'has' if len(names) == 1 else 'have'} no {strong}"
        yield replace(
            inconsistency(
                bare[0],
                "unhashed" if index in hashed else "hashless",
                f"{what}, though others of {index or 'the same index'} have" if index in hashed else what,
                expected="sha256 or stronger",
                found="none",
            ),
            subject=names[0] if len(names) == 1 else index or "index",
        )
