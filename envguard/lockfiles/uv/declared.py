"""What a ``uv.lock`` says was asked for, beside its dependencies: those have no version ranges, its recorded inputs have.

Members record what their manifests declare (``requires-dist``, ``requires-dev``); ``[manifest]`` what a script or a root
without ``[project]`` requires, and what constraints allow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...names import normalize
from ..model import Declared, Edge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..model import Lock

    Keys = tuple[str | int, ...]

_BY_MANIFEST = "the project requires"


def declared(lock: Lock) -> Iterator[Declared]:
    """Yield everything that *lock* records as asked for."""
    for package in lock.packages:
        for key in ("requires-dist", "requires-dev"):
            for keys, edge in _listed(package.metadata or {}, key, (*package.route, "metadata")):
                yield Declared(edge=edge, by=f"{package.name} requires", keys=keys)
    for key in ("requirements", "dependency-groups"):
        for keys, edge in _listed(lock.manifest, key, ("manifest",)):
            yield Declared(edge=edge, by=_BY_MANIFEST, keys=keys, root=True)
    for keys, edge in _listed(lock.manifest, "constraints", ("manifest",)):
        yield Declared(edge=edge, by="a constraint allows", keys=keys)


def overrides(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names that ``[manifest]`` of a lock, *manifest*, overrides."""
    return tuple(edge.name for _, edge in _listed(manifest, "overrides", ()))


def _listed(table: Mapping[str, Any], key: str, place: Keys) -> Iterator[tuple[Keys, Edge]]:
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
