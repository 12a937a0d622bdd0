"""What a package is for, and whether a difference in it can change numbers, as far as its name tells."""

from __future__ import annotations

import functools

from ..model import Impact
from ..names import normalize
from ..values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What packages are for. *order* is the place in which a change of one is read, *numbers* whether it can change results."""

    name: str
    title: str
    order: int
    numbers: bool
    packages: tuple[str, ...]


@functools.cache
def roles() -> tuple[Role, ...]:
    """Return the roles in their order; the last one is that of every package that has no other."""
    from ..errors import ConfigError
    from ..toml import parse_toml

    # As pkgutil does it, which takes longer to load than this file to read.
    loader: Any = __spec__.loader
    data: bytes = loader.get_data(f"{__file__.rpartition('impact.py')[0]}roles.toml")
    tables = parse_toml(data.decode(), "roles.toml", ConfigError)["role"]
    return tuple(
        Role(
            name=table["name"],
            title=table["title"],
            order=order,
            numbers=table["numbers"],
            packages=tuple(table["packages"]),
        )
        for order, table in enumerate(tables)
    )


def role_of(name: str, more: Iterable[str] = ()) -> Role:
    """Return the role of the package *name*; *more* are further patterns of numeric packages."""
    every = roles()
    # Names of conda are not normalised.
    name = normalize(name)
    exact, beginnings = _index()
    orders = [order for beginning, order in beginnings if name.startswith(beginning)]
    found = every[min([*orders, exact.get(name, len(every))])]
    return every[0] if not found.numbers and _fits(name, more) else found


def _fits(name: str, patterns: Iterable[str]) -> bool:
    """Return whether *name* is what one of *patterns* means."""
    for pattern in patterns:
        # Few projects have one.
        from fnmatch import fnmatchcase

        if fnmatchcase(name, normalize(pattern)):
            return True
    return False


@functools.cache
def _index() -> tuple[dict[str, int], tuple[tuple[str, int], ...]]:
    """Return the order of the role that each plain name has, and that of what begins with a text."""
    exact: dict[str, int] = {}
    beginnings = []
    for role in roles():
        for pattern in role.packages:
            if pattern.endswith("*"):
                beginnings.append((pattern[:-1], role.order))
            else:
                exact.setdefault(pattern, role.order)
    return exact, tuple(beginnings)


def impact_of(name: str, more: Iterable[str] = ()) -> Impact:
    """Return the impact of a difference in the package *name*; *more* are further patterns of numeric packages."""
    return Impact.NUMBERS if role_of(name, more).numbers else Impact.BEHAVIOUR
