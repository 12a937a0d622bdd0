"""What only a ``uv.lock`` can contradict itself in: what a member declares, and the dependencies that are locked for it."""

from __future__ import annotations

from ...names import normalize
from ..edges import both, possible
from ..parts import inconsistency, roots
from .declared import declarations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Inconsistency, Lock, LockedPackage
    from .declared import Declaration


def inconsistencies(lock: Lock) -> Iterator[Inconsistency]:
    """Yield what a package of *lock* declares and no dependency leads to, and the dependencies that it does not declare.

    uv compares what members declare with their manifests, never with the dependencies that it locked for them.
    """
    # An override that never holds takes a dependency away, as an exclusion does.
    taken = {*(lock.overrides or ()), *_excluded(lock)}
    members = {id(package) for package in roots(lock)}
    for package in lock.packages:
        every = tuple(declarations(package, every=True))
        asked = {edge.name for item in every for _, edge in item.asked}
        for item in every if id(package) in members else declarations(package):
            yield from _unfollowed(lock, package, item, taken)
            yield from _undeclared(package, item, asked)


def _unfollowed(lock: Lock, package: LockedPackage, item: Declaration, taken: set[str]) -> Iterator[Inconsistency]:
    followed = {edge.name for edge in item.locked}
    for keys, edge in item.asked:
        if edge.name in followed or edge.name in taken or edge.name == package.name:
            continue
        # A marker that names several extras belongs to none of them.
        if "extra" in (edge.marker or "") and item.place[0] == package.parts.dependencies:
            continue
        from ..coverage import covered

        if possible(both(covered(lock), edge.marker)):
            yield inconsistency(
                package,
                "edge",
                f"{package.name} declares {edge.name}, and none of its {_named(item)} leads there",
                keys=keys,
                expected=f"a dependency on {edge.name}",
                found="none",
            )


def _undeclared(package: LockedPackage, item: Declaration, asked: set[str]) -> Iterator[Inconsistency]:
    own = {edge.name for _, edge in item.asked}
    # What a package requires of itself, one of its extras, is locked as if it had been declared here.
    allowed = asked if package.name in own or item.place[0] != package.parts.groups else own
    for number, edge in enumerate(item.locked):
        if edge.name not in allowed:
            yield inconsistency(
                package,
                "edge",
                f"{package.name} depends on {edge.name} in the lock, and does not declare it",
                keys=(*package.route, *item.place, number),
                expected="a dependency that is declared",
                found=edge.name,
            )


def _named(item: Declaration) -> str:
    return "dependencies" if len(item.place) == 1 else f"{item.place[0]}.{item.place[1]}"


def _excluded(lock: Lock) -> Iterator[str]:
    names = lock.manifest.get("excludes", [])
    return (normalize(name) for name in (names if isinstance(names, list) else ()) if isinstance(name, str))
