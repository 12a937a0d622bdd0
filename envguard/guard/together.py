"""What ``enforce()`` settles with the other ranks of its job. Imported only where there are others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..agreed import settle
from ..determinism.streams import SCHEME
from .said import say_passed

if TYPE_CHECKING:
    from ..determinism.switches import Switches
    from ..ranks.party import Party


def together(
    others: Party,
    answer: dict[str, Any],
    seed: int | None,
    fresh: int,
    seeds: str,
    switches: Switches,
    *,
    strict: bool,
    shard: bool,
) -> tuple[int, dict[str, Any] | None]:
    """Return the root of all streams that the ranks of this job settle on, and what a receipt says of it.

    *fresh* is the root that this one would take.
    """
    settled = settle(
        others,
        answer,
        strict=strict,
        seed=seed,
        scheme=f"{SCHEME} {seeds}",
        # Asked when torch is loaded, over which the ranks may talk: it is then that most switches are set.
        switches=lambda: {name: switch.found for name, switch in switches.state.items()},
        fresh=fresh,
        shard=shard,
    )
    if settled is None:
        return fresh, None
    answer["overridden"] += settled.overridden
    if settled.text:
        say_passed(settled.text)
    drawn = settled.agreement.root
    return fresh if seed is not None or drawn is None else drawn, settled.facts()
