"""What a manifest asks for that is no dependency of its project in the lock: what no extra takes in, and what is not there.

Tools that do not list the project in their locks (poetry, pdm) decide by a hash of its manifest whether a lock is fresh, so
that they do not see it where an entry was deleted.
"""

from __future__ import annotations

from ...names import normalize
from ..edges import both, possible
from ..parts import roots
from .constraints import python_marker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ..model import Lock, LockedPackage
    from .model import Manifest
    from .requirements import Requirement

OPTIONAL, MISSING = "optional", "missing"


def besides(
    manifest: Manifest,
    known: Mapping[str, list[LockedPackage]],
    python: str | None,
    groups: Mapping[str, str | None],
    never: frozenset[str] = frozenset(),
    *,
    own: bool = False,
) -> dict[str, list[dict[str, Any]]]:
    """Return what *manifest* asks for besides the dependencies of its project, as plain values for the entry of the project.

    *known* are the locked packages by name, *python* is the marker of the versions of Python that the lock is for; *groups* maps
    the locked groups to what a condition of a package calls them; *never* are names that the tool writes into no lock. *own* leaves
    out what groups only take in from others: pdm follows extras that take in extras not as far as one could.
    """
    inside = both(python, python_marker(manifest.python))
    found: dict[str, list[dict[str, Any]]] = {OPTIONAL: [], MISSING: []}
    for group, called in groups.items():
        for item in manifest.groups[group].requirements if group in manifest.groups else ():
            if item.optional and not item.in_extras:
                # Nobody can install it, and poetry locks it all the same.
                found[OPTIONAL].append(_plain(item))
            elif item.name not in never and item.name not in ("", manifest.name) and (not own or _own(item, group)):
                entries = known.get(item.name, ())
                if not any(_for_group(package, called) for package in entries) and possible(both(inside, item.marker)):
                    found[MISSING].append(_plain(item))
    return found


def wanted(manifest: Manifest | None) -> frozenset[tuple[str, str]]:
    """Return the extras, each with its package, that *manifest* asks for."""
    groups = manifest.groups.values() if manifest is not None else ()
    return frozenset((item.name, extra) for group in groups for item in group.requirements for extra in item.extras)


def said(lock: Lock, what: str) -> Iterator[tuple[LockedPackage, Mapping[str, Any]]]:
    """Yield the requirements of a kind that ``besides`` has told of the project of *lock*."""
    for package in roots(lock):
        for item in (package.metadata or {}).get(what, ()):
            yield package, item


def _plain(item: Requirement) -> dict[str, Any]:
    return {"name": item.name, "text": item.text, "keys": list(item.keys)}


def _own(item: Requirement, group: str) -> bool:
    """Return whether *item* is declared in *group* itself, where its place names the group."""
    places = {normalize(key) for key in item.keys[:-1] if isinstance(key, str)}
    return group in places or "dependencies" in places


def _for_group(package: LockedPackage, group: str | None) -> bool:
    """Return whether *package* is locked for *group*; some locks do not say."""
    return not package.when or any(when.group in (None, group) for when in package.when)
