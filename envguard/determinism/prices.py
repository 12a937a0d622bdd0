"""What switches cost: ratios of interleaved measurements, with their spread, beside the spread of one thing measured twice."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from ..values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

TWICE = "nothing: the same measured twice"
ALL = "all of them"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one switch costs: the time with all switches, as a *ratio* of the time without this one, and its quartiles.

    1.10 is ten percent of the time without it; below 1 the switch saves time. *noise* is True where that cannot be told from
    measuring the same thing twice.
    """

    name: str
    ratio: float
    low: float
    high: float
    noise: bool

    def __str__(self) -> str:
        spread = f"quartiles {_percent(self.low)} to {_percent(self.high)}"
        return f"within noise ({spread})" if self.noise else f"{_percent(self.ratio)} ({spread})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The prices of the switches of a run: *seconds* is the median with all of them on, of *what*, over *rounds* rounds."""

    what: str
    seconds: float
    rounds: int
    twice: Price
    prices: tuple[Price, ...]

    def __str__(self) -> str:
        rows = [(price.name, str(price)) for price in self.prices]
        rows.append((self.twice.name, f"quartiles {_percent(self.twice.low)} to {_percent(self.twice.high)}"))
        width = max(len(name) for name, _ in rows)
        head = f"{self.what}: {_time(self.seconds)} with all switches (median of {self.rounds} interleaved rounds)"
        return "\n".join([head, *(f"  {name:{width}}  {told}" for name, told in rows)])

    def to_dict(self) -> dict[str, Any]:
        """Return the prices as plain JSON values."""
        each = {
            price.name: {"ratio": price.ratio, "low": price.low, "high": price.high, "noise": price.noise}
            for price in (*self.prices, self.twice)
        }
        return {"what": self.what, "seconds": self.seconds, "rounds": self.rounds, "prices": each}


def cost(what: str, all_on: Sequence[float], without: Mapping[str, Sequence[float]]) -> Cost:
    """Return the prices of switches from seconds, round by round: with *all_on*, and *without* each; ``TWICE`` is among these."""
    twice = _price(TWICE, all_on, without[TWICE], None)
    prices = [_price(name, all_on, seconds, twice) for name, seconds in without.items() if name != TWICE]
    return Cost(what=what, seconds=statistics.median(all_on), rounds=len(all_on), twice=twice, prices=tuple(prices))


def _price(name: str, all_on: Sequence[float], without: Sequence[float], twice: Price | None) -> Price:
    ratios = [on / off for on, off in zip(all_on, without, strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    noise = low <= 1 <= high or (twice is not None and min(twice.low, 1) <= middle <= max(twice.high, 1))
    return Price(name=name, ratio=middle, low=low, high=high, noise=noise)


def _percent(ratio: float) -> str:
    return f"{(ratio - 1) * 100:+.1f} %"


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"
