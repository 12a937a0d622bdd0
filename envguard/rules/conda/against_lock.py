"""What conda installed, held against what is locked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...conda.archives import same_channel
from ...lockfiles.model import Selected, SourceKind
from ...model import Impact, Place, Severities
from ...names import normalize
from .. import repair
from ..impact import impact_of
from ..places import place_of
from .words import installed_words, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...installed.model import CondaPackage
    from ...lockfiles.model import LockedPackage
    from ...model import Finding
    from ..evidence import Evidence
    from ..registry import Rule

_VERSION_IS = "another version can compute, load or default differently"
_BUILD_IS = "a build stands for the dependencies, the compiler, and the BLAS or CUDA that a version was made with"


def missing(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Yield the locked packages that conda did not install."""
    wanted, installed = evidence.wanted_conda, evidence.conda
    if wanted and evidence.inventory is not None and evidence.inventory.conda is None:
        prefix = evidence.environment.prefix
        yield self.finding(
            evidence.lock_name,
            f"this is no environment of conda, and the lock has {len(wanted)} packages for conda to install",
            impact=Impact.NUMBERS,
            why="what was locked is not what runs: interpreter, BLAS, CUDA and the rest come from elsewhere",
            expected="an environment that conda, mamba or pixi made",
            found=prefix,
            place=Place(path=prefix),
            hint=repair.sync(evidence),
        )
        return
    for name, package in wanted.items():
        if name not in installed:
            yield self.finding(
                name,
                f"{name} {words(package)} is in the lock and not installed",
                impact=impact_of(name, evidence.config.numeric),
                why="code that needs it fails, or quietly takes another way",
                expected=words(package) or "installed",
                found="not installed",
                place=place_of(evidence, package, "name"),
                hint=repair.sync(evidence),
            )


def unexpected(self: Rule, evidence: Evidence, severities: Severities) -> Iterator[Finding]:
    """Yield what conda installed and the lock does not ask for."""
    if not evidence.locks_conda or not isinstance(evidence.selected, Selected):
        return
    wanted = evidence.wanted_conda
    locked = {package.name for view in evidence.views for package in view.lock.packages if package.conda is not None}
    for name, package in evidence.conda.items():
        if name in wanted or normalize(name) in evidence.own:
            continue
        where = "in the lock, but not selected here" if name in locked else "not in the lock"
        yield self.finding(
            name,
            f"{name} {installed_words(package)} is installed and {where}",
            impact=impact_of(name, evidence.config.numeric),
            why="libraries that find an optional package behave differently; nobody who installs from the lock has it",
            expected="not installed",
            found=installed_words(package),
            place=Place(path=package.path),
            hint=repair.remove_conda(evidence, name),
            severities=severities,
        )


