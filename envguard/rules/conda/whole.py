"""Whether what conda installed is whole: records and the Python packages that came with them, and who wrote over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model import Place
from .. import repair
from ..impact import impact_of
from .words import installed_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...installed.model import CondaPackage
    from ...model import Finding
    from ..evidence import Evidence
    from ..registry import Rule


def by_two(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Yield the packages that conda has two records of, and those that another installer has written over."""
    inventory = evidence.inventory
    records: dict[str, list[CondaPackage]] = {}
    for package in (inventory.conda or ()) if inventory is not None else ():
        records.setdefault(package.name, []).append(package)
    for name, packages in records.items():
        if len(packages) > 1:
            yield self.finding(
                name,
                f"conda has {len(packages)} records of {name}: {' and '.join(map(installed_words, packages))}",
                impact=impact_of(name, evidence.config.numeric),
                why="an update was interrupted, and files of both may lie over one another",
                expected="one record",
                found=", ".join(package.path for package in packages),
                place=Place(path=packages[-1].path),
                hint=repair.reinstall_conda(evidence, packages[-1]),
            )
    wanted = evidence.wanted
    for package in evidence.conda.values():
        for name, found in _replaced(evidence, package).items():
            # Where the lock wants what lies on top, it is conda's that has to go.
            without = f"{repair.remove_conda(evidence, package.name)} && {repair.sync(evidence, name)}"
            yield self.finding(
                name,
                f"{name} is installed twice: by conda ({package.name} {installed_words(package)}), and over it by "
                f"another installer ({found})",
                impact=impact_of(name, evidence.config.numeric),
                why="conda believes its own files to be there, and they are not what runs",
                expected=f"{package.name} {installed_words(package)}",
                found=found,
                place=Place(path=package.path),
                hint=without if name in wanted else repair.reinstall_conda(evidence, package),
            )


def broken(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Yield the records of conda that are damaged, and those of packages that are gone."""
    inventory = evidence.inventory
    for package in (inventory.conda or ()) if inventory is not None else ():
        replaced = _replaced(evidence, package)
        gone = [part.name for part in package.parts if not part.there and part.name not in replaced]
        problems = (*package.problems, *(f"the Python package {name} that came with it is gone" for name in gone))
        for problem in problems:
            yield self.finding(
                package.name,
                f"conda's record of {package.name} is damaged: {problem}",
                impact=impact_of(package.name, evidence.config.numeric),
                why="tools disagree about what is installed, and its files may be half there",
                place=Place(path=package.path),
                hint=repair.reinstall_conda(evidence, package),
            )


def python_names(evidence: Evidence) -> frozenset[str]:
    """Return the Python packages that are judged with the packages of conda that they came with, written over or not."""
    brought = evidence.brought
    there = {name for name, distribution in evidence.installed.items() if distribution.path in brought}
    replaced = (name for package in evidence.conda.values() for name in _replaced(evidence, package))
    return frozenset((*there, *replaced))


def _replaced(evidence: Evidence, package: CondaPackage) -> dict[str, str]:
    """Return the Python packages of *package* that another installer has written over, with the version that it put there."""
    lost = {part.name for part in package.parts if part.overwritten or not part.there}
    if not lost:
        return {}
    others = evidence.brought
    return {
        name: distribution.version or distribution.path
        for name, distribution in evidence.installed.items()
        if name in lost and distribution.path not in others
    }
