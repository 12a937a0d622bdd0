"""Where a lock that was exported contradicts the manifest of its project, in what it has of it."""

from __future__ import annotations

from ...names import normalize
from ...patterns import late
from ..edges import both, named, possible
from ..manifests.constraints import python_marker, specifier
from ..manifests.section import NAME, Section
from ..unmet import unmet
from ..uv import reasons
from ..uv.ranges import bounds
from .selections import POETRY, UV, chosen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..manifests.model import Manifest
    from ..manifests.requirements import Requirement
    from ..model import Lock, Reason
    from .selections import Chosen

_REPLACING = ("override-dependencies", "exclude-dependencies")
_NAME = late(r"\s*[A-Za-z0-9._-]+")
# What pdm and poetry call the project's own requirements.
_OWN = ("default", "main")


UNRECORDED = (
    f"contradicts nothing in {NAME}, and records none of the inputs that it was resolved from: "
    "what else changed cannot be told"
)


def contradictions(lock: Lock, manifest: Manifest) -> Iterator[Reason]:
    """Yield what *manifest* asks for and *lock* does not have, or has otherwise."""
    yield from _python(lock, manifest)
    yield from unsatisfied(lock, manifest, chosen(lock, Section(manifest.path, (), manifest.data)))


def unsatisfied(lock: Lock, manifest: Manifest, found: Chosen | None) -> Iterator[Reason]:
    """Yield the requirements among *found* that *lock* does not satisfy; None where nobody knows what it was made for."""
    locked = named(lock.packages)
    for group, item in asked(manifest, found):
        entries = locked.get(item.name, ())
        if not entries and not _must_be_there(item, manifest, found):
            continue
        whose = "the project" if group in _OWN else f"the group '{group}'"
        reason = unmet(item, entries, what=f"the requirement of {whose} on {item.name}", path=manifest.path)
        if reason is not None:
            yield reason


def asked(manifest: Manifest, found: Chosen | None) -> Iterator[tuple[str, Requirement]]:
    """Yield the requirements of *manifest* that are among *found*, each with its group; those of the project where nobody knows."""
    replaced = _replaced(Section(manifest.path, (), manifest.data))
    for group, declared in manifest.groups.items():
        for item in declared.requirements:
            if _concerns(manifest, group, item, found) and item.name not in (manifest.name, *replaced):
                yield group, item


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
        if found is None:
            return not item.optional
        return found.own and (not item.optional or any(map(found.has_extra, item.in_extras)))
    if found is None:
        return False
    return found.has_extra(group) if group in manifest.extras else group in found.groups


def _replaced(manifest: Section) -> frozenset[str]:
    """Return the names whose requirements ``[tool.uv]`` replaces by others, or leaves out."""
    uv = manifest.table("tool").table("uv").value
    lists = [items for key in _REPLACING if isinstance(items := uv.get(key), list)]
    matches = [_NAME.match(text) for items in lists for text in items if isinstance(text, str)]
    return frozenset(normalize(match[0].strip()) for match in matches if match is not None)


def _must_be_there(item: Requirement, manifest: Manifest, found: Chosen | None) -> bool:
    """Return whether *item* has to be in the lock, wherever it was made."""
    if found is None:
        return False
    marker = item.marker
    return marker is None or (found.everywhere and possible(both(python_marker(manifest.python), marker)))