def other_version(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Yield the packages of conda in another version than the lock's; conda's versions are compared as they are written."""
    for package, found in _pairs(evidence):
        if package.version is not None and found.version is not None and package.version != found.version:
            yield _differs(
                self, evidence, package, found, f"the lock pins {package.version}", found.version, why=_VERSION_IS
            )


def other_build(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Yield the packages of conda in another build of the locked version."""
    for package, found in _same_version(evidence):
        if not _same_build(package, found):
            told = f"the lock pins {words(package)}: another build of the same version"
            yield _differs(self, evidence, package, found, told, installed_words(found), why=_BUILD_IS)


def other_file(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Yield the packages of conda that are another file than the locked one of that version and build."""
    for package, found in _same_version(evidence):
        if not _same_build(package, found):
            continue
        name = package.name
        locked, known = _hashes(package), {"sha256": found.sha256, "md5": found.md5}
        algorithm = next((kind for kind in ("sha256", "md5") if locked.get(kind) and known[kind]), None)
        if algorithm is not None:
            if locked[algorithm] != known[algorithm]:
                yield _elsewhere(
                    self,
                    evidence,
                    package,
                    found,
                    f"{name} {words(package)} is another file than the one that the lock lists",
                    f"{algorithm}:{locked[algorithm]}",
                    f"{algorithm}:{known[algorithm]}",
                )
            continue
        ours, theirs = package.source.location.rstrip("/"), (found.channel or "").rstrip("/")
        if not package.artifacts or (theirs and (same_channel(ours, theirs) or same_channel(theirs, ours))):
            # What was built from source is no file that a lock could list.
            continue
        # The same name on another server may be a mirror, and there is no hash that both sides know.
        mirror = not theirs or ours.rpartition("/")[2] == theirs.rpartition("/")[2]
        yield _elsewhere(
            self,
            evidence,
            package,
            found,
            f"whether {name} {words(package)} is the locked file could not be told"
            if mirror
            else f"{name} {words(package)} was installed from another channel than the lock says",
            f"the channel {ours}",
            f"the channel {theirs}, and no hash to compare" if theirs else "a record without channel and hash",
            unknown=mirror,
        )


def instead(self: Rule, evidence: Evidence, package: LockedPackage, found: CondaPackage) -> Finding:
    """Return that conda installed *package*, which the lock has from elsewhere."""
    name = package.name
    where = f"the index {package.source.location}" if package.source.location else "an index"
    return self.finding(
        name,
        f"{name} was installed by conda, and the lock has it from elsewhere",
        impact=impact_of(name, evidence.config.numeric),
        why="the same version from another source is other code",
        expected=where if package.source.kind is SourceKind.REGISTRY else package.source.location,
        found=f"{found.name} {installed_words(found)} of conda ({found.path})",
        place=place_of(evidence, package, "source"),
        hint=repair.sync(evidence, name),
    )


def _pairs(evidence: Evidence) -> Iterator[tuple[LockedPackage, CondaPackage]]:
    installed = evidence.conda
    for name, package in evidence.wanted_conda.items():
        if name in installed:
            yield package, installed[name]


def _same_version(evidence: Evidence) -> Iterator[tuple[LockedPackage, CondaPackage]]:
    return (
        (package, found)
        for package, found in _pairs(evidence)
        if package.version is None or found.version is None or package.version == found.version
    )


def _same_build(package: LockedPackage, found: CondaPackage) -> bool:
    """Return whether nothing tells the builds of *package* and *found* apart."""
    locked = package.conda
    sides = ((locked.build, found.build), (locked.subdir, found.subdir)) if locked is not None else ()
    return all(one is None or other is None or one == other for one, other in sides)


def _hashes(package: LockedPackage) -> dict[str, str]:
    found = dict(file.hash.split(":", 1) for file in package.artifacts if file.hash and ":" in file.hash)
    if package.conda is not None and package.conda.md5:
        found.setdefault("md5", package.conda.md5)
    return found


def _differs(
    self: Rule, evidence: Evidence, package: LockedPackage, found: CondaPackage, told: str, shown: str, *, why: str
) -> Finding:
    return self.finding(
        package.name,
        f"{package.name} {shown} is installed, {told}",
        impact=impact_of(package.name, evidence.config.numeric),
        why=why,
        expected=_with_subdir(words(package), package.conda.subdir if package.conda is not None else None),
        found=f"{_with_subdir(installed_words(found), found.subdir)} ({found.path})",
        place=place_of(evidence, package, "version"),
        hint=repair.sync(evidence),
    )


def _with_subdir(text: str, subdir: str | None) -> str:
    return f"{text} for {subdir}" if subdir else text


def _elsewhere(
    self: Rule,
    evidence: Evidence,
    package: LockedPackage,
    found: CondaPackage,
    message: str,
    expected: str,
    shown: str,
    *,
    unknown: bool = False,
) -> Finding:
    return self.finding(
        package.name,
        message,
        impact=impact_of(package.name, evidence.config.numeric),
        why="the same version from another source is other code",
        expected=expected,
        found=f"{shown} ({found.url or found.path})",
        place=place_of(evidence, package, "sha256"),
        hint=repair.reinstall_conda(evidence, found),
        unknown=unknown,
    )
