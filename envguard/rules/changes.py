"""EG1, third part: a change of the lock that no resolution explains."""

from __future__ import annotations

import os

from ..lockfiles.diff.model import Aspect, Kind
from ..model import Impact, Place, Severity
from .impact import impact_of
from .registry import Need, Rule, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..lockfiles.diff.model import Detail, PackageChange
    from ..model import Finding
    from .evidence import Evidence


# What a change of these can do to numbers is nothing; only the rest of the change can.
_HARMLESS = frozenset((Aspect.GROUPS, Aspect.HASHES_LOST))


def can_change_numbers(change: PackageChange) -> bool:
    """Return whether other code can run after *change*: more than groups moved, or hashes that are not written any more."""
    return change.kind is not Kind.SAME or any(detail.aspect not in _HARMLESS for detail in change.details)


def _details(evidence: Evidence, aspect: Aspect) -> Iterator[tuple[PackageChange, Place, Detail]]:
    for diff in evidence.changes:
        for change in diff.packages if diff.new is not None else ():
            detail = change.detail(aspect)
            if detail is not None and change.new is not None:
                package = change.new
                path = package.path or (diff.new.path if diff.new is not None else "")
                yield change, Place(path=path, keys=package.route, line=package.line), detail


def _version(change: PackageChange) -> str:
    version = change.new.version if change.new is not None else None
    return f"{change.name} {version or ''}".rstrip()


def _name(evidence: Evidence, place: Place) -> str:
    """Return the file at *place* as a person names it from the project's folder."""
    return os.path.relpath(place.path, evidence.project)


@rule("EG110", "republished-artifact", "a file of the same version has another hash", since="0.1", need=Need.CHANGE)
def republished_artifact(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares the hashes of what both locks have in the same version.

    ## What it sees

    A file of the same name whose hash is another one than before; or, where a lock has hashes without names, a version of
    which a hash of then has made room for another. Where the hashes are of another kind (`sha256` then, `sha512`
    now) nobody can tell whether the files are the same: that is unknown.

    ## Why it matters

    A version that is published again, or swapped on the way, is other code under an old name. Nothing else about the lock
    shows it, and an environment keeps no hash.

    ## How to mend

    Find out who published it again and why. If it is wanted, waive it with the reason and record the baseline anew.
    """
    for change, place, detail in _details(evidence, Aspect.REPUBLISHED):
        yield self.finding(
            change.name,
            f"{_version(change)} has the same version and another hash than before",
            impact=impact_of(change.name, evidence.config.numeric),
            why="other code under an old name: the version says nothing about it, and an environment keeps no hash",
            expected=detail.old,
            found=detail.new,
            place=place,
            hint=f"git log -p -- {_name(evidence, place)}, and ask who published it again",
        )
    for change, place, detail in _details(evidence, Aspect.REHASHED):
        yield self.finding(
            change.name,
            f"whether {_version(change)} is the same as before could not be told: its hashes are of another kind",
            impact=impact_of(change.name, evidence.config.numeric),
            why="other code under an old name would look the same",
            expected=detail.old,
            found=detail.new,
            place=place,
            hint=f"git log -p -- {_name(evidence, place)}, and see that both hashes are those of one file",
            unknown=True,
        )


@rule(
    "EG111",
    "changed-source",
    "a package comes from elsewhere than before",
    since="0.1",
    need=Need.CHANGE,
    severities=Severity.WARNING,
)
def changed_source(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares where the locks take each package from.

    ## What it sees

    Another index, a git repository or another commit, a URL, a folder, where something else stood before.

    ## Why it matters

    The same name and version from another source is other code; an index that comes first can shadow a trusted one.

    ## How to mend

    See that the source is the one that you mean; undo the change in the manifest and lock again if it is not.
    """
    for change, place, detail in _details(evidence, Aspect.SOURCE):
        yield self.finding(
            change.name,
            f"{_version(change)} comes from elsewhere than before",
            impact=impact_of(change.name, evidence.config.numeric),
            why="the same name from another source is other code",
            expected=detail.old,
            found=detail.new,
            place=place,
            hint=f"git log -p -- {_name(evidence, place)}",
        )


@rule("EG112", "lost-hashes", "a package that had hashes has none any more", since="0.1", need=Need.CHANGE)
def lost_hashes(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares whether the locks have hashes, and such as hold.

    ## What it sees

    A package of the same source whose files had hashes before and have none now, or none but MD5 and SHA-1: a conda
    package that lost its SHA-256 and kept the MD5 beside it.

    ## Why it matters

    Without hashes the same lock can install other bytes tomorrow; two files with one MD5 are made in seconds.

    ## How to mend

    Lock again with the tool and the options that write hashes.
    """
    for change, place, detail in _details(evidence, Aspect.HASHES_LOST):
        if change.kind is not Kind.SAME and change.detail(Aspect.SOURCE) is not None:
            continue
        yield self.finding(
            change.name,
            f"{_version(change)} had {_lost_what(detail)}",
            impact=Impact.UNKNOWN,
            why="without hashes the same lock can install other bytes",
            expected=detail.old,
            found=detail.new,
            place=place,
            hint=evidence.lock_command,
        )


def _lost_what(detail: Detail) -> str:
    if detail.new is None or not detail.new.endswith(" alone"):
        return "hashes and has none any more"
    return "a hash that holds, and has none any more but one that can be forged"


@rule("EG118", "relabelled-artifact", "a file stands under another version than before", since="0.1", need=Need.CHANGE)
def relabelled_artifact(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Looks for a hash that both locks have, each under another version.

    ## What it sees

    A package whose version, or build, changed while a file of it kept its hash. A lock whose files have no names
    (`Pipfile.lock`, requirements files) shows nothing else of a version that was edited by hand.

    ## Why it matters

    The bytes of one version are never those of another. What is installed is not what the lock says, or nothing can be
    installed from it at all.

    ## How to mend

    Undo the edit, and lock again with the tool.
    """
    for change, place, detail in _details(evidence, Aspect.RELABELLED):
        yield self.finding(
            change.name,
            f"{_version(change)} has a file that was one of another version before",
            impact=impact_of(change.name, evidence.config.numeric),
            why="the bytes of one version are never those of another: the lock was edited by hand",
            expected=detail.old,
            found=detail.new,
            place=place,
            hint=f"git checkout -- {_name(evidence, place)}, or make it anew: {evidence.lock_command}",
        )
