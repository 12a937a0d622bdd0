"""What a manifest asks for that a ``poetry.lock`` does not have any more, requirement by requirement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..edges import both, named, possible
from ..model import Reason
from ..unmet import unmet
from ..uv import reasons
from ..uv.ranges import bounds
from .constraints import python_marker, specifier
from .tables import MAIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..model import Edge, Lock, LockedPackage
    from .manifest import Manifest
    from .requirements import Requirement

# What poetry and pdm call the project's own requirements.
_OWN = (MAIN, "default")


def changes(lock: Lock, manifest: Manifest) -> Iterator[Reason]:
    """Yield what *lock* does not satisfy of *manifest*, and what it has that nothing in *manifest* leads to."""
    yield from _python(lock, manifest)
    yield from _extras(lock, manifest)
    locked = named(package for package in lock.packages if package.path is None)
    for group, declared in manifest.groups.items():
        direct = {item.name for item in declared.requirements if item.direct is not None}
        for item in declared.requirements:
            yield from _requirement(manifest, group, item, locked, item.name in direct)
    yield from _left_over(lock, manifest, locked)


def _python(lock: Lock, manifest: Manifest) -> Iterator[Reason]:
    before = lock.manifest.get("python-versions")
    if not isinstance(before, str) or before == manifest.python:
        return
    now_range, old_range = specifier(manifest.python), specifier(before)
    if now_range is not None and old_range is not None and bounds(now_range) == bounds(old_range):
        return
    keys = manifest.python_keys
    yield reasons.value("the range of Python", "python", manifest.path, keys, manifest.python, before)


def _extras(lock: Lock, manifest: Manifest) -> Iterator[Reason]:
    place = ("project", "optional-dependencies") if manifest.keys == ("project",) else ("tool", "poetry", "extras")
    for name in sorted(set(manifest.extras) ^ set(lock.extras)):
        declared = name in manifest.extras
        yield reasons.name(f"the extra '{name}'", name, manifest.path, place, declared=declared)


def _requirement(
    manifest: Manifest,
    group: str,
    item: Requirement,
    locked: Mapping[str, list[LockedPackage]],
    direct: bool,
) -> Iterator[Reason]:
    """Yield the reason that *lock* does not have what *item* asks for; *direct* is whether it is to come from a source."""
    if item.name == manifest.name:
        # The project itself, with one of its extras: it is in no lock.
        return
    whose = "the project" if group in _OWN else f"the group '{group}'"
    entries = [package for package in locked.get(item.name, ()) if _in_group(package, group)]
    if not entries and not possible(both(python_marker(manifest.python), item.marker)):
        return
    what = f"the requirement of {whose} on {item.name}"
    reason = unmet(item, entries, what=what, path=manifest.path, direct=direct)
    if reason is not None:
        yield reason


def _in_group(package: LockedPackage, group: str) -> bool:
    """Return whether *package* is locked for *group*; some locks do not say."""
    return not package.when or any(when.group in (None, group) for when in package.when)


def _left_over(lock: Lock, manifest: Manifest, locked: Mapping[str, list[LockedPackage]]) -> Iterator[Reason]:
    """Yield the packages that no requirement leads to any more, those alone that nothing else left over leads to.

    None where the lock does not say what an extra leads to that somebody asks for: that could be any of them.
    """
    asked = [(item.name, item.extras) for group in manifest.groups.values() for item in group.requirements]
    asked += [(edge.name, edge.extras) for entries in locked.values() for edge in _edges(entries)]
    known = {name: {extra for package in entries for extra in package.extras} for name, entries in locked.items()}
    if any(name in known and not known[name].issuperset(extras) for name, extras in asked):
        return
    queue = [item.name for group in manifest.groups.values() for item in group.requirements]
    reached: set[str] = set()
    leads = {name: {edge.name for edge in _edges(entries)} for name, entries in locked.items()}
    while queue:
        name = queue.pop()
        if name not in reached:
            reached.add(name)
            queue += leads.get(name, ())
    rest = locked.keys() - reached
    below = {target for name in rest for target in leads[name] if target != name}
    for name in sorted(rest - below):
        package = locked[name][0]
        yield Reason(
            subject=name,
            message=f"{name} {package.version} {reasons.REMOVED}",
            path=lock.path,
            keys=package.route,
            expected="no requirement",
            found=f"{name} {package.version}",
        )


def _edges(entries: list[LockedPackage]) -> Iterator[Edge]:
    for package in entries:
        yield from package.dependencies
        for edges in package.extras.values():
            yield from edges
