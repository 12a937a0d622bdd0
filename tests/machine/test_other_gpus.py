"""GPUs of AMD, Intel and Apple, by the kernel's files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from envguard.machine.other_gpus import other_gpus
from envguard.model import Fact
from envguard.probes import kernel
from envguard.questions import accelerators
from envguard.reader import Reader
from tests.machine.told import Told, reason

if TYPE_CHECKING:
    from pathlib import Path

PROCESSOR = "cpu_cores_count 96\nsimd_count 0\nvendor_id 0\n"
MI300X = (
    "cpu_cores_count 0\nsimd_count 1216\nsimd_per_cu 4\nvendor_id 4098\ndevice_id 29857\nunique_id {unique}\n"
    "gfx_target_version 90402\ndrm_render_minor {minor}\n"
)


def write(root: Path, texts: dict[str, str]) -> None:
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two MI300X as Linux shows them: kfd's topology (decimal), amdgpu's own files."""
    nodes = "sys/class/kfd/kfd/topology/nodes"
    texts = {f"{nodes}/0/properties": PROCESSOR, "sys/module/amdgpu/version": "6.12.12\n"}
    for index in (1, 2):
        device = f"sys/class/drm/renderD{127 + index}/device"
        texts |= {
            f"{nodes}/{index}/properties": MI300X.format(unique=0xABC0 + index, minor=127 + index),
            f"{device}/current_compute_partition": "SPX\n",
            f"{device}/current_memory_partition": "NPS1\n",
            f"{device}/vbios_version": "113-M3000100-102\n",
            f"{device}/mem_info_vram_total": "206141652992\n",
            f"{device}/vendor": "0x1002\n",
            f"{device}/device": "0x74a1\n",
        }
    write(tmp_path, texts)
    monkeypatch.setattr(kernel, "ROOT", str(tmp_path))
    monkeypatch.setattr(accelerators, "_folder_of", lambda module: "")
    for name in ("ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def observed() -> dict[str, Fact]:
    return other_gpus(Reader(), "Linux", "x86_64")


def test_two_gpus_tell_everything_that_files_know(node: Path) -> None:
    facts = observed()
    assert reason(facts.pop("amd.names")) == "amdsmi: amdsmi, which comes with ROCm, is not installed beside envguard"
    assert facts == {
        "amd.gpus": "gfx942 of 304 compute units",
        "amd.count": "2",
        "amd.driver": "6.12.12",
        "amd.rocm": "none",
        "amd.partition": "SPX/NPS1",
        "amd.memory": "206141652992",
        "amd.vbios": "113-M3000100-102",
        "amd.uuid": "GPU-000000000000abc1, GPU-000000000000abc2",
        "intel.gpus": "none",
        "apple.gpu": "none",
    }


@pytest.mark.parametrize(
    ("variables", "shown"),
    [
        ({"ROCR_VISIBLE_DEVICES": "1"}, "2"),
        ({"ROCR_VISIBLE_DEVICES": "GPU-000000000000abc2"}, "2"),
        ({"HIP_VISIBLE_DEVICES": "1,0"}, "21"),
        ({"CUDA_VISIBLE_DEVICES": "1"}, "2"),
        ({"CUDA_VISIBLE_DEVICES": "1", "HIP_VISIBLE_DEVICES": "0"}, "1"),
        ({"ROCR_VISIBLE_DEVICES": "1", "HIP_VISIBLE_DEVICES": "0"}, "2"),
        ({"ROCR_VISIBLE_DEVICES": "1", "HIP_VISIBLE_DEVICES": "1"}, ""),
        ({"HIP_VISIBLE_DEVICES": "-1"}, ""),
    ],
)
def test_variables_leave_gpus_out(
    node: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], shown: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    facts = observed()
    assert facts["amd.uuid"] == (", ".join(f"GPU-000000000000abc{digit}" for digit in shown) or "none")
    if not shown:
        assert facts["amd.gpus"] == facts["amd.count"] == facts["amd.memory"] == facts["amd.partition"] == "none"


def test_an_old_kernel_does_not_tell_partitions(node: Path) -> None:
    for path in node.glob("sys/class/drm/*/device/current_*"):
        path.unlink()
    assert reason(observed()["amd.partition"]) == "this kernel does not tell how GPUs are partitioned"


def test_another_partition_is_seen_by_the_probe(node: Path) -> None:
    from envguard.probes import PROBES
    from envguard.trace import holds

    reader = Reader()
    other_gpus(reader, "Linux", "x86_64")
    assert holds(reader.trace.files, reader.trace.values, PROBES)
    (node / "sys/class/drm/renderD128/device/current_compute_partition").write_text("CPX\n")
    assert not holds(reader.trace.files, reader.trace.values, PROBES)


AMDSMI = """
import sys
print("a library that prints")
class AmdSmiException(Exception): pass
def amdsmi_init(): {init}
def amdsmi_get_processor_handles(): return [1, 2]
def amdsmi_get_gpu_asic_info(handle): return {{"market_name": "AMD Instinct MI300X"}}
def amdsmi_get_gpu_driver_info(handle): return {{"driver_version": "6.12.12"}}
def amdsmi_get_gpu_compute_partition(handle): raise AmdSmiException("NOT_SUPPORTED")
def amdsmi_get_gpu_memory_partition(handle): return "NPS1"
"""


@pytest.mark.parametrize(
    ("init", "names"),
    [
        ("pass", "AMD Instinct MI300X"),
        ("raise AmdSmiException('no such device')", "amdsmi: no such device"),
        ("sys.exit('libamd_smi.so is missing')", "amdsmi: libamd_smi.so is missing"),
    ],
)
def test_amdsmi_gives_the_names(
    node: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, init: str, names: str
) -> None:
    (tmp_path / "rocm").mkdir()
    (tmp_path / "rocm/amdsmi.py").write_text(AMDSMI.format(init=init))
    monkeypatch.setattr(accelerators, "_folder_of", lambda module: str(tmp_path / "rocm"))
    told = observed()["amd.names"]
    assert (told if isinstance(told, str) else told.reason) == names


def test_without_amd_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "ROOT", str(tmp_path))
    assert set(observed().values()) == {"none"}
    (tmp_path / "sys/class/kfd").mkdir(parents=True)
    facts = observed()
    assert (facts["amd.gpus"], facts["amd.driver"]) == ("none", "of the kernel")


