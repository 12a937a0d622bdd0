"""The conflicts that a workspace declares between extras and groups, as uv records them in ``uv.lock``."""

from __future__ import annotations

from ...names import normalize
from ...toml import kind
from . import reasons

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..manifests.section import Section
    from ..model import Lock, Reason
    from .manifest import Manifest
    from .workspace import Workspace

Side = tuple[str, str | None, str | None]
Conflict = frozenset[Side]


def conflict_reasons(lock: Lock, workspace: Workspace) -> Iterator[Reason]:
    """Yield the reason that the conflicts of the workspace are not those of the lock, where it is so.

    uv compares the declared ones in their order; those that it infers from includes of groups have none.
    """
    before = [frozenset((item.package, item.extra, item.group) for item in items) for items in lock.conflicts]
    now = _declared(workspace)
    inferred = _inferred(now, workspace.root)
    if now != before[: len(now)] or inferred != set(before[len(now) :]):
        every = [*now, *sorted(inferred, key=_words)]
        yield reasons.setting(
            workspace.root.uv, "conflicts", *("; ".join(map(_words, sets)) for sets in (every, before))
        )


def _declared(workspace: Workspace) -> list[Conflict]:
    found = []
    if workspace.root.name is None:
        found += _of(workspace.root)
    for name in sorted(workspace.members):
        found += _of(workspace.members[name])
    return found


def _of(manifest: Manifest) -> list[Conflict]:
    found = []
    for number, items in enumerate(manifest.uv.get("conflicts", list) or []):
        if not isinstance(items, list):
            raise manifest.uv.error("conflicts", f"expected a list, found {kind(items)}", number)
        place = (*manifest.uv.keys, "conflicts", number)
        sides = [type(manifest.uv)(manifest.path, (*place, at), item) for at, item in enumerate(items)]
        found.append(frozenset(_side(side, manifest.name) for side in sides))
    return found


def _side(side: Section, project: str | None) -> Side:
    package = side.text("package")
    if package is None and project is None:
        raise side.error("package", "the package of the conflict is missing")
    extra, group = side.text("extra"), side.text("group")
    return (
        normalize(package) if package is not None else str(project),
        normalize(extra) if extra is not None else None,
        normalize(group) if group is not None else None,
    )


def _inferred(declared: list[Conflict], root: Manifest) -> set[Conflict]:
    """Return the conflicts of groups that include a group of a declared conflict."""
    if root.name is None:
        return set()
    including = _including(root)
    known, queue = set(declared), list(declared)
    while queue:
        conflict = queue.pop()
        for side in conflict:
            for group in including.get(side[2], ()) if side[2] is not None else ():
                more = (conflict - {side}) | {(root.name, None, group)}
                if len(more) > 1 and more not in known:
                    known.add(more)
                    queue.append(more)
    return known - set(declared)


def _including(manifest: Manifest) -> Mapping[str | None, set[str]]:
    """Return by group the groups that include it, directly."""
    found: dict[str | None, set[str]] = {}
    for written in manifest.groups.value:
        for item in manifest.groups.get(written, list) or []:
            if isinstance(item, dict) and isinstance(item.get("include-group"), str):
                found.setdefault(normalize(item["include-group"]), set()).add(normalize(written))
    return found


def _words(conflict: Conflict) -> str:
    def word(side: Side) -> str:
        package, extra, group = side
        return f"{package}[{extra}]" if extra else f"{package}:{group}" if group else package

    return " against ".join(sorted(map(word, conflict)))
