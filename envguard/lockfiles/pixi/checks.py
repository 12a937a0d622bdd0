"""What only a ``pixi.lock`` can contradict itself in: the list of an environment, and packages that none lists."""

from __future__ import annotations

from ..conda.cells import cell_inconsistencies
from ..parts import inconsistency, version_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Inconsistency, Lock


def inconsistencies(lock: Lock) -> Iterator[Inconsistency]:
    """Yield what an environment of *lock* lists twice or not at all, and the packages that no environment lists."""
    yield from cell_inconsistencies(lock, exclusive=True)
    for package in lock.unlisted:
        yield inconsistency(
            package,
            "orphan",
            f"{package.name} {version_words(package)} is in the lock, and no environment lists it",
            expected="an environment that lists it",
            found="none",
        )
