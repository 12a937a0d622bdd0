"""EG2, third part: what installed packages say that they need, held against what is locked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .. import pep440, pep508
from ..lockfiles.formats import by_name
from ..lockfiles.markers import MarkerError, parse
from ..lockfiles.model import Selected, SourceKind
from ..lockfiles.parts import LOCAL, roots
from ..model import Severities, Severity
from ..names import normalize
from ..values import dataclass
from .impact import impact_of
from .places import place_of
from .registry import Need, Rule, rule
from .versions import same

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..lockfiles.model import Edge, LockedPackage
    from ..model import Finding
    from .evidence import Evidence, LockView

# Most requirements are those of extras that nobody asks for: they are passed over without being taken apart.
_FOR_AN_EXTRA = re.compile(r";(?!.*\bor\b).*\bextra\s*==\s*['\"]([^'\"]*)['\"]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmet:
    """A requirement *text* of a locked package, *by*, that the lock does not meet.

    *target* is the locked package of its *name*, None where there is none; *version* is the one that it has.
    """

    by: LockedPackage
    text: str
    name: str
    target: LockedPackage | None
    version: str | None


@rule(
    "EG217",
    "unmet-requirement",
    "what an installed package requires is not locked, or locked in a version that it does not take",
    since="0.1",
    need=Need.ENVIRONMENT,
)
def unmet_requirement(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Holds the lock against what the installed packages themselves say that they need (`Requires-Dist` in their METADATA).

    ## What it sees

    A package that is installed in its locked version and requires another one that is neither locked for this
    environment nor installed: an edge that was deleted from the lock, with what it led to. One that is locked in a
    version out of the range that is required: a version that was edited by hand. Markers are evaluated for this
    environment, and the extras count that the project or an installed package asks for.

    Left out is what the project replaces: `override-dependencies`, `exclude-dependencies` and `dependency-metadata`
    of uv, `overrides` and `excludes` of pdm. So are packages of conda, whose recipes have dependencies of their
    own, and folders on disk, whose metadata is as old as their installation. A requirement that cannot be read is
    passed over, as pip passes it over. Where the lock is a requirements file or a `pylock.toml`, which can be
    installed without any resolving, it is a warning.

    ## Why it matters

    Locks are compared with manifests and with hashes, and never with the packages: what a bot or a merge took out of one is
    missed by every check of its tool, until code fails to import or runs beside a version that it was never tried with.

    ## How to mend

    Make the lock anew with the command that the finding prints. If the requirement is wrong, override it in the
    settings of the tool, so that the next person sees it, too.
    """
    for view in evidence.views:
        if not isinstance(view.selected, Selected):
            continue
        native = by_name(view.lock.format).native
        severities = self.severities if native else Severities.same(Severity.WARNING)
        for item in unmet(evidence, view, view.selected):
            where = f"{item.name} {item.version} is locked" if item.version else f"{item.name} is not locked"
            yield self.finding(
                item.name,
                f"{item.by.name} {item.by.version} requires {item.text}, and {where}",
                impact=impact_of(item.name, evidence.config.numeric),
                why="the lock is not what a resolver made: an entry was deleted, or a version edited",
                expected=item.text,
                found=item.version or "neither locked nor installed",
                place=place_of(evidence, item.target or item.by, "version"),
                hint=view.lock.commands.lock,
                severities=severities,
            )


def unmet(evidence: Evidence, view: LockView, selected: Selected) -> Iterator[Unmet]:
    """Yield each requirement of what is installed from the lock *view* that it does not meet, each name and requirer once."""
    lock = view.lock
    if lock.overrides is None:
        return
    environment, installed, wanted = evidence.environment.markers, evidence.installed, evidence.wanted
    replaced = frozenset((*lock.overrides, *lock.restated))
    brought = evidence.brought
    todo = list(_asked(view, selected, evidence))
    extras: dict[str, frozenset[str]] = {}
    told = set()
    while todo:
        name, more = todo.pop()
        active = extras.get(name, frozenset()) | more
        package, distribution = wanted.get(name), installed.get(name)
        if name in extras and active == extras[name]:
            continue
        extras[name] = active
        if package is None or distribution is None or not _speaks(package, name, lock.restated):
            continue
        if distribution.path in brought or not same(package.version or "", distribution.version or ""):
            continue
        for needed in _needed(distribution.requires, active, environment):
            target = normalize(needed.name)
            todo.append((target, frozenset(map(normalize, needed.extras))))
            other = wanted.get(target)
            # What is not locked may still be here, in whatever version.
            met = _met(needed, other) if other is not None else target in installed
            if not met and target not in replaced and (name, target) not in told:
                told.add((name, target))
                text = f"{needed.name}{needed.specifier}"
                version = other.version if other is not None else None
                yield Unmet(by=package, text=text, name=target, target=other, version=version)


def _asked(view: LockView, selected: Selected, evidence: Evidence) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield every selected package, and those that the project asks for with the extras that it wants of them."""
    for package in selected.packages:
        yield package.name, frozenset()
    environment = evidence.environment.markers
    chosen = evidence.selection.extras if evidence.selection is not None else ()
    for project in roots(view.lock):
        edges: list[Edge] = list(project.dependencies)
        for tables, names in ((project.extras, map(normalize, chosen)), (project.groups, selected.groups)):
            edges += (edge for name in names for edge in tables.get(name, ()))
        for edge in edges:
            if edge.extras and (edge.marker is None or _holds(edge.marker, frozenset(), environment)):
                yield edge.name, frozenset(map(normalize, edge.extras))


def _speaks(package: LockedPackage, name: str, restated: tuple[str, ...]) -> bool:
    """Return whether what is installed of *package* says what its locked version needs."""
    kind = package.source.kind
    return package.version is not None and kind not in (*LOCAL, SourceKind.CONDA) and name not in restated


def _needed(
    requires: tuple[str, ...], extras: frozenset[str], environment: Mapping[str, str]
) -> Iterator[pep508.Requirement]:
    """Yield those of *requires* that hold in *environment* with *extras*."""
    for line in requires:
        only = _FOR_AN_EXTRA.search(line)
        if only is not None and normalize(only[1]) not in extras:
            continue
        try:
            requirement = pep508.parse(line)
        except (ValueError, RecursionError):
            continue
        if requirement.marker is None or _holds(requirement.marker, extras, environment):
            yield requirement


def _holds(marker: str, extras: frozenset[str], environment: Mapping[str, str]) -> bool:
    try:
        return parse(marker).holds(environment, extras)
    except MarkerError:
        return False


def _met(needed: pep508.Requirement, package: LockedPackage) -> bool:
    # What does not come from an index was chosen by its source, whatever its version says.
    if package.version is None or package.source.kind is not SourceKind.REGISTRY:
        return True
    try:
        return pep440.contains(needed.specifier, package.version)
    except ValueError:
        return True
