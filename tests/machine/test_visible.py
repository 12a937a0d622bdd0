"""CUDA_VISIBLE_DEVICES is applied as CUDA applies it, and where only CUDA can tell, that is said."""

from __future__ import annotations

import pytest

from envguard.machine.visible import Device, visible
from tests.machine.told import reason

UUIDS = ("GPU-aa00", "GPU-ab00", "GPU-bb00", "GPU-cc00")
EQUAL = tuple(Device(uuid=uuid, name="H100", bus=f"{at:08x}") for at, uuid in enumerate(UUIDS))
MIXED = (*EQUAL[:2], Device(uuid="GPU-dd00", name="A100", bus="00000009"))
DIVIDED = Device(uuid="GPU-ee00", name="H100", bus="0000000a", mig=("MIG-1a", "MIG-1b", "MIG-2"))
SINGLE = Device(uuid="GPU-ff00", name="H100", bus="0000000b", mig=("MIG-3",))

CASES = [
    (None, "0123"),
    ("", ""),
    ("0", "0"),
    ("2,0", "20"),
    (" 1 , 3", "13"),
    ("+1", "1"),
    ("1gpu2,2ampere", "12"),
    ("-1", ""),
    ("0,-1,1", "0"),
    ("0,1,1", ""),
    ("1,0,1,-1", ""),
    ("0,4,1", "0"),
    ("9", ""),
    ("0,,1", "0"),
    ("none", ""),
    ("NoDevFiles", ""),
    ("GPU-aa", "0"),
    ("GPU-a", ""),
    ("GPU-bb,GPU-aa00", "20"),
    ("GPU-bb,GPU-zz,GPU-aa", "2"),
    ("GPU-bb,GPU-bb", ""),
    ("GPU-bb,GPU-b", ""),
    ("GPU-bb,0", "2"),
    ("GPU-", ""),
    ("0,GPU-bb", "0"),
]


@pytest.mark.parametrize(("variable", "chosen"), CASES)
def test_equal_gpus(variable: str | None, chosen: str) -> None:
    assert visible(EQUAL, variable, "") == tuple(UUIDS[int(digit)] for digit in chosen)


def test_the_order_of_the_bus_counts_and_not_the_one_given() -> None:
    assert visible(EQUAL[::-1], "0,1", "") == UUIDS[:2]


def test_different_models_are_ordered_by_cuda_alone() -> None:
    words = "CUDA orders GPUs of different models by speed; set CUDA_DEVICE_ORDER=PCI_BUS_ID"
    for variable in (None, "0", "2,1"):
        told = visible(MIXED, variable, "")
        assert not isinstance(told, tuple)
        assert reason(told) == words
        told = visible(MIXED, variable, "FASTEST_FIRST")
        assert not isinstance(told, tuple)
    assert visible(MIXED, "2,0", "PCI_BUS_ID") == ("GPU-dd00", "GPU-aa00")
    assert visible(MIXED, "GPU-dd,GPU-aa", "") == ("GPU-dd00", "GPU-aa00")
    assert visible(MIXED, "", "") == visible(MIXED, "-1", "") == ()


def test_a_program_sees_one_instance_of_a_divided_gpu() -> None:
    assert visible((DIVIDED,), "MIG-1b", "") == ("MIG-1b",)
    assert visible((DIVIDED,), "MIG-2,MIG-1a", "") == ("MIG-2",)
    assert visible((DIVIDED,), "MIG-1", "") == ()
    assert visible((DIVIDED,), "MIG-2,MIG-2", "") == ()
    assert visible((SINGLE,), None, "") == visible((SINGLE,), "0", "") == ("MIG-3",)
    told = visible((DIVIDED,), None, "")
    assert not isinstance(told, tuple)
    assert reason(told) == "several MIG instances are there, and CUDA takes one; name it in CUDA_VISIBLE_DEVICES"
    assert visible((EQUAL[0], SINGLE), "0", "") == ("GPU-aa00",)


def test_without_gpus_nothing_is_seen() -> None:
    for variable in (None, "0", "GPU-aa", "MIG-1"):
        assert visible((), variable, "") == ()


@pytest.mark.torch
@pytest.mark.parametrize(("variable", "chosen"), CASES)
def test_pytorch_reads_the_variable_alike(variable: str | None, chosen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own reading of the variable, which it uses where it asks NVML in the place of CUDA."""
    from torch import cuda

    if variable is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", variable)
    parsed = cuda._parse_visible_devices()
    if parsed and isinstance(parsed[0], str):
        parsed = cuda._transform_uuid_to_ordinals(parsed, list(UUIDS))
    parsed = next((parsed[:at] for at, number in enumerate(parsed) if number >= len(UUIDS)), parsed)
    assert "".join(map(str, parsed)) == chosen
