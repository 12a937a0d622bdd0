"""What a dependency in a lock leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .model import Edge, LockedPackage


def candidates_of(edge: Edge, by_name: Mapping[str, list[LockedPackage]]) -> list[LockedPackage]:
    """Return the packages that *edge* can mean: those of its name, version and source."""
    return [
        package
        for package in by_name.get(edge.name, ())
        if edge.version in (None, package.version) and edge.source in (None, package.source)
    ]
