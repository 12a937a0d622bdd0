"""The processor as the kernel, the processor itself and the control groups tell it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from envguard.machine.processor import lines_of, parse_list, processor, usable
from envguard.model import Fact
from envguard.probes import kernel
from envguard.probes.kernel import processors, ranges
from tests.machine.told import Told, reason

if TYPE_CHECKING:
    from pathlib import Path

ROOM = sys.modules["envguard.machine.processor"]  # the package has a function of the same name
XEON = "vendor_id: GenuineIntel\ncpu family: 6\nmodel: 106\nmodel name: Xeon 8375C"
V4 = "avx512bw avx512cd avx512dq avx512f avx512vl"
V3 = "abm avx avx2 bmi1 bmi2 f16c fma movbe xsave"
V2 = "cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3"


def told(monkeypatch: pytest.MonkeyPatch, reader: Told, architecture: Fact = "x86_64") -> dict[str, Fact]:
    """Return the facts as they are without the C core."""
    monkeypatch.setattr(ROOM, "instruction_sets", lambda: None)
    return processor(reader, architecture)


def test_a_processor_is_vendor_and_model(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = told(monkeypatch, Told(cpu=XEON))
    assert (facts["cpu.vendor"], facts["cpu.model"]) == ("GenuineIntel", "Xeon 8375C (family 6, model 106)")


def test_an_arm_processor_is_named_by_its_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = "CPU implementer: 0x41\nCPU part: 0xd40\nCPU variant: 0x1\nFeatures: fp asimd evtstrm sve i8mm bf16"
    facts = told(monkeypatch, Told(cpu=cpu), "aarch64")
    assert (facts["cpu.vendor"], facts["cpu.model"]) == ("0x41", "part 0xd40, variant 0x1")
    assert (facts["cpu.features"], facts["cpu.level"]) == ("asimd bf16 i8mm sve", "none")


def test_a_chip_of_apple_is_named_by_macos(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "machdep.cpu.brand_string: Apple M3 Max\nhw.physicalcpu: 16\nhw.logicalcpu: 16\nkern.osversion: 24F74"
    facts = told(monkeypatch, Told({"apple": text}), "arm64")
    assert (facts["cpu.vendor"], facts["cpu.model"]) == ("Apple", "Apple M3 Max")
    assert facts["cpu.cores"] == "16 cores, 16 processors"
    assert reason(facts["cpu.features"]).startswith("neither the C core nor /proc/cpuinfo tells")


@pytest.mark.parametrize(
    ("flags", "level"),
    [
        ("", "x86-64-v1"),
        (V2, "x86-64-v2"),
        (f"{V2} {V3}", "x86-64-v3"),
        (f"{V2} {V3} {V4}", "x86-64-v4"),
        (f"{V2} {V3} {V4}".replace(" fma", ""), "x86-64-v2"),
        (V4, "x86-64-v1"),
    ],
)
def test_levels_are_those_of_the_abi(monkeypatch: pytest.MonkeyPatch, flags: str, level: str) -> None:
    facts = told(monkeypatch, Told(cpu=f"{XEON}\nflags: fpu {flags} hypervisor"))
    assert facts["cpu.level"] == level
    assert facts["cpu.features"] == " ".join(sorted(flags.split()))


def test_the_levels_are_those_of_the_loader() -> None:
    """glibc's own loader says which levels it supports (glibc-hwcaps)."""
    loader = "/lib64/ld-linux-x86-64.so.2"
    if not os.path.exists(loader):
        pytest.skip("needs glibc on x86-64")
    said = subprocess.run([loader, "--help"], capture_output=True, text=True, check=True).stdout
    supported = {line.split()[0] for line in said.splitlines() if "(supported" in line and "x86-64-v" in line}
    level = processor(Told(cpu=XEON), "x86_64")["cpu.level"]
    assert level == max(supported, default="x86-64-v1")


