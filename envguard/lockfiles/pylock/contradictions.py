"""Where a ``pylock.toml`` contradicts the manifest beside it, in what it has of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...getters import Table
from ...names import normalize
from ..edges import both, named, possible
from ..poetry.constraints import python_marker, specifier
from ..unmet import unmet
from ..uv import reasons
from ..uv.ranges import bounds
from .selections import chosen
from .tables import POETRY, UV

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ..model import Lock, Reason
    from ..poetry.manifest import Manifest
    from ..poetry.requirements import Requirement
    from .selections import Chosen

_REPLACING = ("override-dependencies", "exclude-dependencies")
_NAME = re.compile(r"\s*[A-Za-z0-9._-]+")
# What pdm and poetry call the project's own requirements.
_OWN = ("default", "main")


def contradictions(lock: Lock, manifest: Manifest) -> Iterator[Reason]:
    """Yield what *manifest* asks for and *lock* does not have, or has otherwise."""
    yield from _python(lock, manifest)
    found = chosen(lock, manifest.data)
    locked = named(lock.packages)
    replaced = _replaced(manifest.data)
    for group, declared in manifest.groups.items():
        for item in declared.requirements:
            if not _concerns(manifest, group, item, found) or item.name in (manifest.name, *replaced):
                continue
            entries = locked.get(item.name, ())
            if not entries and not _must_be_there(item, manifest, found):
                continue
            whose = "the project" if group in _OWN else f"the group '{group}'"
            reason = unmet(item, entries, what=f"the requirement of {whose} on {item.name}", path=manifest.path)
            if reason is not None:
                yield reason


def _python(lock: Lock, manifest: Manifest) -> Iterator[Reason]:
    """Yield the reason that a lock of uv or poetry, which copy the range of Python, is for more than the project is."""
    now = specifier(manifest.python)
    if lock.options["writer"] not in (UV, POETRY) or lock.requires_python is None or not now:
        return
    try:
        wider = bounds(lock.requires_python, now) != bounds(lock.requires_python)
    except ValueError:
        # Whoever selects says what is wrong with it.
        return
    # A narrower one may be that of a workspace.
    if wider:
        what, keys = "the range of Python", manifest.python_keys
        yield reasons.value(what, "python", manifest.path, keys, manifest.python, lock.requires_python)


def _concerns(manifest: Manifest, group: str, item: Requirement, found: Chosen | None) -> bool:
    """Return whether *item*, of the group (or extra) *group*, is among what the lock was made for, as far as is known."""
    if group in _OWN:
        extras = found.extras if found is not None else frozenset[str]()
        return (found is None or found.own) and (not item.optional or not extras.isdisjoint(item.in_extras))
    if found is None:
        return False
    return group in (found.extras if group in manifest.extras else found.groups)


def _replaced(manifest: Mapping[str, Any]) -> frozenset[str]:
    """Return the names whose requirements ``[tool.uv]`` replaces by others, or leaves out."""
    uv = Table("", (), manifest.get("tool", {})).table("uv").value
    lists = [items for key in _REPLACING if isinstance(items := uv.get(key), list)]
    matches = [_NAME.match(text) for items in lists for text in items if isinstance(text, str)]
    return frozenset(normalize(match[0].strip()) for match in matches if match is not None)


def _must_be_there(item: Requirement, manifest: Manifest, found: Chosen | None) -> bool:
    """Return whether *item* has to be in the lock, wherever it was made."""
    if found is None:
        return False
    marker = item.marker
    return marker is None or (found.everywhere and possible(both(python_marker(manifest.python), marker)))
