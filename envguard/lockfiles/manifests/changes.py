"""What a manifest asks for that a ``poetry.lock`` does not have any more, requirement by requirement."""

from __future__ import annotations

from ..edges import both, left_over, named, possible
from ..model import Reason
from ..unmet import unmet
from ..uv import reasons
from ..uv.ranges import bounds
from .constraints import python_marker, specifier

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Edge, Lock, LockedPackage
    from .model import Manifest
    from .requirements import Requirement

# What poetry and pdm call the project's own requirements.
_OWN = ("main", "default")


def changes(lock: Lock, manifest: Manifest) -> Iterator[Reason]:
    """Yield what *lock* does not satisfy of *manifest*, and what it has that nothing in *manifest* leads to."""
    yield from _python(lock, manifest)
    yield from _extras(lock, manifest)
    yield from unsatisfied(lock, manifest)
    yield from _left_over(lock, manifest)


def unsatisfied(lock: Lock, manifest: Manifest) -> Iterator[Reason]:
    """Yield each requirement of *manifest* that *lock* does not satisfy, by a version or by a source, or that it lacks."""
    for group, item, entries, direct in _asked(lock, manifest):
        yield from _unmet(manifest, group, item, entries, direct)


def lacking(lock: Lock, manifest: Manifest) -> Iterator[Reason]:
    """Yield each requirement of *manifest* on something from an index for which *lock* has no entry."""
    for group, item, entries, direct in _asked(lock, manifest):
        if not entries and not direct:
            yield from _unmet(manifest, group, item, entries, direct)


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


def _asked(lock: Lock, manifest: Manifest) -> Iterator[tuple[str, Requirement, list[LockedPackage], bool]]:
    """Yield each requirement with its group, the entries that *lock* has for it, and whether it is to come from a source."""
    locked = _locked(lock)
    for group, declared in manifest.groups.items():
        direct = {item.name for item in declared.requirements if item.direct is not None}
        for item in declared.requirements:
            # The project itself, with one of its extras, is in no lock.
            if item.name != manifest.name:
                entries = [package for package in locked.get(item.name, ()) if _in_group(package, group)]
                yield group, item, entries, item.name in direct


def _locked(lock: Lock) -> dict[str, list[LockedPackage]]:
    return named(package for package in lock.packages if package.path is None)


def _unmet(
    manifest: Manifest, group: str, item: Requirement, entries: list[LockedPackage], direct: bool
) -> Iterator[Reason]:
    if not entries and not possible(both(python_marker(manifest.python), item.marker)):
        return
    whose = "the project" if group in _OWN else f"the group '{group}'"
    what = f"the requirement of {whose} on {item.name}"
    reason = unmet(item, entries, what=what, path=manifest.path, direct=direct)
    if reason is not None:
        yield reason


def _in_group(package: LockedPackage, group: str) -> bool:
    """Return whether *package* is locked for *group*; some locks do not say."""
    return not package.when or any(when.group in (None, group) for when in package.when)


def _left_over(lock: Lock, manifest: Manifest) -> Iterator[Reason]:
    """Yield the packages that no requirement leads to any more, those alone that nothing else left over leads to.

    None where the lock does not say what an extra leads to that somebody asks for: that could be any of them.
    """
    locked = _locked(lock)
    asked = [(item.name, item.extras) for group in manifest.groups.values() for item in group.requirements]
    asked += [(edge.name, edge.extras) for entries in locked.values() for edge in _edges(entries)]
    known = {name: {extra for package in entries for extra in package.extras} for name, entries in locked.items()}
    if any(name in known and not known[name].issuperset(extras) for name, extras in asked):
        return
    for name in left_over(locked, (item.name for group in manifest.groups.values() for item in group.requirements)):
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
