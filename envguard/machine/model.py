"""What was observed of a machine, as values."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from ..values import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..model import Fact


class Conflict(enum.StrEnum):
    """What two sources disagree about: who wrote a file, which copy is found first, what something was built for."""

    FILE = "file"
    SHADOW = "shadow"
    BUILD = "build"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """Two sources that say different things of one *library*.

    *message* is a sentence, *wheels* the names of the distributions that it is about, *loaded* is true where this process proves it.
    """

    kind: Conflict
    library: str
    message: str
    expected: str
    found: str
    wheels: tuple[str, ...] = ()
    loaded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """The facts of a machine, by dotted key, and where its sources disagree."""

    facts: Mapping[str, Fact]
    disagreements: tuple[Disagreement, ...] = field(default=())
