"""What a switch costs: a ratio with its spread, and honest about noise; measured without leaving anything behind."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from envguard.determinism.knobs import Knob
from envguard.determinism.measure import measure
from envguard.determinism.prices import ALL, TWICE, cost
from envguard.determinism.switches import Switches
from tests.determinism.processes import told

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_price_is_the_median_of_the_ratios_of_each_round() -> None:
    made = cost(
        "a step", [1.1, 2.2, 3.3], {TWICE: [1.1, 2.2, 3.3], "dear": [1.0, 2.0, 3.0], "nothing": [1.2, 2.2, 3.2]}
    )
    dear, nothing = made.prices
    assert (made.seconds, made.rounds) == (2.2, 3)
    assert (round(dear.ratio, 9), dear.noise) == (1.1, False)
    assert nothing.noise
    assert str(made) == (
        "a step: 2.2 s with all switches (median of 3 interleaved rounds)\n"
        "  dear                              +10.0 % (quartiles +10.0 % to +10.0 %)\n"
        "  nothing                           within noise (quartiles -4.2 % to +1.6 %)\n"
        "  nothing: the same measured twice  quartiles +0.0 % to +0.0 %"
    )
    assert made.to_dict()["prices"]["nothing"]["noise"] is True


def test_what_the_same_thing_measured_twice_differs_by_is_noise() -> None:
    made = cost("a step", [1.0] * 4, {TWICE: [0.9, 1.0, 1.1, 1.2], "small": [0.98] * 4, "large": [0.5] * 4})
    assert [price.noise for price in made.prices] == [True, False]


class Machine:
    """A clock, and switches that make a step slower: nothing here depends on how fast this machine is."""

    def __init__(self) -> None:
        self.now, self.calls, self.on = 0.0, 0, {"slow": True, "free": True}
        self.drawn: list[float] = []

    def knob(self, name: str) -> Knob:
        def write(value: object) -> None:
            self.on[name] = bool(value)

        return Knob(name, lambda: self.on[name], wanted=True, write=write)

    def step(self) -> None:
        self.calls += 1
        self.drawn.append(random.random())
        self.now += 1.5 if self.on["slow"] else 1.0


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    monkeypatch.setattr("envguard.determinism.measure.time.perf_counter", lambda: made.now)
    return made


def switches(knobs: Callable[[str], Knob]) -> Switches:
    made = Switches(level="run-to-run")
    made.knobs = lambda: [knobs("slow"), knobs("free")]  # type: ignore[method-assign]
    return made


def test_each_switch_is_measured_alone_and_all_of_them_together(machine: Machine) -> None:
    state = random.getstate()
    found = measure(switches(machine.knob), machine.step, rounds=3, warm_up=1)
    assert {price.name: (price.ratio, price.noise) for price in found.prices} == {
        "slow": (1.5, False),
        "free": (1.0, True),
        ALL: (1.5, False),
    }
    assert found.seconds == 1.5
    assert machine.calls == 3 * (2 + 3) * 2
    assert machine.on == {"slow": True, "free": True}
    assert len(set(machine.drawn)) == 1, "each step begins with the same random numbers"
    assert random.getstate() == state


def test_a_step_that_fails_leaves_nothing_behind(machine: Machine) -> None:
    def step() -> None:
        random.random()
        if not machine.on["slow"]:
            raise OSError("no")

    state = random.getstate()
    with pytest.raises(OSError, match="no"):
        measure(switches(machine.knob), step)
    assert machine.on == {"slow": True, "free": True}
    assert random.getstate() == state
    with pytest.raises(ValueError, match="at least 3 rounds"):
        measure(switches(machine.knob), step, rounds=2)


@pytest.mark.torch
def test_a_step_of_the_real_torch_is_measured_and_everything_is_put_back() -> None:
    tuning = ["torch.cuda.tunable.tuning"] if pytest.importorskip("torch").version.cuda else []
    code = """
import os, sys
os.environ["ENVGUARD"] = os.environ["ENVGUARD_RUNS"] = "off"
sys.stderr = open(os.devnull, "w")
import envguard, torch
run = envguard.enforce(seed=42, level="run-to-run")
a = torch.randn(32, 32)
before, value = torch.get_rng_state(), {k.name: str(k.value()) for k in run._switches.knobs()}
cost = run.measure(lambda: torch.dropout(a @ a, 0.5, True).sum(), rounds=3)
assert torch.equal(before, torch.get_rng_state())
assert value == {k.name: str(k.value()) for k in run._switches.knobs()}
assert run.verify() == ()
print(*(price.name for price in cost.prices), sep="\\n")
"""
    assert told(code).splitlines() == [
        "torch.use_deterministic_algorithms",
        "torch.utils.deterministic.fill_uninitialized_memory",
        "torch.backends.cudnn.deterministic",
        "torch.backends.cudnn.benchmark",
        "torch.backends.mkldnn.deterministic",
        *tuning,
        ALL,
    ]
