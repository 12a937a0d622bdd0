"""What ``enforce()`` hands back: the run that may go on, with its seed, its streams, its switches and its receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import __version__
from .determinism.streams import SCHEME

if TYPE_CHECKING:
    from .determinism.seeds import Seeding
    from .determinism.switches import Switches
    from .receipt import Receipt


class Run:
    """A run that may go on: its *seed*, its *level*, and the receipt."""

    def __init__(self, *, seeding: Seeding, switches: Switches, mode: str, answer: dict[str, Any]) -> None:
        import datetime

        self.seed = seeding.root
        self._seeding = seeding
        self._switches = switches
        self._mode = mode
        self._answer = answer
        self._time = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")

    @property
    def level(self) -> str:
        """The level that was asked for."""
        return str(self._answer["level"])

    @property
    def receipt(self) -> Receipt:
        """The receipt as it stands now: a library that is imported later is seeded, and shown as seeded, then."""
        from .receipt import Receipt

        answer = self._answer
        return Receipt(
            envguard=__version__,
            time=self._time,
            mode=self._mode,
            verdict=answer["verdict"],
            level=answer["level"],
            levels=answer["levels"],
            seed=self.seed,
            scheme=SCHEME,
            seeded=dict(self._seeding.state),
            switches={
                name: {"wanted": switch.wanted, "found": switch.found, "when": switch.when}
                for name, switch in self._switches.state.items()
            },
            observed=answer["observed"],
            waived=tuple(answer["waived"]),
            overridden=tuple(answer["overridden"]),
        )

    def __repr__(self) -> str:
        return f"<envguard.Run {self._answer['verdict']} at {self.level}, seed {self.seed}>"
