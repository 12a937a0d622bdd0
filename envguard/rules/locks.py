"""EG1, second half: the locks of one project against one another."""

from __future__ import annotations

import itertools

from ..lockfiles.model import Selected, SourceKind
from ..lockfiles.parts import hashes_of, like, source_words
from ..model import Place
from .registry import Need, Rule, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..lockfiles.model import LockedPackage, Source
    from ..model import Finding
    from .evidence import Evidence, LockView

_PYTHON, _CONDA = "python", "conda"
_KINDS = {
    SourceKind.REGISTRY: "index",
    SourceKind.GIT: "git",
    SourceKind.URL: "url",
    SourceKind.PATH: "here",
    SourceKind.DIRECTORY: "here",
    SourceKind.EDITABLE: "here",
}
_WHY = "which of the two gets installed depends on which tool ran last"


@rule("EG108", "lock-disagreement", "two locks of the project disagree about a package", since="0.1", need=Need.LOCK)
def lock_disagreement(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares the locks that `lock = [...]` names with one another.

    ## What it sees

    A package that two locks have in different versions: in what they select for this environment, or, where no
    environment is looked at, when they have no version in common. One that the one has from an index and the other
    from a repository, a URL or a folder, or from another commit. And a file that both list by the same name with
    different hashes; with hashes of two kinds that is unknown. A package of conda is compared with one of Python's
    index where the lock says that it is that one.

    ## Why it matters

    Somebody installs from the one lock and somebody else from the other. Both believe that they have what was tested.

    ## How to mend

    Make the locks anew from the same manifest, or name only the one that counts.
    """
    for first, second in itertools.combinations(evidence.views, 2):
        ours, theirs = _packages(first), _packages(second)
        for name in sorted(ours.keys() & theirs.keys()):
            mine, yours = ours[name], theirs[name]
            # Packages of conda stand there by both of their names.
            if name[0] == _CONDA or any(package.conda is None for package in (*mine, *yours)):
                yield from _compare(self, evidence, (first, mine), (second, yours))


def _packages(view: LockView) -> Mapping[tuple[str, str], list[LockedPackage]]:
    """Return the packages of a lock by who names them and by name."""
    found: dict[tuple[str, str], list[LockedPackage]] = {}
    for package in view.selected.packages if isinstance(view.selected, Selected) else view.lock.packages:
        if package.conda is None:
            names = [(_PYTHON, package.name)]
        else:
            names = [(_CONDA, package.name), *((_PYTHON, name) for name in package.conda.python or ())]
        for name in names:
            found.setdefault(name, []).append(package)
    return found


def _compare(
    self: Rule,
    evidence: Evidence,
    first: tuple[LockView, list[LockedPackage]],
    second: tuple[LockView, list[LockedPackage]],
) -> Iterator[Finding]:
    # Few projects have two locks.
    from .impact import impact_of

    (one, ours), (other, theirs) = first, second
    name = ours[0].name
    if not _share_a_version(ours, theirs):
        yield self.finding(
            name,
            f"{one.name} locks {name} {_versions(ours)}, {other.name} locks {_versions(theirs)}",
            impact=impact_of(name, evidence.config.numeric),
            why=_WHY,
            expected=f"{_versions(ours)} ({one.name})",
            found=f"{_versions(theirs)} ({other.name})",
            place=_place(other, theirs[0]),
            hint=other.lock.commands.lock,
        )
        return
    if _elsewhere(ours, theirs):
        was, now = (" or ".join(sorted({source_words(item.source) for item in side})) for side in (ours, theirs))
        yield self.finding(
            name,
            f"{one.name} and {other.name} take {name} from different sources",
            impact=impact_of(name, evidence.config.numeric),
            why=f"the same name from another source is other code; {_WHY}",
            expected=f"{was} ({one.name})",
            found=f"{now} ({other.name})",
            place=_place(other, theirs[0]),
            hint=other.lock.commands.lock,
        )
        return
    hashes = {
        file.filename: hashes_of(package, file) for package in ours for file in package.artifacts if file.filename
    }
    for package in theirs:
        for file in package.artifacts:
            known, told = hashes.get(file.filename, ()), hashes_of(package, file)
            if not known or not told:
                continue
            pair = next(((was, now) for now in told for was in like(known, now)), None)
            if pair is not None and pair[0] == pair[1]:
                continue
            unknown = pair is None
            was, now = pair or (known[0], told[0])
            both = f"{one.name} and {other.name} list {file.filename} with"
            yield self.finding(
                name,
                f"{both} hashes of two kinds, so whether it is one file could not be told"
                if unknown
                else f"{both} different hashes",
                impact=impact_of(name, evidence.config.numeric),
                why="one name for two files: it was published again, or one of the locks was edited"
                if not unknown
                else "one name for two files would look the same",
                expected=f"{was} ({one.name})",
                found=f"{now} ({other.name})",
                place=_place(other, package),
                hint=other.lock.commands.lock,
                unknown=unknown,
            )


def _share_a_version(ours: Iterable[LockedPackage], theirs: Iterable[LockedPackage]) -> bool:
    from .versions import same

    # A source tree may have no version; then the locks say nothing that could differ.
    return any(
        one.version is None or other.version is None or same(one.version, other.version)
        for one, other in itertools.product(ours, theirs)
    )


def _elsewhere(ours: Iterable[LockedPackage], theirs: Iterable[LockedPackage]) -> bool:
    """Return whether no entry of the one lock can be what an entry of the other is, by where they come from."""
    return not any(_can_be_one(one, other) for one, other in itertools.product(ours, theirs))


def _can_be_one(one: LockedPackage, other: LockedPackage) -> bool:
    hashes = [{file.hash for file in package.artifacts if file.hash} for package in (one, other)]
    kinds = [_KINDS.get(package.source.kind) for package in (one, other)]
    if None in kinds or not hashes[0].isdisjoint(hashes[1]):
        # The project itself, and what conda has, come from where they come from; the same file is the same from anywhere.
        return True
    told = [_identity(package.source) for package in (one, other)]
    return kinds[0] == kinds[1] and (None in told or told[0] == told[1])


def _identity(source: Source) -> str | None:
    """Return what tells one source from others of its kind; None where the lock, or the kind, does not: indexes have mirrors."""
    match source.kind:
        case SourceKind.GIT:
            return source.commit
        case SourceKind.URL:
            return source.location.partition("#")[0]
        case _:
            return None


def _versions(packages: Iterable[LockedPackage]) -> str:
    return " or ".join(sorted({package.version or "(no version)" for package in packages}))


def _place(view: LockView, package: LockedPackage) -> Place:
    return Place(path=package.path or view.lock.path, keys=package.route, line=package.line)
