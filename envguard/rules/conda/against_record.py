"""What conda installed, held against what was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model import Impact, Place, Unknown
from ...names import normalize
from .. import repair
from ..impact import impact_of
from .words import installed_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model import Finding
    from ..evidence import Evidence
    from ..registry import Rule


def other_content(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Yield the packages of conda whose archive is another one than was recorded for that version and build."""
    machine, baseline = evidence.machine, evidence.baseline
    if machine is None or baseline is None:
        return
    for name, package in evidence.conda.items():
        recorded = machine.conda.get(name)
        if recorded is None or recorded.version != package.release:
            continue
        old = recorded.digest
        if isinstance(old, Unknown):
            # What nobody could record is nothing to compare with.
            continue
        # Which hashes the record of a package has depends on the tool that installed it.
        algorithm = old.partition(":")[0]
        here = {"sha256": package.sha256, "md5": package.md5}.get(algorithm)
        unknown, digest = here is None, package.digest
        new = f"{algorithm}:{here}" if here else digest.reason if isinstance(digest, Unknown) else digest
        if old == new:
            continue
        what = f"{name} {installed_words(package)}"
        yield self.finding(
            name,
            f"whether {what} is the file that was recorded could not be told: {algorithm} was recorded, and its record here has none"
            if unknown
            else f"{what} is another file than the one that was recorded",
            impact=impact_of(name, evidence.config.numeric),
            why="the version was built or published again, or it came from another channel"
            if not unknown
            else "a version that was built or published again would look the same",
            expected=old,
            found=f"{new} ({package.url or package.path})",
            place=_recorded_at(evidence, name),
            hint=repair.record(evidence) if unknown else repair.reinstall_conda(evidence, package),
            unknown=unknown,
        )


def unlocked(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Yield the packages of conda outside every lock that are not what was recorded."""
    machine, installed, wanted = evidence.machine, evidence.conda, evidence.wanted_conda
    if machine is None:
        return
    came = set() if evidence.locks_conda else installed.keys() - machine.conda.keys()
    if came and not machine.conda:
        yield self.finding(
            "conda",
            f"this is an environment of conda with {len(installed)} packages, and none of conda was recorded",
            impact=Impact.NUMBERS,
            why="no lock knows these packages, so the record is the only word on them",
            expected="no package of conda",
            found=evidence.environment.prefix,
            place=_recorded_at(evidence),
            hint=repair.record(evidence),
        )
        return
    for name in sorted({*machine.conda, *came}):
        recorded, found = machine.conda.get(name), installed.get(name)
        if name in wanted or normalize(name) in evidence.own:
            continue
        old = recorded.version if recorded is not None else None
        new = (found.release or "no version") if found is not None else None
        if old == new:
            continue
        yield self.finding(
            name,
            f"{name} {old} was recorded" + (f", {new} is installed" if new else " and is gone")
            if old
            else f"{name} {new} is installed by conda, and was not recorded",
            impact=impact_of(name, evidence.config.numeric),
            why="the lock does not know this package, so the record is the only word on it",
            expected=old or "not installed",
            found=new or "not installed",
            place=_recorded_at(evidence, name) if old else Place(path=found.path if found is not None else ""),
            hint=f"conda install --prefix {evidence.environment.prefix} {name}={old}"
            if old
            else repair.remove_conda(evidence, name),
        )


def _recorded_at(evidence: Evidence, *more: str) -> Place | None:
    baseline = evidence.baseline
    keys = ("machines", evidence.machine_name or "", "conda", *more)
    return Place(path=baseline.path, keys=keys) if baseline is not None else None
