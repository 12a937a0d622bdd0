"""What ``enforce()`` settles with the other ranks of its job. Imported only where there are others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..agreed import settle
from ..determinism.streams import SCHEME
from .said import say_passed

if TYPE_CHECKING:
    from ..ranks.party import Party
    from .attempt import Attempt


def together(attempt: Attempt, others: Party, answer: dict[str, Any]) -> None:
    """Bring into *attempt* the root of all streams that the ranks settle on, and what a receipt says of it; *answer* is this one's check.

    The root of *attempt* is the one that this rank would take. The errors are those of ``settle``.
    """
    settled = settle(
        others,
        answer,
        strict=attempt.strict,
        seed=attempt.seed,
        scheme=f"{SCHEME} {attempt.seeds}",
        # Asked when torch is loaded, over which the ranks may talk: it is then that most switches are set.
        switches=attempt.switches.shared,
        fresh=attempt.root,
        shard=attempt.shard,
    )
    if settled is None:
        return
    answer["overridden"] += settled.overridden
    if settled.text:
        say_passed(settled.text)
    drawn = settled.agreement.root
    if attempt.seed is None and drawn is not None:
        attempt.root = drawn
    attempt.settled = settled.facts()
