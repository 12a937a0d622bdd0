"""What only a ``conda-lock.yml`` can contradict itself in: the packages of a platform."""

from __future__ import annotations

from ...values import replace
from ..conda.cells import cell_inconsistencies

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Inconsistency, Lock


def inconsistencies(lock: Lock) -> Iterator[Inconsistency]:
    """Yield what a platform of *lock* lists twice or not at all, and the versions that other packages do not ask for.

    conda-lock writes down what a package asked for when it was built. Channels correct that later (repodata patches), and
    the solver goes by what is corrected.
    """
    for item in cell_inconsistencies(lock, exclusive=False):
        yield replace(item, kind="corrected") if item.kind == "requirement" else item
