"""What became of recorded canaries, and what is none."""

from __future__ import annotations

import json

import pytest

from envguard.canaries.model import Canaries, compare, families, parse, title
from envguard.model import Unknown

A, B = "blake2b:aa", "blake2b:bb"


def canaries(scheme: str = "v1", left_out: dict[str, str] | None = None, **digests: str | Unknown) -> Canaries:
    keys = {key.replace("__", "."): value for key, value in digests.items()}
    return Canaries(scheme=scheme, conditions={}, digests=keys, left_out=left_out or {})


def test_same_other_and_unknown_are_told_apart_library_by_library() -> None:
    recorded = canaries(numpy__cpu__exp__float32=A, torch__cpu__exp__float32=A, torch__cpu__norm__float64=A)
    seen = canaries(
        numpy__cpu__exp__float32=A, torch__cpu__exp__float32=B, torch__cpu__norm__float64=Unknown(reason="it broke")
    )
    numpy, torch = compare(recorded, seen)
    assert (numpy.name, numpy.same, numpy.agrees) == ("numpy.cpu", ("exp.float32",), True)
    assert (torch.other, torch.unknown, torch.agrees) == (("exp.float32",), {"norm.float64": "it broke"}, False)


def test_what_was_not_run_is_neither_the_same_nor_unknown() -> None:
    recorded = canaries(torch__cpu__exp__float32=A, torch__cuda__exp__float32=A)
    cpu, cuda = compare(
        recorded, canaries(torch__cpu__exp__float32=A, left_out={"torch.cuda": "CUDA is not initialised"})
    )
    assert (cpu.agrees, cuda.agrees, cuda.not_run) == (True, False, "CUDA is not initialised")
    both = compare(recorded, canaries(left_out={"torch": "it is not imported"}))
    assert {group.not_run for group in both} == {"it is not imported"}


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (Unknown(reason="no memory"), A, "not known when it was recorded (no memory)"),
        (A, Unknown(reason="no memory"), "no memory"),
        (A, "none", "not computed here"),
        (Unknown(reason="x"), Unknown(reason="x"), "not known when it was recorded (x)"),
    ],
)
def test_unknown_is_never_the_same(old: str | Unknown, new: str | Unknown, reason: str) -> None:
    (group,) = compare(canaries(torch__cpu__exp__float32=old), canaries(torch__cpu__exp__float32=new))
    assert (group.same, group.other, group.unknown) == ((), (), {"exp.float32": reason})


def test_a_library_that_could_not_be_asked_makes_all_of_its_canaries_unknown() -> None:
    seen = canaries(torch=Unknown(reason="cannot be imported: libc10.so is not there"))
    (group,) = compare(canaries(torch__cpu__exp__float32=A, torch__cpu__norm__float32=A), seen)
    assert set(group.unknown) == {"exp.float32", "norm.float32"}
    assert set(group.unknown.values()) == {"cannot be imported: libc10.so is not there"}


def test_a_gpu_that_is_not_there_is_unknown() -> None:
    (group,) = compare(canaries(torch__cuda__exp__float32=A), canaries(torch__cpu__exp__float32=A))
    assert group.unknown == {"exp.float32": "not computed here"}


def test_other_computations_are_unknown_even_where_their_digests_are_equal() -> None:
    (group,) = compare(canaries(torch__cpu__exp__float32=A), canaries("v2", torch__cpu__exp__float32=A))
    assert group.unknown == {"exp.float32": "they were recorded by other computations (v1, here v2)"}


def test_what_a_library_never_had_is_not_compared() -> None:
    assert compare(canaries(torch="none", torch__cpu__exp__float16="none"), canaries()) == ()


def test_names_for_people() -> None:
    assert (title("numpy.cpu"), title("torch.cuda"), title("torch")) == (
        "NumPy on the CPU",
        "PyTorch on the GPU",
        "PyTorch",
    )
    assert families(("exp.float32", "exp.float64", "random.legacy")) == "exp (float32, float64), random (legacy)"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "3",
        "{",
        "{}",
        json.dumps({"scheme": "v1", "conditions": {}, "digests": {}}),
        json.dumps({"scheme": 1, "conditions": {}, "digests": {}, "left-out": {}}),
        json.dumps({"scheme": "v1", "conditions": {}, "digests": {"a": 1}, "left-out": {}}),
        json.dumps({"scheme": "v1", "conditions": 3, "digests": {}, "left-out": {}}),
        "[" * 100_000,
    ],
)
def test_what_does_not_say_what_canaries_say_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)
