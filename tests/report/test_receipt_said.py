"""What people are told of the ranks and the canaries of a run."""

from __future__ import annotations

from typing import Any

import pytest

from envguard.report.receipt_said import canaries, ranks

RANK = {"launcher": "Slurm", "rank": 0, "size": 16}
AGREED: dict[str, Any] = {
    "rank": 0,
    "size": 16,
    "launcher": "torchrun",
    "over": "the store of torchrun at node-a:29500",
    "agreed": True,
    "digest": "blake3:" + "5d" * 32,
    "missing": "",
    "groups": {},
    "trees": {},
    "refused": [],
}


def test_ranks_that_agree_are_one_line() -> None:
    assert list(ranks({"rank": RANK, "ranks": AGREED})) == [
        (
            "ranks",
            "rank 0 of 16, by torchrun, over the store of torchrun at node-a:29500: all agree (blake3:5d5d5d5d5d5d5)",
        )
    ]


def test_of_ranks_that_do_not_agree_everybody_is_named() -> None:
    told = {
        **AGREED,
        "agreed": False,
        "digest": None,
        "missing": "3,5,6",
        "groups": {
            "nvidia.driver": [{"ranks": "0-7", "value": "580.2"}, {"ranks": "8", "value": "570.1"}],
            "code.commit": [{"ranks": "0-7", "value": "abc"}, {"ranks": "8", "value": None}],
        },
        "refused": [{"ranks": "1,2", "why": "EG501 [data-mismatch] raw"}],
        "trees": {"raw": {"wrong": True}, "cooked": {"wrong": False}},
    }
    assert list(ranks({"rank": RANK, "ranks": told})) == [
        ("ranks", "rank 0 of 16, by torchrun, over the store of torchrun at node-a:29500: they do not agree"),
        ("", "ranks 3, 5, 6 did not answer"),
        ("", "ranks 1, 2 would not go on: EG501 [data-mismatch] raw"),
        ("", "nvidia.driver: 580.2 on ranks 0-7, 570.1 on rank 8"),
        ("", "code.commit: abc on ranks 0-7, unknown on rank 8"),
        ("", "the data raw, which they read together, is not as recorded"),
        ("", "the data cooked, which they read together, is as recorded"),
    ]


def test_a_rank_that_asked_nobody_says_so_and_who_is_alone_nothing() -> None:
    assert list(ranks({"rank": RANK, "ranks": None})) == [
        ("ranks", "rank 0 of 16, by Slurm; the others were not asked")
    ]
    assert list(ranks({"rank": None, "ranks": None})) == []
    assert list(ranks({})) == []


def test_canaries_are_told_group_by_group() -> None:
    groups = {
        "numpy.cpu": {"same": ["exp.float32", "exp.float64"], "other": [], "unknown": {}, "not-run": None},
        "torch.cpu": {
            "same": ["sum.float32"],
            "other": ["matmul.float32", "matmul.float64"],
            "unknown": {"conv.float32": "no memory"},
            "not-run": None,
        },
        "torch.cuda": {"same": [], "other": [], "unknown": {}, "not-run": "CUDA is not initialised"},
    }
    assert list(canaries({"groups": groups})) == [
        ("canaries", "NumPy on the CPU: 2 gave the recorded bits"),
        (
            "",
            (
                "PyTorch on the CPU: 1 gave the recorded bits, 2 gave other bits: matmul (float32, float64), "
                "1 cannot be told: conv (float32)"
            ),
        ),
        ("", "PyTorch on the GPU: not run (CUDA is not initialised)"),
    ]
    assert list(canaries(None)) == []


@pytest.mark.parametrize(
    "value", [None, 7, "x", [1], {"groups": 7}, {"groups": {"numpy.cpu": {"same": 7, "unknown": [1]}}}]
)
def test_what_anybody_wrote_raises_nothing(value: Any) -> None:
    list(canaries(value))
    list(ranks({"ranks": value}))
    list(ranks({"ranks": {"groups": value, "refused": value, "trees": value, "missing": value}}))
