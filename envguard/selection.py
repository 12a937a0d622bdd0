"""Which extras and groups an environment was made with, told from what is in it.

An environment does not remember its selection; ``init`` and ``record`` guess it once, and the record keeps it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .lockfiles.model import Selected, SourceKind
from .lockfiles.select import select
from .model import Selection
from .rules.versions import same

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .lockfiles.model import Lock, LockedPackage

    Entry = tuple[str, int]


def infer_selection(lock: Lock, installed: Mapping[str, str | None], environment: Mapping[str, str]) -> Selection:
    """Return the smallest selection that explains what is *installed* (name to version), for the root of *lock*.

    An extra or a group is chosen if it adds packages to what is chosen already and all of them are installed in the
    locked version; the one that adds most is tried first. The default groups are chosen unless one of their packages is
    not there. *environment* holds the values of the markers.
    """

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
    if more is not None and _present(more, here, installed):
        chosen, here = with_default, more
    candidates = []
    for candidate in _candidates(lock):
        reached = packages(_join(chosen, candidate))
        if reached is not None and _present(reached, here, installed):
            candidates.append((-len(reached), candidate.extras, candidate.groups, candidate))
    for *_, candidate in sorted(candidates, key=lambda item: item[:3]):
        joined = _join(chosen, candidate)
        reached = packages(joined)
        # Joined with others it may conflict with them, or add nothing that they have not added.
        if reached is not None and reached.keys() > here.keys() and _present(reached, here, installed):
            chosen, here = joined, reached
    return chosen.canonical()


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


def _present(
    wanted: Mapping[Entry, LockedPackage], already: Mapping[Entry, LockedPackage], installed: Mapping[str, str | None]
) -> bool:
    """Return whether everything that *wanted* has beyond *already* is installed in its locked version."""
    for entry, package in wanted.items():
        if entry in already:
            continue
        version = installed.get(package.name)
        if version is None or (package.version is not None and not same(package.version, version)):
            return False
    return True
