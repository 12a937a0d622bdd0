"""NVIDIA GPUs, by drivers that answer as such machines do: loaded, asked and timed like the real ones."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import pytest

from envguard.machine.nvidia import nvidia
from envguard.model import Fact, Unknown
from envguard.probes import PROBES, kernel
from envguard.questions import accelerators
from envguard.reader import Reader
from envguard.trace import holds
from tests.machine.machines import Gpu, divided, eight
from tests.machine.told import Told, reason

if TYPE_CHECKING:
    from pathlib import Path

    from tests.machine.conftest import Make

ONE = {
    "nvidia.gpus": "NVIDIA H100 80GB HBM3",
    "nvidia.count": "1",
    "nvidia.capability": "9.0",
    "nvidia.architecture": "Hopper",
    "nvidia.multiprocessors": "132 of 2048 threads",
    "nvidia.mig": "off",
    "nvidia.memory": "81559 MiB",
    "nvidia.nvlink": "none",
    "nvidia.ecc": "on",
    "nvidia.vbios": "96.00.74.00.1A",
    "nvidia.firmware": "580.159.04",
    "nvidia.persistence": "on",
    "nvidia.uuid": "GPU-8c6a1f2e-7d3b-4e5f-9a10-2b3c4d5e6f70",
    "nvidia.driver": "580.159.04",
    "nvidia.libcuda": "580.159.04",
    "nvidia.cuda": "13.0",
    "nvidia.present": "NVIDIA H100 80GB HBM3",
}


def observed(**variables: str) -> dict[str, Fact]:
    os.environ.update(variables)
    try:
        return nvidia(Reader())
    finally:
        for name in variables:
            del os.environ[name]


def unknowns(facts: dict[str, Fact]) -> dict[str, str]:
    return {key: fact.reason for key, fact in facts.items() if isinstance(fact, Unknown)}


def test_one_gpu_tells_everything(make: Make) -> None:
    make()
    assert observed() == ONE


def test_of_eight_equal_gpus_each_thing_is_told_once(make: Make) -> None:
    make(eight())
    facts = observed()
    assert facts["nvidia.count"] == "8"
    assert facts["nvidia.gpus"] == "NVIDIA H100 80GB HBM3"
    assert facts["nvidia.multiprocessors"] == "132 of 2048 threads"
    assert facts["nvidia.nvlink"] == "18 links"
    assert str(facts["nvidia.uuid"]).count("GPU-") == 8


def test_what_cuda_shows_counts_and_its_order(make: Make) -> None:
    gpus = [Gpu(name="NVIDIA A100", uuid="GPU-aa", capability="8.0"), Gpu(uuid="GPU-bb", bus="00000000:29:00.0")]
    machine = make([gpus[0], gpus[1]])
    gpus[0].uuid, gpus[1].uuid = ("GPU-" + digit * 8 + "-0000-4000-8000-000000000000" for digit in "ab")
    machine.write([gpus[1].uuid, gpus[0].uuid])  # the fastest comes first
    facts = observed()
    assert facts["nvidia.gpus"] == "NVIDIA H100 80GB HBM3, NVIDIA A100"
    assert facts["nvidia.capability"] == "9.0, 8.0"
    assert facts["nvidia.present"] == "NVIDIA A100, NVIDIA H100 80GB HBM3"
    machine.write([])
    facts = observed()
    assert (
        facts["nvidia.gpus"]
        == facts["nvidia.count"]
        == facts["nvidia.multiprocessors"]
        == facts["nvidia.uuid"]
        == "none"
    )
    assert facts["nvidia.driver"] == "580.159.04"


def test_an_instance_of_a_divided_gpu_is_what_it_is(make: Make) -> None:
    machine = make([divided()])
    machine.write([machine.gpus[0].instances[0][0]])
    facts = observed()
    assert facts["nvidia.mig"] == "3g.20gb"
    assert facts["nvidia.multiprocessors"] == "42 of 2048 threads"
    assert facts["nvidia.memory"] == "19968 MiB"
    assert facts["nvidia.uuid"] == machine.gpus[0].instances[0][0]
    assert facts["nvidia.vbios"] == "92.00.45.00.03"
    machine.write([machine.gpus[0].instances[1][0]])
    assert observed()["nvidia.mig"] == "1g.5gb"


def test_the_answer_about_a_divided_gpu_is_never_kept(make: Make) -> None:
    make([divided()]).write([divided().instances[0][0]])
    reader = Reader()
    nvidia(reader)
    assert not reader.trace.settled()


def test_the_quick_facts_vouch_for_the_answer(make: Make) -> None:
    machine = make()
    reader = Reader()
    nvidia(reader)
    assert holds(reader.trace.files, reader.trace.values, PROBES)
    assert reader.trace.settled() is (max(machine.libraries.stat().st_mtime, 0) + 2 < time.time())
    (machine.root / "proc/driver/nvidia/capabilities/gpu0/mig/gi1/ci0").mkdir(parents=True)
    assert not holds(reader.trace.files, reader.trace.values, PROBES)


def test_what_is_shown_only_while_somebody_uses_a_gpu_ends_no_trace(make: Make) -> None:
    machine = make()
    reader = Reader()
    nvidia(reader)
    path = next((machine.root / "proc/driver/nvidia/gpus").glob("*/information"))
    text = path.read_text().replace(machine.gpus[0].uuid, "GPU-????????-????-????-????-????????????")
    path.write_text(text.replace(machine.gpus[0].vbios, "??.??.??.??.??").replace("18", "255"))
    assert observed() == ONE
    assert holds(reader.trace.files, reader.trace.values, PROBES)


@pytest.mark.parametrize("change", ["version", "gpu", "libcuda", "variable", "boot"])
def test_what_changes_the_answer_ends_the_trace(
    make: Make, drivers: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    machine = make()
    reader = Reader()
    nvidia(reader)
    if change == "version":
        path = machine.root / "proc/driver/nvidia/version"
        path.write_text(path.read_text().replace("580.159.04", "580.159.05"))
    elif change == "gpu":
        path = next((machine.root / "proc/driver/nvidia/gpus").glob("*/information"))
        path.write_text(path.read_text().replace("H100", "H200"))
    elif change == "libcuda":
        time.sleep(0.02)
        machine.cuda_library(drivers, "590.1.2")
        (machine.libraries / "libcuda.so.580.159.04").unlink()
    elif change == "variable":
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    else:
        (machine.root / "proc/sys/kernel/random").mkdir(parents=True)
        (machine.root / "proc/sys/kernel/random/boot_id").write_text("another\n")
    assert not holds(reader.trace.files, reader.trace.values, PROBES)


def test_libcuda_of_forward_compatibility_is_said(make: Make, drivers: Path) -> None:
    machine = make()
    machine.cuda_library(drivers, "590.44.01")
    facts = observed()
    assert (facts["nvidia.libcuda"], facts["nvidia.driver"]) == ("590.44.01 (forward compatibility)", "580.159.04")


def test_libcuda_that_does_not_fit_the_module(make: Make) -> None:
    make().write(cuda__init="!803")
    facts = observed()
    assert reason(facts["nvidia.multiprocessors"]) == "CUDA: cuInit failed with CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"
    # Which GPUs a program would see is told by NVML then, and by the variable.
    assert facts["nvidia.gpus"] == "NVIDIA H100 80GB HBM3"
    assert facts["nvidia.memory"] == "81559 MiB"


def test_no_device_for_cuda_is_no_gpu(make: Make) -> None:
    make().write(cuda__init="!100")
    assert observed()["nvidia.gpus"] == "none"


def test_without_cuda_the_variable_is_applied_as_cuda_does(make: Make) -> None:
    machine = make(eight())
    (machine.libraries / "libcuda.so.1").unlink()
    facts = observed(CUDA_VISIBLE_DEVICES="3,1")
    assert facts["nvidia.uuid"] == f"{machine.gpus[3].uuid}, {machine.gpus[1].uuid}"
    assert facts["nvidia.gpus"] == "NVIDIA H100 80GB HBM3"
    assert reason(facts["nvidia.multiprocessors"]) == "GPU 0: CUDA: libcuda.so.1 is not there"
    assert reason(facts["nvidia.cuda"]) == "CUDA: libcuda.so.1 is not there"
    assert observed(CUDA_VISIBLE_DEVICES="-1")["nvidia.gpus"] == "none"


def test_without_nvidia_ml_py_cuda_tells_what_decides_numbers(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    make()
    monkeypatch.setattr(accelerators, "_folder_of", lambda module: "")
    facts = observed()
    untold = unknowns(facts)
    assert {key: value for key, value in facts.items() if key not in untold} == {
        key: ONE[key] for key in ONE if key not in untold
    }
    assert set(untold) == {
        "nvidia.architecture",
        "nvidia.memory",
        "nvidia.nvlink",
        "nvidia.ecc",
        "nvidia.vbios",
        "nvidia.firmware",
        "nvidia.persistence",
    }
    assert set(untold.values()) == {"NVML: nvidia-ml-py is not installed: pip install 'envguard[gpu]'"}


def test_without_nvidia_ml_py_an_instance_is_told_alike(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = make([divided()])
    machine.write([machine.gpus[0].instances[0][0]])
    with_it = observed()
    monkeypatch.setattr(accelerators, "_folder_of", lambda module: "")
    facts = observed()
    for key in ("nvidia.gpus", "nvidia.mig", "nvidia.multiprocessors", "nvidia.capability", "nvidia.uuid"):
        assert facts[key] == with_it[key], key
    assert facts["nvidia.gpus"] == "NVIDIA A100-SXM4-40GB"


def test_a_file_beside_a_script_is_never_taken_for_the_library(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make()
    trap = tmp_path / "repository"
    trap.mkdir()
    ran = tmp_path / "ran"
    (trap / "pynvml.py").write_text(f"open({str(ran)!r}, 'w')\n")
    (trap / "json.py").write_text(f"open({str(ran)!r}, 'w')\n")
    monkeypatch.chdir(trap)
    monkeypatch.setenv("PYTHONPATH", str(trap))
    monkeypatch.setattr(sys, "path", [str(trap), "", *sys.path])
    assert observed() == ONE
    assert not ran.exists()


def test_a_library_of_that_name_that_cannot_be_used_is_unknown(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make()
    site = tmp_path / "site-packages"
    site.mkdir()
    monkeypatch.setattr(sys, "path", [str(site), *sys.path])
    (site / "pynvml.py").write_text("raise RuntimeError('broken')\n")
    assert reason(observed()["nvidia.memory"]) == "NVML: pynvml cannot be imported: broken"
    (site / "pynvml.py").write_text("")
    assert reason(observed()["nvidia.memory"]).startswith("NVML: module 'pynvml' has no attribute 'nvmlInit'")


def test_a_library_that_is_installed_later_ends_the_trace(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make()
    site = tmp_path / "site-packages"
    site.mkdir()
    monkeypatch.setattr(sys, "path", [str(site)])
    reader = Reader()
    assert unknowns(nvidia(reader))
    assert not reader.trace._unstable
    assert holds(reader.trace.files, reader.trace.values, PROBES)
    (site / "pynvml.py").touch()
    assert not holds(reader.trace.files, reader.trace.values, PROBES)


def test_a_driver_that_failed_is_asked_again(make: Make) -> None:
    machine = make()
    for more in ({"init": "!4"}, {"cuda__init": "!803"}):
        machine.write(None, **more)
        reader = Reader()
        nvidia(reader)
        assert reader.trace._unstable


def test_an_old_driver_lacks_functions(make: Make) -> None:
    """A driver of 2018: no architecture, no MIG, no GSP; and CUDA 9."""
    gpu = Gpu(name="Tesla V100-SXM2-16GB", capability="7.0", multiprocessors=80, mig=None)
    gpu.answers = {"architecture": "!13", "mig": "!13", "firmware": "!13"}
    make([gpu], driver="390.87").write(cuda="9010", cuda__version="9010")
    facts = observed()
    assert facts["nvidia.driver"] == "390.87"
    assert facts["nvidia.cuda"] == "9.1"
    assert facts["nvidia.gpus"] == "Tesla V100-SXM2-16GB"
    assert facts["nvidia.mig"] == "off"
    assert reason(facts["nvidia.architecture"]) == "GPU 0: Function Not Found"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("!4", "NVML: Insufficient Permissions"),
        ("!9", "NVML: Driver Not Loaded"),
        ("!18", "NVML: RM has detected an NVML/RM version mismatch."),
    ],
)
def test_nvml_that_refuses(make: Make, answer: str, words: str) -> None:
    make().write(init=answer)
    facts = observed()
    assert reason(facts["nvidia.memory"]) == words
    assert facts["nvidia.multiprocessors"] == ONE["nvidia.multiprocessors"]


def test_nvml_that_is_not_there(make: Make) -> None:
    machine = make()
    for library in machine.libraries.iterdir():
        library.unlink()
    facts = observed()
    words = "NVML: NVML Shared Library Not Found; CUDA: libcuda.so.1 is not there"
    assert reason(facts["nvidia.gpus"]) == reason(facts["nvidia.mig"]) == words
    assert facts["nvidia.driver"] == "580.159.04"
    assert facts["nvidia.present"] == "NVIDIA H100 80GB HBM3"


def test_a_lost_gpu_in_the_middle_is_named(make: Make) -> None:
    gpus = eight()
    gpus[3].answers = {"memory": "!15", "persistence": "!15"}
    machine = make(gpus)
    facts = observed()
    assert reason(facts["nvidia.memory"]) == "GPU 3: GPU is lost"
    assert facts["nvidia.gpus"] == "NVIDIA H100 80GB HBM3"
    gpus[3].answers = {"handle": "!15"}
    machine.write()
    facts = observed()
    assert reason(facts["nvidia.memory"]) == "GPU 3: NVML does not know this GPU"


def test_a_driver_that_hangs_costs_the_time_limit_and_what_it_did_not_say(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accelerators, "SECONDS", 3.0)
    machine = make(eight())
    machine.write(None, **{"2__memory": "hang"})
    start = time.monotonic()
    facts = observed()
    assert time.monotonic() - start < 60
    words = "NVML: it did not answer within 3 seconds; CUDA: it did not answer within 3 seconds"
    assert reason(facts["nvidia.gpus"]) == reason(facts["nvidia.mig"]) == words
    assert facts["nvidia.driver"] == "580.159.04"
    machine.write(cuda__init="hang")
    facts = observed()
    assert reason(facts["nvidia.multiprocessors"]) == "GPU 0: CUDA: it did not answer within 3 seconds"
    assert facts["nvidia.memory"] == "81559 MiB"


def test_a_driver_that_crashes_takes_nobody_with_it(make: Make) -> None:
    make().write(None, **{"0__vbios": "crash"})
    facts = observed()
    assert (
        reason(facts["nvidia.memory"])
        == "NVML: it ended its process with signal 6; CUDA: it ended its process with signal 6"
    )


def test_gpus_that_change_while_they_are_read(make: Make) -> None:
    machine = make(eight())
    machine.write(count__later="7")
    facts = observed()
    assert reason(facts["nvidia.memory"]) == "GPU 0: NVML: the GPUs changed while they were read"


def test_a_container_without_a_gpu_on_a_host_with_one_has_none(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = make()
    for node in (machine.root / "dev").iterdir():
        node.unlink()
    monkeypatch.setattr(Reader, "exists", lambda self, path: False)
    facts = observed()
    assert facts.pop("nvidia.present") == "NVIDIA H100 80GB HBM3"
    assert set(facts.values()) == {"none"}


def test_a_driver_without_files_is_asked_and_its_answer_not_kept(make: Make) -> None:
    """As in gVisor and in WSL: device files, and no /proc/driver/nvidia."""
    machine = make()
    (machine.root / "proc/driver/nvidia").rename(machine.root / "elsewhere")
    reader = Reader()
    facts = nvidia(reader)
    assert {**facts, "nvidia.present": ONE["nvidia.present"]} == ONE
    assert not reader.trace.settled()


@pytest.mark.parametrize("quick", ["nodes: windows", "version: \nboot: x\nnodes: dxg"])
def test_where_no_file_tells_a_missing_driver_library_is_no_gpu(quick: str) -> None:
    """Windows, and WSL on a machine whose GPU is another maker's."""
    nvml = '{"part": "nvml", "error": "NVML Shared Library Not Found"}\n'
    missing = '{"part": "cuda", "error": "it is not there", "missing": true}\n{"part": "end"}'
    facts = nvidia(Told({"nvidia-devices": nvml + missing}, nvidia=quick))
    assert set(facts.values()) == {"none"}
    hangs = '{"part": "end", "error": "it did not answer within 30 seconds"}'
    facts = nvidia(Told({"nvidia-devices": nvml + hangs}, nvidia=quick))
    assert isinstance(facts["nvidia.gpus"], Unknown)


