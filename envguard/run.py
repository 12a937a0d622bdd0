"""What ``enforce()`` hands back: the run that may go on, with its seed, its streams, its switches and its receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import __version__
from .determinism.named import Streams
from .determinism.streams import SCHEME

if TYPE_CHECKING:
    from random import Random
    from typing import SupportsIndex

    from jax import Array as Key
    from numpy.random import Generator
    from torch import Generator as TorchGenerator
    from torch import device as Device  # noqa: N812

    from .determinism.seeds import Seeding
    from .determinism.switches import Switches
    from .receipt import Receipt


class Run:
    """A run that may go on: its *seed*, its *level*, its *streams*, and the receipt.

    It can be pickled, so that a data set which holds it reaches the workers of a data loader.
    """

    def __init__(self, *, seeding: Seeding, switches: Switches, mode: str, answer: dict[str, Any]) -> None:
        import datetime

        self.seed = seeding.root
        self.streams = Streams(seeding.root)
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

    def numpy(self, name: str, *index: SupportsIndex | str, reuse: bool = False) -> Generator:
        """Return the stream *name* with these indices as ``numpy.random.Generator`` (over PCG64DXSM).

        Raises StreamError where this process was handed the same stream before, unless *reuse*.
        """
        return self.streams.numpy(name, *index, reuse=reuse)

    def random(self, name: str, *index: SupportsIndex | str, reuse: bool = False) -> Random:
        """Return the stream *name* with these indices as ``random.Random``; StreamError as for ``numpy()``."""
        return self.streams.random(name, *index, reuse=reuse)

    def torch(
        self, name: str, *index: SupportsIndex | str, device: Device | str = "cpu", reuse: bool = False
    ) -> TorchGenerator:
        """Return the stream *name* with these indices as ``torch.Generator`` on *device*; StreamError as for ``numpy()``."""
        return self.streams.torch(name, *index, device=device, reuse=reuse)

    def jax(self, name: str, *index: SupportsIndex | str, impl: str = "threefry2x32", reuse: bool = False) -> Key:
        """Return the stream *name* with these indices as a key of JAX; StreamError as for ``numpy()``."""
        return self.streams.jax(name, *index, impl=impl, reuse=reuse)

    def __repr__(self) -> str:
        return f"<envguard.Run {self._answer['verdict']} at {self.level}, seed {self.seed}>"
