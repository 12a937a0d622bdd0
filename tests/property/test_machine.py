"""Whatever a kernel, a driver or a library says, a machine is observed and nothing is raised."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from envguard.machine.nvidia import nvidia
from envguard.machine.other_gpus import other_gpus
from envguard.machine.platform import platform
from envguard.machine.processor import parse_list, processor
from envguard.machine.threads import threads
from envguard.machine.variables import variables
from envguard.machine.visible import Device, visible
from envguard.model import Unknown
from tests.machine.told import Told

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**9) | st.text(max_size=12) | st.just({"error": "no"}),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
PARTS = ("nvml", "device", "devices", "cuda", "cuda-device", "amdsmi", "amd-device", "end")
KEYS = [
    "uuid",
    "name",
    "bus",
    "architecture",
    "capability",
    "memory",
    "ecc",
    "vbios",
    "firmware",
    "persistence",
    "nvlinks",
    "mig",
    "instances",
    "index",
    "count",
    "version",
    "library",
    "driver",
    "cuda",
    "error",
    "before",
    "after",
    "multiprocessors",
    "threads",
    "missing",
]
LINES = st.lists(
    st.fixed_dictionaries({"part": st.sampled_from(PARTS)}, optional=dict.fromkeys(KEYS, VALUES)).map(json.dumps)
    | VALUES.map(json.dumps)
    | st.text(max_size=20),
    max_size=8,
).map("\n".join)
TEXT = st.text(alphabet=st.characters(codec="utf-8"), max_size=60)
QUICK = st.lists(
    st.tuples(
        st.sampled_from(["version", "boot", "gpu", "model", "uuid", "nodes", "mig", "node", "driver", "simd_count"]),
        TEXT,
    ).map(": ".join)
    | TEXT,
    max_size=10,
).map("\n".join)


def is_fact(value: object) -> bool:
    return isinstance(value, str | Unknown)


@settings(max_examples=300, deadline=None)
@given(quick=QUICK, answer=LINES, bus=TEXT)
def test_drivers_may_say_anything(quick: str, answer: str, bus: str) -> None:
    facts = nvidia(Told({"nvidia-devices": answer, "nvidia-bus": bus}, nvidia=quick))
    assert all(map(is_fact, facts.values()))
    facts = other_gpus(Told({"amd-devices": answer}, amd=quick, drm=quick), "Linux", "x86_64")
    assert all(map(is_fact, facts.values()))


@settings(max_examples=300, deadline=None)
@given(cpu=QUICK, limits=QUICK, cores=TEXT, caches=TEXT, firmware=TEXT, uname=TEXT)
def test_kernels_may_say_anything(cpu: str, limits: str, cores: str, caches: str, firmware: str, uname: str) -> None:
    answers = {"cores": cores, "caches": caches, "firmware": firmware, "apple": firmware}
    reader = Told(answers, cpu=cpu, processors=limits, uname=uname)
    facts = {**processor(reader, "x86_64"), **platform(reader), "torch.version": "2"}
    assert all(map(is_fact, facts.values()))
    assert all(map(is_fact, threads(reader, facts, live=True).values()))


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(["XLA_FLAGS", "MKL_CBWR", "NCCL_X", "OMP_NUM_THREADS"]), TEXT))
def test_variables_may_hold_anything(now: dict[str, str]) -> None:
    reader = Told({"cores": "", "threads": ""}, now=now, started={}, processors="affinity: 0-3")
    assert all(map(is_fact, variables(reader, live=True).values()))
    facts = {"torch.version": "2", "library.openblas": "x", "platform.architecture": "x86_64"}
    assert all(map(is_fact, threads(reader, facts, live=False).values()))


@given(st.lists(st.integers(0, 300), unique=True).map(sorted), st.text(max_size=20))
def test_lists_of_processors(numbers: list[int], text: str) -> None:
    from envguard.probes.kernel import ranges

    assert parse_list(ranges(numbers)) == numbers
    assert all(isinstance(number, int) for number in parse_list(text))


@settings(max_examples=300)
@given(
    st.lists(st.tuples(st.text(max_size=5), st.lists(st.text(max_size=5), max_size=3)), max_size=4),
    st.none() | TEXT,
    st.sampled_from(["", "PCI_BUS_ID", "FASTEST_FIRST"]),
)
def test_only_devices_that_are_there_are_ever_seen(
    given_devices: list[tuple[str, list[str]]], variable: str | None, order: str
) -> None:
    devices = [
        Device(uuid=f"GPU-{uuid}", name=uuid, bus=str(at), mig=tuple(f"MIG-{part}" for part in parts))
        for at, (uuid, parts) in enumerate(given_devices)
    ]
    seen = visible(devices, variable, order)
    if not isinstance(seen, Unknown):
        assert set(seen) <= {uuid for device in devices for uuid in (device.uuid, *device.mig)}
