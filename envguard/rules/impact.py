"""Whether a difference in a package can change numbers, as far as its name tells."""

from __future__ import annotations

import functools
import importlib.resources
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ..errors import ConfigError
from ..model import Impact
from ..names import normalize
from ..toml import parse_toml

if TYPE_CHECKING:
    from collections.abc import Iterable


@functools.cache
def _numeric() -> tuple[str, ...]:
    data = importlib.resources.files(__package__).joinpath("roles.toml")
    return tuple(parse_toml(data.read_text(encoding="utf-8"), str(data), ConfigError)["numeric"])


def impact_of(name: str, more: Iterable[str] = ()) -> Impact:
    """Return the impact of a difference in the package *name*; *more* are further patterns of numeric packages."""
    if any(fnmatchcase(name, pattern) for pattern in (*_numeric(), *map(normalize, more))):
        return Impact.NUMBERS
    return Impact.BEHAVIOUR