def test_what_is_told_without_the_core_is_told_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    from envguard.reader import Reader

    machine = os.uname().machine
    with_core = processor(Reader(), machine)
    monkeypatch.setattr(ROOM, "instruction_sets", lambda: None)
    assert processor(Reader(), machine) == with_core


def test_cores_caches_and_limits() -> None:
    siblings = "\n".join(f"{number} {number % 4},{number % 4 + 4}" for number in range(8))
    limits = "online: 0-7\nsmt: 1\naffinity: 0-2,4\nquota: 1.5"
    caches = "1 Data 48K\n1 Instruction 32K\n2 Unified 2048K\n3 Unified 105M"
    reader = Told({"cores": siblings, "caches": caches}, cpu=XEON, processors=limits)
    facts = processor(reader, "x86_64")
    assert facts["cpu.cores"] == "4 cores, 8 processors"
    assert facts["cpu.affinity"] == "0-2,4"
    assert facts["cpu.quota"] == "1.5 processors"
    assert facts["cpu.caches"] == "L1d 48K, L2 2048K, L3 105M"
    assert usable(reader) == (4, 3)


@pytest.mark.parametrize("numbers", [[], [0], [0, 1, 2], [1, 3, 5], [0, 1, 4, 5, 6, 9]])
def test_lists_of_processors_are_written_as_the_kernel_writes_them(numbers: list[int]) -> None:
    assert parse_list(ranges(numbers)) == numbers


def test_the_affinity_is_that_of_the_process() -> None:
    told_numbers = parse_list(lines_of(processors())["affinity"])
    assert told_numbers == sorted(os.sched_getaffinity(0))


CGROUPS = {
    "version 2": (
        "0::/job.slice/step\n",
        {"job.slice/cpu.max": "150000 100000\n", "job.slice/step/cpu.max": "max 100000\n"},
    ),
    "version 2, tighter below": ("0::/a/b\n", {"a/cpu.max": "400000 100000\n", "a/b/cpu.max": "150000 100000\n"}),
    "version 2, in a container": ("0::/\n", {"cpu.max": "150000 100000\n"}),
    "version 1": (
        "4:cpu,cpuacct:/docker/abc\n0::/\n",
        {"cpu/docker/abc/cpu.cfs_quota_us": "150000\n", "cpu/docker/abc/cpu.cfs_period_us": "100000\n"},
    ),
    "version 1, in a container": (
        "4:cpu:/docker/abc\n",
        {"cpu/cpu.cfs_quota_us": "150000\n", "cpu/cpu.cfs_period_us": "100000\n"},
    ),
}


@pytest.mark.parametrize("case", CGROUPS)
def test_limits_of_control_groups(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    groups, limits = CGROUPS[case]
    put(tmp_path, {"proc/self/cgroup": groups, **{f"sys/fs/cgroup/{path}": text for path, text in limits.items()}})
    monkeypatch.setattr(kernel, "ROOT", str(tmp_path))
    assert lines_of(processors())["quota"] == "1.5"


@pytest.mark.parametrize(
    ("groups", "limits", "quota"),
    [
        ("0::/\n", {}, "max"),
        ("0::/\n", {"cpu.max": "max 100000\n"}, "max"),
        ("4:cpu:/\n", {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, "max"),
        ("0::/\n", {"cpu.max": "150000 0\n"}, "max"),
        ("0::/\n", {"cpu.max": "\n"}, "max"),
        ("nonsense\n", {}, "max"),
        ("", {}, "?"),
    ],
)
def test_control_groups_without_a_limit(
    groups: str, limits: dict[str, str], quota: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, {"proc/self/cgroup": groups, **{f"sys/fs/cgroup/{path}": text for path, text in limits.items()}})
    monkeypatch.setattr(kernel, "ROOT", str(tmp_path))
    assert lines_of(processors())["quota"] == quota


def put(root: Path, texts: dict[str, str]) -> None:
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
