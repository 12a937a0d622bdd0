"""What a ``uv.lock`` says was asked for, beside its dependencies: those have no version ranges, its recorded inputs have.

Members record what their manifests declare (``requires-dist``, ``requires-dev``); ``[manifest]`` what a script or a root
without ``[project]`` requires, and what constraints allow.
"""

from __future__ import annotations

from ...names import normalize
from ...values import dataclass
from ..markers import MarkerError
from ..model import Declared, Edge
from .equivalence import extra_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ..model import Lock, LockedPackage

    Keys = tuple[str | int, ...]
    Placed = tuple[Keys, Edge]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """One list of dependencies of a package: what was declared for it, with its routes, and what is locked of it.

    *place* is the route to the locked list inside of the package's entry.
    """

    asked: tuple[Placed, ...]
    locked: tuple[Edge, ...]
    place: Keys


def declared(lock: Lock) -> Iterator[Declared]:
    """Yield everything that *lock* records as asked for."""
    for package in lock.packages:
        for item in declarations(package):
            for keys, edge in item.asked:
                yield Declared(edge=edge, by=f"{package.name} requires", keys=keys, package=package)
    for key in ("requirements", "dependency-groups"):
        for keys, edge in listed(lock.manifest, key, ("manifest",)):
            yield Declared(edge=edge, by="the project requires", keys=keys, root=True)
    for keys, edge in listed(lock.manifest, "constraints", ("manifest",)):
        yield Declared(edge=edge, by="a constraint allows", keys=keys)


def declarations(package: LockedPackage, *, every: bool = False) -> Iterator[Declaration]:
    """Yield the dependencies of *package*, then those of its extras and groups; nothing where it declares nothing.

    Of a package that is no member those extras and groups alone are locked that somebody asks for; *every* yields the others,
    too, with nothing locked.
    """
    if package.metadata is None:
        return
    place = (*package.route, "metadata")
    dist: dict[str | None, list[Placed]] = {}
    for keys, edge in listed(package.metadata, "requires-dist", place):
        try:
            dist.setdefault(extra_of(edge.marker), []).append((keys, edge))
        except MarkerError:
            # Its own reader says what is wrong with it.
            continue
    dev: dict[str, list[Placed]] = {}
    for keys, edge in listed(package.metadata, "requires-dev", place):
        dev.setdefault(str(keys[-2]), []).append((keys, edge))
    parts = package.parts
    yield Declaration(
        asked=tuple(dist.pop(None, ())), locked=package.dependencies, place=(parts.dependencies or "dependencies",)
    )
    for key, asked, tables in ((parts.extras, dist, package.extras), (parts.groups, dev, package.groups)):
        for name in dict.fromkeys((*tables, *(filter(None, asked) if every else ()))):
            yield Declaration(asked=tuple(asked.get(name, ())), locked=tables.get(name, ()), place=(key or "", name))


def overrides(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names that ``[manifest]`` of a lock, *manifest*, overrides or takes out."""
    excludes = manifest.get("excludes", [])
    names = [normalize(name) for name in excludes if isinstance(name, str)] if isinstance(excludes, list) else []
    return (*(edge.name for _, edge in listed(manifest, "overrides", ())), *names)


def restated(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the packages whose metadata ``[manifest]`` of a lock, *manifest*, replaces."""
    tables = manifest.get("dependency-metadata", [])
    names = [table.get("name") for table in tables if isinstance(table, dict)] if isinstance(tables, list) else []
    return tuple(normalize(name) for name in names if isinstance(name, str))


def listed(table: Mapping[str, Any], key: str, place: Keys) -> Iterator[Placed]:
    """Yield the requirements in the list *key*, or in each list of the table *key*; what is none is left to others."""
    value = table.get(key, [])
    lists = value.items() if isinstance(value, dict) else [(None, value)]
    for name, items in lists:
        keys = (*place, key, *(() if name is None else (name,)))
        for number, item in enumerate(items if isinstance(items, list) else ()):
            if not isinstance(item, dict) or not isinstance(item.get("name"), str):
                continue
            specifier, marker = item.get("specifier"), item.get("marker")
            yield (
                (*keys, number),
                Edge(
                    name=normalize(item["name"]),
                    specifier=specifier if isinstance(specifier, str) else None,
                    marker=marker if isinstance(marker, str) else None,
                ),
            )
