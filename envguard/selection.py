"""Which extras and groups an environment was made with, told from what is in it.

An environment does not remember its selection; ``init`` and ``record`` guess it once, and the record keeps it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .lockfiles.formats import by_name
from .lockfiles.model import Selected, SourceKind
from .lockfiles.select import select
from .model import Selection
from .rules.versions import same
from .values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .lockfiles.model import Lock, LockedPackage

    Entry = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Installed:
    """What is installed: *python* maps names to versions, *conda* to versions with builds (``2.1.0=py312_0``)."""

    python: Mapping[str, str | None]
    conda: Mapping[str, str]

    def has(self, wanted: Mapping[Any, LockedPackage], already: Mapping[Any, LockedPackage]) -> bool:
        """Return whether everything that *wanted* has beyond *already* is installed in its locked version."""
        return all(self._holds(package) for entry, package in wanted.items() if entry not in already)

    def _holds(self, package: LockedPackage) -> bool:
        if package.conda is not None:
            version, _, build = self.conda.get(package.name, "").partition("=")
            return bool(version) and package.version in (None, version) and package.conda.build in (None, build)
        installed = self.python.get(package.name)
        return installed is not None and (package.version is None or same(package.version, installed))


def infer_selection(
    lock: Lock,
    installed: Mapping[str, str | None],
    environment: Mapping[str, str],
    conda: Mapping[str, str] | None = None,
) -> Selection:
    """Return the smallest selection that explains what is *installed* (name to version), for the root of *lock*.

    *conda* are the packages that conda installed (name to ``version=build``).

    An extra or a group is chosen if it adds packages to what is chosen already and all of them are installed in the
    locked version; the one that adds most is tried first. The default groups are chosen unless one of their packages is
    not there. *environment* holds the values of the markers.

    Where the groups are environments, it is the one that the environment says it is, else the one of which everything is
    installed (the largest), else what the tool takes unasked.
    """
    there = _Installed(python=installed, conda=conda or {})
    if by_name(lock.format).exclusive:
        return _only(lock, there, environment)

    def packages(selection: Selection) -> Mapping[Entry, LockedPackage] | None:
        selected = select(lock, selection, environment)
        if not isinstance(selected, Selected):
            return None
        return {(package.name, package.index): package for package in selected.packages}

    chosen = Selection(default_groups=False)
    here = packages(chosen)
    if here is None:
        return Selection()
    with_default = Selection(default_groups=True)
    more = packages(with_default)
    if more is not None and there.has(more, here):
        chosen, here = with_default, more
    candidates = []
    for candidate in _candidates(lock):
        reached = packages(_join(chosen, candidate))
        if reached is not None and there.has(reached, here):
            candidates.append((-len(reached), candidate.extras, candidate.groups, candidate))
    for *_, candidate in sorted(candidates, key=lambda item: item[:3]):
        joined = _join(chosen, candidate)
        reached = packages(joined)
        # Joined with others it may conflict with them, or add nothing that they have not added.
        if reached is not None and reached.keys() > here.keys() and there.has(reached, here):
            chosen, here = joined, reached
    return chosen.canonical()


def _only(lock: Lock, there: _Installed, environment: Mapping[str, str]) -> Selection:
    told = environment.get("pixi_environment")
    if told in lock.groups:
        return Selection(groups=(told,), default_groups=False)
    # It may be one of another project.
    untold = {name: value for name, value in environment.items() if name != "pixi_environment"}
    found = []
    for name in lock.groups:
        selection = Selection(groups=(name,), default_groups=False)
        selected = select(lock, selection, untold)
        if isinstance(selected, Selected) and there.has(dict(enumerate(selected.packages)), {}):
            found.append((-len(selected.packages), name not in lock.default_groups, name, selection))
    return min(found)[-1] if found else Selection()


def _candidates(lock: Lock) -> Iterator[Selection]:
    local = (SourceKind.EDITABLE, SourceKind.VIRTUAL, SourceKind.DIRECTORY)
    extras, groups = dict.fromkeys(lock.extras), dict.fromkeys(lock.groups)
    for package in lock.packages:
        if package.source.kind in local and package.source.location == ".":
            extras.update(dict.fromkeys(package.extras))
            groups.update(dict.fromkeys(package.groups))
    yield from (Selection(extras=(extra,)) for extra in extras)
    yield from (Selection(groups=(group,)) for group in groups)


def _join(first: Selection, second: Selection) -> Selection:
    return Selection(
        extras=first.extras + second.extras, groups=first.groups + second.groups, default_groups=first.default_groups
    )
