"""Drawn from is not reseeded: told from two states of a generator."""

from __future__ import annotations

import random
import struct
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envguard.determinism import moved as module
from envguard.determinism.libraries import states
from envguard.determinism.moved import moved
from tests.determinism.processes import told

if TYPE_CHECKING:
    from collections.abc import Callable


def python(before: Callable[[], object], after: Callable[[], object]) -> tuple[bool | None, str]:
    kept = random.getstate()
    try:
        before()
        old = states()["random"]
        after()
        return moved("random", old, states()["random"])
    finally:
        random.setstate(kept)


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 2**128), used=st.integers(0, 2000), drawn=st.integers(0, 5000))
def test_whatever_is_drawn_is_only_drawn(seed: int, used: int, drawn: int) -> None:
    def begin() -> None:
        random.seed(seed)
        random.getrandbits(32 * used + 1)

    assert python(begin, lambda: [random.random() for _ in range(drawn)]) == (False, "")


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 2**256 - 1), drawn=st.integers(0, 20_000))
def test_whatever_it_was_seeded_with_is_named(seed: int, drawn: int) -> None:
    def after() -> None:
        random.seed(seed)
        random.getrandbits(32 * drawn + 1)

    assert python(lambda: random.seed("text"), after) == (True, f"it was seeded with {seed}")


def test_a_text_that_it_was_seeded_with_is_seen_as_one() -> None:
    found = python(lambda: random.seed(2**100), lambda: random.seed("another"))
    assert found == (True, "it was seeded with 576 bits, as text is")


def test_drawing_on_from_a_seed_that_is_not_far_back_is_no_seeding() -> None:
    assert python(lambda: random.seed(7), lambda: random.getrandbits(32 * 624 * (module._BACK + 1))) == (False, "")
    assert module._BACK < module._SHORT


def test_a_state_that_was_put_back_is_no_drawing() -> None:
    random.seed(2**100)
    kept = random.getstate()
    assert python(lambda: (random.setstate(kept), random.random()), lambda: random.setstate(kept)) == (
        True,
        "it was set back to an earlier state",
    )


def test_what_cannot_be_followed_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SECONDS", 0.01)
    strange = (3, (*random.Random(5).sample(range(2**32), 624), 624), None)
    answer, how = python(lambda: random.seed(2**100), lambda: random.setstate(strange))
    assert answer is None
    assert how == "more numbers were drawn than can be followed, or it was seeded long ago or set back"
    assert moved("numpy", None, {}) == (None, "its state cannot be read")
    assert moved("cupy", {"a": 1}, {"a": 2})[0] is None


def test_of_philox_seed_and_offset_are_the_state() -> None:
    def state(seed: int, offset: int) -> dict[str, Any]:
        return {"hex": struct.pack("<QQ", seed, offset).hex()}

    name = "torch.cuda:0"
    assert moved(name, state(7, 4), state(7, 8)) == (False, "")
    assert moved(name, state(7, 4), state(7, 0)) == (True, "it was set back to an earlier state")
    assert moved(name, state(7, 4), state(42, 4)) == (True, "it was seeded with 42")
    assert moved(name, state(7, 4), {"hex": "00"})[0] is None


NUMPY = """
import numpy, random
from envguard.determinism.libraries import states
from envguard.determinism.moved import moved
numpy.random.seed([1, 2, 3, 4])
def look(act):
    old = states()
    act()
    return [moved(name, old[name], state) for name, state in states().items() if state != old[name]]
"""


def test_numpys_generator_is_followed_likewise() -> None:
    code = NUMPY + (
        "print(look(lambda: numpy.random.rand(100000)))\nprint(look(lambda: numpy.random.normal()))\n"
        "print(look(lambda: numpy.random.seed(987654)))\nprint(look(lambda: numpy.random.permutation(5)))\n"
        "print(look(lambda: (numpy.random.seed([7, 8]), numpy.random.rand(99999))))"
    )
    assert told(code).splitlines() == [
        "[(False, '')]", "[(False, '')]", "[(True, 'it was seeded with 987654')]", "[(False, '')]",
        "[(True, 'it was seeded with 34359738375')]",
    ]  # fmt: skip


@pytest.mark.torch
def test_torchs_generator_tells_its_last_seed() -> None:
    pytest.importorskip("torch")
    code = NUMPY + (
        "import torch\ntorch.manual_seed(2**60)\n"
        "print(look(lambda: torch.rand(3)))\nprint(look(lambda: torch.randn(100000)))\n"
        "print(look(lambda: torch.manual_seed(42)))\nkept = torch.get_rng_state()\nprint(look(lambda: torch.rand(2000)))\n"
        "print(look(lambda: torch.set_rng_state(kept))[0][0])\n"
        "torch.rand(1); kept = torch.get_rng_state(); torch.rand(1)\nprint(look(lambda: torch.set_rng_state(kept)))"
    )
    assert told(code).splitlines() == [
        "[(False, '')]", "[(False, '')]", "[(True, 'torch.manual_seed(42) was called')]", "[(False, '')]",
        "True", "[(True, 'it was set back to an earlier state')]",
    ]  # fmt: skip