def test_gpus_of_intel_are_their_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, vendor, driver in (
        ("renderD128", "0x8086", "xe"),
        ("renderD129", "0x1002", "amdgpu"),
        ("card0", "0x8086", "xe"),
    ):
        device = tmp_path / "sys/class/drm" / name / "device"
        write(
            tmp_path,
            {f"sys/class/drm/{name}/device/vendor": f"{vendor}\n", f"sys/class/drm/{name}/device/device": "0x0bda\n"},
        )
        (tmp_path / "drivers" / driver).mkdir(parents=True, exist_ok=True)
        (device / "driver").symlink_to(tmp_path / "drivers" / driver)
    monkeypatch.setattr(kernel, "ROOT", str(tmp_path))
    assert observed()["intel.gpus"] == "0x0bda (xe)"


def test_the_gpu_of_apple_is_its_chip() -> None:
    reader = Told({"apple": "machdep.cpu.brand_string: Apple M3 Max"})
    assert other_gpus(reader, "Darwin", "arm64")["apple.gpu"] == "Apple M3 Max"
    assert reason(other_gpus(Told(), "Darwin", "arm64")["apple.gpu"]).startswith("sysctl does not tell the chip")
    assert other_gpus(reader, "Darwin", "x86_64")["apple.gpu"] == "none"


@pytest.mark.parametrize(
    "answer", ["", "{", "[]", '{"part": "amd-device"}', json.dumps({"part": "end", "error": "no"})]
)
def test_an_answer_that_makes_no_sense_is_unknown(answer: str) -> None:
    quick = "driver: 6.1\nnode: 1\ngfx_target_version: 90402\nsimd_count: 8\nsimd_per_cu: 4\nunique_id: 7"
    facts = other_gpus(Told({"amd-devices": answer}, amd=quick), "Linux", "x86_64")
    assert reason(facts["amd.names"]).startswith("amdsmi: ")
    assert facts["amd.gpus"] == "gfx942 of 2 compute units"