def test_no_sign_of_a_gpu_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "ROOT", str(tmp_path))
    (tmp_path / "proc/self").mkdir(parents=True)
    assert set(nvidia(Reader()).values()) == {"none"}


def test_a_gpu_without_its_driver_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "ROOT", str(tmp_path))
    (tmp_path / "proc/self").mkdir(parents=True)
    for place, vendor, kind in (("0000:01:00.0", "0x10de", "0x030200"), ("0000:02:00.0", "0x10de", "0x040300")):
        device = tmp_path / "sys/bus/pci/devices" / place
        device.mkdir(parents=True)
        (device / "vendor").write_text(vendor + "\n")
        (device / "class").write_text(kind + "\n")
    facts = nvidia(Reader())
    words = "an NVIDIA GPU is on the PCI bus (0000:01:00.0), and its driver is not loaded"
    assert {reason(fact) for fact in facts.values()} == {words}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")
def test_without_proc_nobody_can_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "ROOT", str(tmp_path))
    facts = nvidia(Reader())
    assert {reason(fact) for fact in facts.values()} == {
        "/proc is not mounted, so nobody can say whether there is a GPU"
    }


def test_a_module_that_says_something_else_is_quoted() -> None:
    facts = nvidia(Told(nvidia="version: something else\nnodes: nvidiactl"))
    assert reason(facts["nvidia.driver"]) == "the kernel module says 'something else'"


