"""EG1: the lock against its manifest, and against itself."""

from __future__ import annotations

from ..lockfiles.model import Freshness, Selected
from ..model import Impact, Place, Severities, Severity
from ..values import replace
from .registry import Need, Rule, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..lockfiles.model import Inconsistency, Reason
    from ..model import Finding
    from .evidence import Evidence, LockView


def _reasons(evidence: Evidence) -> Iterator[tuple[LockView, Reason]]:
    for view in evidence.views:
        for reason in view.freshness.reasons if view.freshness is not None else ():
            yield view, reason


@rule("EG101", "stale-lock", "the lock no longer belongs to its manifest", since="0.1", need=Need.LOCK)
def stale_lock(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares what the lock recorded of its inputs with the manifest as it is now.

    ## What it sees

    Requirements, extras, groups, sources, indexes, constraints and `requires-python` in the manifest (of every
    workspace member) against what the lock recorded when it was made. It decides offline and resolves nothing: markers
    and version ranges are compared by meaning, not by spelling.

    ## Why it matters

    A stale lock describes an environment that nobody asked for any more. The next tool that is allowed to resolves anew,
    and then other versions are installed than those that were tested.

    ## How to mend

    Run the command that the finding prints and commit the result, or undo the change in the manifest.
    """
    for view, reason in _reasons(evidence):
        if not reason.unknown:
            yield self.finding(
                reason.subject,
                reason.message,
                impact=Impact.UNKNOWN,
                why="the lock describes another project than the manifest does; the next resolution may choose other versions",
                expected=reason.expected,
                found=reason.found,
                place=Place(path=reason.path, keys=reason.keys, line=reason.line),
                hint=view.lock.commands.lock,
            )


@rule("EG102", "undecided-freshness", "whether the lock is stale cannot be told", since="0.1", need=Need.LOCK)
def undecided_freshness(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Says so where the files alone do not tell whether the lock still belongs to its manifest.

    ## What it sees

    Dependencies that a build backend computes (`dynamic`), a lock without recorded inputs, and other things that only a
    resolver could answer.

    ## Why it matters

    "Stale" and "could not tell" are different answers. Passing the second as fresh would hide the first.

    ## How to mend

    Declare dependencies statically; or let the tool decide (`uv lock --check`) where a network and an interpreter are at
    hand. Of a format that records no inputs (requirements files, most of `pylock.toml`) no more can be told than that it
    contradicts nothing: accept that with a waiver whose subject is the name of the lock, or let a lock count that records
    them.
    """
    for view, reason in _reasons(evidence):
        if reason.unknown:
            yield self.finding(
                reason.subject,
                reason.message,
                impact=Impact.UNKNOWN,
                why="a lock that cannot be compared with its manifest may be stale",
                expected=reason.expected,
                found=reason.found,
                place=Place(path=reason.path, keys=reason.keys, line=reason.line),
                hint=view.lock.commands.check or _accept(view, reason),
                unknown=True,
            )


def _accept(view: LockView, reason: Reason) -> str:
    """Return what can be done where no command of a tool decides."""
    waiver = f"waive undecided-freshness for '{reason.subject}' with the reason, see: envguard explain EG102"
    return f"{view.lock.commands.lock}; if it stays so, {waiver}"


def _inconsistencies(self: Rule, evidence: Evidence, kinds: tuple[str, ...], why: str) -> Iterator[Finding]:
    for view in evidence.views:
        for item in view.inconsistencies:
            if item.kind in kinds and not _told_as_stale(view, item):
                yield _inconsistency(self, view, item, why, self.severities)


def _told_as_stale(view: LockView, item: Inconsistency) -> bool:
    """Return whether *item* comes from a manifest that has moved on: that is said once, by its own rule."""
    if view.freshness is None or view.freshness.state is not Freshness.STALE:
        return False
    own = (None, view.lock.path, *view.lock.files)
    # What nothing leads to is told by the project, which some locks do not have in them.
    return item.path not in own or (item.kind == "orphan" and any(p.path not in own for p in view.lock.packages))


def _inconsistency(self: Rule, view: LockView, item: Inconsistency, why: str, severities: Severities) -> Finding:
    path = item.path or view.lock.path
    return self.finding(
        item.subject,
        item.message,
        impact=Impact.UNKNOWN,
        why=why,
        expected=item.expected,
        found=item.found,
        place=Place(path=path, keys=item.keys, line=item.line),
        severities=severities,
        hint=f"git checkout -- {view.name}, or make it anew: {view.lock.commands.lock}",
    )


@rule(
    "EG103", "broken-edge", "a dependency in the lock leads to no package, or to several", since="0.1", need=Need.LOCK
)
def broken_edge(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Follows every dependency that the lock writes down.

    ## What it sees

    An edge whose name, version and source match no entry, or more than one; two entries for one and the same package; and
    in a `uv.lock` something that a member declares and that none of its dependencies leads to, or a dependency of it that
    it does not declare. In a `poetry.lock` or `pdm.lock` that is not stale, a requirement of the project without an entry.

    ## Why it matters

    No tool writes such a lock: it was edited by hand, by a bot, or by an unfinished merge. The tools' own checks do not
    look.

    ## How to mend

    Take the lock from version control, or make it anew with the command that the finding prints.
    """
    yield from _inconsistencies(
        self, evidence, ("edge", "duplicate"), "the lock was not written by its tool as it stands here"
    )


@rule("EG104", "artifact-mismatch", "a file in the lock is of another package or version", since="0.1", need=Need.LOCK)
def artifact_mismatch(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares the names of the locked files with the entry that lists them.

    ## What it sees

    A wheel or source archive whose file name carries another name or version than its entry.

    ## Why it matters

    What gets installed is the file, not the number above it.

    ## How to mend

    Take the lock from version control, or make it anew with the command that the finding prints.
    """
    yield from _inconsistencies(
        self, evidence, ("artifact",), "the file is what gets installed, not the version above it"
    )


@rule(
    "EG106",
    "uninstallable-package",
    "a locked package has no file for any environment that the lock covers",
    since="0.1",
    need=Need.LOCK,
)
def uninstallable_package(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Reads the names of the locked files: their tags of Python and platform (PEP 425, PEP 427).

    ## What it sees

    A package of an index with wheels alone of which none fits any Python in `requires-python` on any platform that the lock
    is made for; a source archive fits everywhere. And one without any file that is needed on Linux: for platforms that a
    project has no files for, uv locks such entries itself.

    ## Why it matters

    Installing from such a lock fails, or somebody installs by hand what nobody locked.

    ## How to mend

    Take the lock from version control, or make it anew with the command that the finding prints.
    """
    yield from _inconsistencies(self, evidence, ("files",), "installing from this lock fails wherever it is tried")


@rule(
    "EG107",
    "contradicted-requirement",
    "a locked version is not one that its dependents ask for",
    since="0.1",
    need=Need.LOCK,
)
def contradicted_requirement(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares locked versions with the ranges that the same lock says were asked for.

    ## What it sees

    A requirement of the project or of a package, or a constraint, as the lock records it, that none of the locked versions
    satisfies. Overrides, and what comes from git, a URL or a folder, may contradict and are left out. In a `conda-lock.yml`
    it is a warning: channels correct what a package requires after it was built, and that lock has what it required then.

    ## Why it matters

    No resolver chooses such a version: it was written by hand, by a bot, or by a merge.

    ## How to mend

    Take the lock from version control, or make it anew with the command that the finding prints.
    """
    why = "no resolver chooses such a version"
    yield from _inconsistencies(self, evidence, ("requirement",), why)
    for finding in _inconsistencies(
        self, evidence, ("corrected",), f"{why}, unless the channel corrected the requirement"
    ):
        yield replace(finding, severities=Severities.same(Severity.WARNING))


@rule("EG116", "unreachable-package", "nothing in the lock requires a locked package", since="0.1", need=Need.LOCK)
def unreachable_package(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Walks from the project through every dependency that the lock writes down.

    ## What it sees

    An entry that no requirement leads to, under any marker, extra or group. A `uv.lock` tells by itself; `poetry.lock` and
    `pdm.lock` together with the manifest beside them, as long as they are not stale. Other formats do not list all
    dependencies.

    ## Why it matters

    A dependency was deleted from the lock, or an entry was left over by a merge. What should be installed is missing then,
    and no tool's own check says so.

    ## How to mend

    Take the lock from version control, or make it anew with the command that the finding prints.
    """
    why = "a dependency was deleted from the lock, or an entry was left over by a merge"
    yield from _inconsistencies(self, evidence, ("orphan",), why)


@rule("EG105", "weak-hash", "a locked file has no hash, or one that can be forged", since="0.1", need=Need.LOCK)
def weak_hash(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Looks at the hash of every locked file.

    ## What it sees

    A file without a hash among others of its package that have one; one whose hash is weaker than SHA-256, is no hash, or
    is that of a file with another name; a package of a URL or a path without a hash; and with tools that install it
    unchecked (poetry, pdm, pipenv) a package for which no file is listed.

    Some indexes offer no hashes. Packages of which no file has one are a warning where others of their index have some: the
    index may have none, or somebody took them out. They are a note where none of that index has any, and so is a
    requirements file without any hash. Channels of conda may offer MD5 alone, and for packages of theirs it counts as no
    hash does for others; a commit that takes a SHA-256 out is an error all the same (EG112).

    ## Why it matters

    Without a hash the same lock can install other bytes tomorrow.

    ## How to mend

    Make the lock anew; an index that offers no hashes cannot be pinned to bytes.
    """
    why = "without a strong hash the same lock can install other bytes"
    yield from _inconsistencies(self, evidence, ("hash",), why)
    lesser = {"unhashed": Severity.WARNING, "hashless": Severity.NOTE}
    for view in evidence.views:
        for item in view.inconsistencies:
            if item.kind in lesser:
                yield _inconsistency(self, view, item, why, Severities.same(lesser[item.kind]))


@rule(
    "EG117", "unpinned-package", "a lock leaves open which version or commit is installed", since="0.1", need=Need.LOCK
)
def unpinned_package(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Looks for entries that say which package is installed, and not which one of it.

    ## What it sees

    An entry without one version, or of a repository without a commit: `pipenv` writes such entries for packages that the
    machine on which it locks does not need, and a requirements file may have ranges. Where it is always needed, or a check
    shows that the environment needs it, that is an error; else a warning.

    ## Why it matters

    What gets installed is chosen on the day of the installation.

    ## How to mend

    Pin it, or make the lock anew. What is open for another platform can only be locked there.
    """
    why = "which one is installed is decided anew by every installation"
    yield from _inconsistencies(self, evidence, ("unpinned",), why)
    for view in evidence.views:
        selected = view.selected.packages if isinstance(view.selected, Selected) else ()
        needed = {package.name for package in selected if package.version is None}
        for item in view.inconsistencies:
            if item.kind == "unlocked":
                severities = self.severities if item.subject in needed else Severities.same(Severity.WARNING)
                yield _inconsistency(self, view, item, why, severities)
