"""What a manifest asks for, group by group."""

from __future__ import annotations

from ...values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .requirements import Requirement


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group: whether it has to be asked for, and its requirements with those of the groups that it includes."""

    optional: bool
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A manifest as a tool takes it, such as a ``pyproject.toml`` for poetry. *data* is the document; *name* is normalised.

    *version* is None where the project has none or only a plugin knows it; *package* is whether the project itself is
    installed; *keys* is where it is declared; *python* is the range of Python in poetry's words, at *python_keys*. *groups* are by normalised name, ``main``
    among them; *extras* map a normalised name to the names of what it adds.
    """

    path: str
    data: Mapping[str, Any]
    name: str | None
    version: str | None
    package: bool
    keys: tuple[str | int, ...]
    python: str
    python_keys: tuple[str | int, ...]
    groups: Mapping[str, Group]
    extras: Mapping[str, tuple[str, ...]]