@pytest.mark.parametrize(
    "answer", ["", "{", "[]", '{"part": "device"}\n{"part": "end"}', "null", '{"part": "devices"}']
)
def test_an_answer_that_makes_no_sense_is_unknown(answer: str) -> None:
    quick = "version: NVRM 580.1.2\ngpu: 1\nmodel: H100\nuuid: GPU-1\nnodes: nvidiactl"
    facts = nvidia(Told({"nvidia-devices": answer}, nvidia=quick))
    assert isinstance(facts["nvidia.multiprocessors"], Unknown)
    assert isinstance(facts["nvidia.gpus"], Unknown)


@pytest.mark.gpu
def test_a_real_gpu_tells_what_pytorch_sees() -> None:
    """On a machine that has one; with torch beside it the two are compared."""
    facts = nvidia(Reader())
    assert not unknowns(facts), facts
    torch = pytest.importorskip("torch")
    properties = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
    assert str(facts["nvidia.uuid"]).split(", ") == [f"GPU-{item.uuid}" for item in properties]
    first = properties[0]
    assert str(facts["nvidia.gpus"]).endswith(first.name)
    assert str(facts["nvidia.multiprocessors"]).endswith(
        f"{first.multi_processor_count} of {first.max_threads_per_multi_processor} threads"
    )
    assert str(facts["nvidia.capability"]).endswith(f"{first.major}.{first.minor}")
