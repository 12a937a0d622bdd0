"""Canaries that a run runs again: what they are compared with, and what is said."""

from __future__ import annotations

from typing import Any

from envguard.canaries import SCHEME
from envguard.determinism.bits import compare, of_start

RECORDED = {
    "numpy.cpu.exp.float32": "blake2b:00",
    "numpy.cpu.sum.float32": "blake2b:01",
    "numpy.cpu.sum.float64": "none",
    "numpy.cpu.svd.float64": "unknown: no memory",
    "torch.cuda.matmul.float32": "blake2b:02",
}
GROUPS = {
    "numpy.cpu": {
        "same": ["sum.float32"],
        "other": ["exp.float32"],
        "unknown": {"svd.float64": "no memory"},
        "not-run": None,
    },
    "torch.cuda": {"same": [], "other": [], "unknown": {}, "not-run": "CUDA is not initialised"},
}


def answer(**more: Any) -> dict[str, Any]:
    told = {"scheme": SCHEME, "recorded": RECORDED, "groups": GROUPS, "seen": {"numpy.cpu.exp.float32": "blake2b:0e"}}
    return {"observed": {"canaries": {**told, **more}}}


def said(before: dict[str, str], now: dict[str, str], found: Any = None) -> list[tuple[str, bool]]:
    return [(change.told, change.certain) for change in compare(before, answer() if found is None else found, now)]


def test_the_start_is_what_was_seen_then_and_the_record_speaks_for_what_was_not_run() -> None:
    began, recorded = of_start(answer())
    assert began == {
        "numpy.cpu.exp.float32": "blake2b:0e",
        "numpy.cpu.sum.float32": "blake2b:01",
        "numpy.cpu.svd.float64": "unknown: no memory",
    }
    assert recorded == {"torch.cuda.matmul.float32": "blake2b:02"}
    assert of_start({"observed": {}}) == ({}, {})
    assert of_start(answer(scheme="other")) == ({}, {})


def test_what_is_as_it_was_is_no_change_though_the_record_says_otherwise() -> None:
    now = {
        "numpy.cpu.exp.float32": "blake2b:0e",
        "numpy.cpu.sum.float32": "blake2b:01",
        "numpy.cpu.sum.float64": "none",
    }
    assert said({}, now) == []


def test_other_bits_are_certain_and_named_by_family() -> None:
    now = {"numpy.cpu.exp.float32": "blake2b:00", "numpy.cpu.sum.float32": "blake2b:0f"}
    assert said({}, now) == [("NumPy on the CPU computes other bits than before: exp (float32), sum (float32)", True)]


def test_the_last_look_counts_before_the_start() -> None:
    before = {"numpy.cpu.sum.float32": "blake2b:0f"}
    assert said(before, {"numpy.cpu.sum.float32": "blake2b:0f"}) == []
    assert said(before, {"numpy.cpu.sum.float32": "blake2b:01"}) == [
        ("NumPy on the CPU computes other bits than before: sum (float32)", True)
    ]


def test_a_gpu_that_came_up_later_is_held_against_the_record() -> None:
    assert said({}, {"torch.cuda.matmul.float32": "blake2b:02"}) == []
    assert said({}, {"torch.cuda.matmul.float32": "blake2b:03"}) == [
        ("PyTorch on the GPU computes other bits than before: matmul (float32)", True)
    ]


def test_what_cannot_be_compared_is_never_the_same() -> None:
    assert said({}, {"torch.cpu.sum.float32": "blake2b:07", "torch.cpu.exp.float32": "blake2b:08"}) == [
        ("the canaries of PyTorch on the CPU were run for the first time: 2 that nothing can be compared with", False)
    ]
    assert said({}, {"torch.cuda.matmul.float32": "unknown: RuntimeError: no kernel"}) == [
        ("of the canaries of PyTorch on the GPU in matmul (float32) nobody can tell: RuntimeError: no kernel", False)
    ]
    assert said({"numpy": "unknown: no thread"}, {"numpy": "unknown: no thread"}) == [
        ("of the canaries of NumPy nobody can tell: no thread", False)
    ]
    # What gave bits before and does not exist any more is another thing, too.
    assert said({}, {"numpy.cpu.sum.float32": "none"}) == [
        ("NumPy on the CPU computes other bits than before: sum (float32)", True)
    ]
