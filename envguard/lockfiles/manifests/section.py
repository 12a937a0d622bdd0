"""What every manifest in TOML is read with: its usual name, how much of one is read, and tables whose errors name the place."""

from __future__ import annotations

from ...errors import ConfigError
from ...getters import Table

NAME = "pyproject.toml"
MAX_BYTES = 16 * 1024 * 1024


class Section(Table):
    """A table of a manifest."""

    __slots__ = ()
    raises = ConfigError
    hint = None
