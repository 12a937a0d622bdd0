"""What of an observation the ranks of a job compare: here the numeric canaries, where a rank has run them."""

from __future__ import annotations

from typing import Any

from envguard.ranks.sections import sections

GROUP: dict[str, Any] = {
    "same": ["exp.float32", "exp.float64", "sum.float32"],
    "other": [],
    "unknown": {},
    "not-run": None,
}
IDLE = {"same": [], "other": [], "unknown": {}, "not-run": "CUDA is not initialised"}
RECORDED = {
    "torch.cpu.exp.float32": "blake2b:00",
    "torch.cpu.exp.float64": "blake2b:01",
    "torch.cpu.sum.float32": "blake2b:02",
    "torch.cuda.sum.float32": "blake2b:03",
}


def found(**group: Any) -> dict[str, dict[str, str | None]]:
    seen = group.pop("seen", {})
    told = {
        "scheme": "1",
        "recorded": RECORDED,
        "groups": {"torch.cpu": {**GROUP, **group}, "torch.cuda": IDLE},
        "seen": seen,
    }
    answer = {"level": "run-to-run", "observed": {"canaries": told}}
    return {
        name: values
        for name, values in sections(answer, size=2, mode="enforce", seed="1", scheme="s", switches={}).items()
        if name.startswith("canaries")
    }


def test_each_family_that_ran_has_one_digest_for_all_its_types() -> None:
    (values,) = found().values()
    assert list(found()) == ["canaries:torch.cpu"]
    assert list(values) == ["canary.torch.cpu.exp", "canary.torch.cpu.sum"]
    assert all(value is not None and len(value) == 16 for value in values.values())


def test_other_bits_of_one_type_change_the_digest_of_their_family_alone() -> None:
    before = found()["canaries:torch.cpu"]
    other = {"same": ["exp.float32", "sum.float32"], "other": ["exp.float64"]}
    after = found(**other, seen={"torch.cpu.exp.float64": "blake2b:ff"})["canaries:torch.cpu"]
    assert after["canary.torch.cpu.exp"] not in (before["canary.torch.cpu.exp"], None)
    assert after["canary.torch.cpu.sum"] == before["canary.torch.cpu.sum"]
    # What is recorded of it does not matter, only what it gave.
    assert found(**other, seen={"torch.cpu.exp.float64": "blake2b:01"})["canaries:torch.cpu"] == before


def test_a_family_of_which_something_cannot_be_told_is_unknown() -> None:
    after = found(same=["exp.float32", "sum.float32"], unknown={"exp.float64": "no memory"})["canaries:torch.cpu"]
    assert after["canary.torch.cpu.exp"] is None
    kept = found(same=["exp.float32", "sum.float32"], other=["exp.float64"])["canaries:torch.cpu"]
    assert kept["canary.torch.cpu.exp"] is None
