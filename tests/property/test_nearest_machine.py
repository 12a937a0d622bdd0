"""Which recorded machine is compared with: the same one however they are listed, and never one that fits less."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from envguard.facts import EDITION_KEY, FactClass, table
from envguard.model import Level, Unknown
from envguard.rules.nearest import choose, distance
from tests.rules.evidence import machine

if TYPE_CHECKING:
    from envguard.model import Fact

KEYS = sorted(
    key
    for key, entry in table().exact.items()
    if entry.fact_class is not FactClass.AUDIT and key != "interpreter.version.minor"
)
VALUES: st.SearchStrategy[Fact] = st.one_of(
    st.sampled_from(["1.0", "1.1", "none"]), st.builds(Unknown, reason=st.just("hidden"))
)
FACTS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=12).map(
    lambda facts: {**facts, EDITION_KEY: str(table().edition)}
)
MACHINES = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), FACTS, min_size=1)


@given(MACHINES, FACTS, st.sampled_from(list(Level)))
def test_the_nearest_is_the_same_in_any_order_and_nothing_is_nearer(
    recorded: dict[str, dict[str, Fact]], here: dict[str, Fact], level: Level
) -> None:
    machines = {name: machine(facts=facts) for name, facts in recorded.items()}
    chosen = choose(machines, here, level)
    assert choose(dict(reversed(machines.items())), here, level) == chosen
    far = {name: distance(found, here, level) for name, found in machines.items()}
    assert min(far.values(), key=lambda item: item.order).order == far[chosen.name].order
    assert chosen.fits == any(item.fits for item in far.values())


@given(FACTS, st.sampled_from(list(Level)))
def test_a_machine_is_as_it_was_recorded_unless_something_could_not_be_read(
    here: dict[str, Fact], level: Level
) -> None:
    there = distance(machine(facts=here), here, level)
    assert there.differing == 0
    known = not any(isinstance(fact, Unknown) for fact in here.values())
    assert there.fits or not known
