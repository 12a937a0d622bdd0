"""What a ``uv.lock`` records of ``[tool.uv]`` for the whole resolution: constraints, overrides, metadata, environments."""

from __future__ import annotations

from ...names import normalize
from ..markers import MarkerError, parse
from ..model import Reason
from . import reasons
from .comparison import differences
from .equivalence import grid, same
from .requirements import UndecidableError, recorded
from .static_metadata import metadata_reasons
from .tables import LockTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...getters import Table
    from ..manifests.section import Section
    from ..model import Lock
    from .ranges import Bounds
    from .requirements import Requirement
    from .sources import Sources
    from .static_metadata import Scope
    from .workspace import Workspace

_LISTS = {
    "constraint-dependencies": "constraints",
    "override-dependencies": "overrides",
    "build-constraint-dependencies": "build-constraints",
}
_EXCLUDES = "exclude-dependencies"
_EVERYWHERE: Scope = ("", "")


def input_reasons(
    lock: Lock, workspace: Workspace, settings: Section, sources: Sources, inside: Bounds
) -> Iterator[Reason]:
    """Yield every input of the resolution that the lock does not record as it is now."""
    uv = workspace.root.uv
    names = {package.name for package in lock.packages}
    manifest = LockTable(lock.path, ("manifest",), lock.manifest)
    for key in _LISTS:
        try:
            yield from _requirements(manifest, uv, key, sources, inside, names)
        except UndecidableError as error:
            yield reasons.undecidable(key, error)
        except MarkerError as problem:
            yield reasons.unknown(key, f"'{key}' cannot be compared: {problem}", uv.path, (*uv.keys, key))
    yield from _excludes(manifest, uv, names)
    yield from metadata_reasons(manifest, settings, inside, names)
    yield from _environments(uv, "environments", lock.supported, inside)
    yield from _environments(uv, "required-environments", lock.required, inside)


def _requirements(
    manifest: Table, uv: Section, key: str, sources: Sources, inside: Bounds, names: set[str]
) -> Iterator[Reason]:
    now, before = _declared(uv, key, sources), _recorded(manifest, _LISTS[key], sources.root)
    for scope in sorted(now.keys() | before.keys()):
        for item in differences(now.get(scope, ()), before.get(scope, ()), inside):
            if not item.before and not any(_matters(key, scope, one, inside, names) for one in item.now):
                continue
            place = item.now[0] if item.now else item.before[0]
            within = f" for {' '.join(filter(None, scope))}" if scope != _EVERYWHERE else ""
            yield Reason(
                subject=item.name,
                message=f"the lock was made with another '{key}' on {item.name}{within}",
                path=place.path,
                keys=place.keys,
                expected=", ".join(dict.fromkeys(one.text for one in item.now)) or "none",
                found=", ".join(dict.fromkeys(one.text for one in item.before)) or "none",
            )


def _matters(key: str, scope: Scope, item: Requirement, inside: Bounds, names: set[str]) -> bool:
    """Return whether *item* can change a resolution; uv does not record what cannot."""
    if key == "build-constraint-dependencies":
        return True
    if item.name not in names or (scope != _EVERYWHERE and scope[0] not in names):
        return False
    if item.marker is not None and not grid(frozenset((item.marker,)), inside).truth(item.marker):
        return False
    asks = item.specifier or item.origin.kind != "registry" or item.origin.location
    return bool(asks) or key == "override-dependencies"


def _declared(uv: Section, key: str, sources: Sources) -> dict[Scope, list[Requirement]]:
    found: dict[Scope, list[Requirement]] = {}
    for number, item in enumerate(uv.get(key, list) or []):
        place = (*uv.keys, key, number)
        if isinstance(item, str):
            found.setdefault(_EVERYWHERE, []).extend(sources.declared(item, place))
            continue
        table = type(uv)(uv.path, place, item)
        for text in table.texts("dependencies"):
            found.setdefault(_scope(table), []).extend(sources.declared(text, place))
    return found


def _recorded(manifest: Table, key: str, root: str) -> dict[Scope, list[Requirement]]:
    found: dict[Scope, list[Requirement]] = {}
    for table in manifest.tables(key):
        if "package" in table.value:
            found.setdefault(_scope(table), []).extend(recorded(table.tables("dependencies"), root))
        else:
            found.setdefault(_EVERYWHERE, []).extend(recorded([table], root))
    return found


def _scope(table: Table) -> Scope:
    """Return the package, and the version of it if one is given, to which an entry is confined."""
    if set(table.value) != {"package", "dependencies"}:
        raise UndecidableError("this kind of entry is not read here", table.path, table.keys)
    package = table.table("package")
    return normalize(package.required("name")), package.text("version") or ""


def _excludes(manifest: Table, uv: Section, names: set[str]) -> Iterator[Reason]:
    now, before = _excluded(uv, _EXCLUDES), _excluded(manifest, "excludes")
    news = {name for name in now - before if name[1] in names and name[0][0] in {"", *names}}
    if news or before - now:
        yield reasons.setting(uv, _EXCLUDES, *(", ".join(sorted(name for _, name in side)) for side in (now, before)))


def _excluded(table: Table, key: str) -> set[tuple[Scope, str]]:
    found = set()
    for number, item in enumerate(table.get(key, list) or []):
        if isinstance(item, str):
            found.add((_EVERYWHERE, normalize(item)))
        else:
            entry = type(table)(table.path, (*table.keys, key, number), item)
            package = entry.table("package")
            scope = (normalize(package.required("name")), package.text("version") or "")
            found |= {(scope, normalize(name)) for name in entry.texts("dependencies")}
    return found


def _environments(uv: Section, key: str, before: tuple[str, ...], inside: Bounds) -> Iterator[Reason]:
    value = uv.value.get(key)
    now = (value,) if isinstance(value, str) else uv.texts(key)
    expected, found = " | ".join(now), " | ".join(before)
    try:
        for text in now:
            parse(text)
        if len(now) != len(before) or not same(now, before, inside):
            yield reasons.setting(uv, key, expected, found)
    except MarkerError as error:
        raise uv.error(key, f"a marker cannot be used: {error}") from None
