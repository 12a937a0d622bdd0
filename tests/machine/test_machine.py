"""What a machine says of itself, and what it cannot say."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

import pytest

from envguard.machine import observe
from envguard.machine.accelerators import accelerators
from envguard.machine.hardware import hardware
from envguard.machine.torch_build import torch_build
from envguard.model import Fact, Unknown
from envguard.reader import Reader

if TYPE_CHECKING:
    from pathlib import Path


class Told(Reader):
    """A reader whose probes say what a test wants."""

    def __init__(self, **probes: str) -> None:
        super().__init__()
        self.probes = probes

    def probe(self, name: str) -> str:
        return self.probes.get(name, "")


def reason(fact: Fact) -> str:
    assert isinstance(fact, Unknown)
    return fact.reason


LINUX = "Linux\n6.1.0\n#1 SMP\nx86_64"


def test_this_machine_says_what_the_standard_library_says() -> None:
    facts = observe(Reader(), implementation="cpython", version="3.11.7", build="main", folders=[])
    assert facts["interpreter.version"] == "3.11.7"
    assert facts["platform.system"] == platform.system()
    assert facts["platform.kernel"] == platform.release()
    assert facts["platform.architecture"] == platform.machine()
    assert facts["platform.libc"] == " ".join(platform.libc_ver())
    assert facts["torch.version"] == "none"


def test_a_processor_is_vendor_and_model() -> None:
    cpu = "vendor_id: GenuineIntel\ncpu family: 6\nmodel: 106\nmodel name: Xeon 8375C"
    facts = hardware(Told(uname=LINUX, libc="glibc 2.36", cpu=cpu))
    assert facts["cpu.vendor"] == "GenuineIntel"
    assert facts["cpu.model"] == "Xeon 8375C (family 6, model 106)"


def test_an_arm_processor_is_named_by_its_numbers() -> None:
    cpu = "CPU implementer: 0x41\nCPU part: 0xd40\nCPU variant: 0x1"
    facts = hardware(Told(uname=LINUX, libc="glibc 2.36", cpu=cpu))
    assert (facts["cpu.vendor"], facts["cpu.model"]) == ("0x41", "part 0xd40, variant 0x1")


def test_what_cannot_be_told_is_unknown_with_its_reason() -> None:
    facts = hardware(Told())
    assert reason(facts["platform.system"]) == "this system has no uname"
    assert reason(facts["cpu.model"]) == "this system does not tell its processor through /proc/cpuinfo"
    silent = hardware(Told(uname=LINUX))
    assert reason(silent["platform.libc"]).endswith("does not tell its version")


def test_without_a_driver_there_is_no_gpu() -> None:
    assert accelerators(Told()) == {"nvidia.driver": "none", "nvidia.gpus": "none"}


def test_the_kernel_module_tells_driver_and_models() -> None:
    line = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.95.05  Tue Sep 23 10:11:16 UTC 2026"
    facts = accelerators(Told(nvidia=f"{line}\nNVIDIA H100 80GB HBM3\nNVIDIA A100"))
    assert facts == {"nvidia.driver": "580.95.05", "nvidia.gpus": "NVIDIA A100, NVIDIA H100 80GB HBM3"}
    assert reason(accelerators(Told(nvidia="something else"))["nvidia.driver"]) == (
        "the kernel module says 'something else'"
    )


def write_version(folder: Path, text: str) -> list[str]:
    (folder / "torch").mkdir()
    (folder / "torch" / "version.py").write_text(text)
    return [str(folder / "elsewhere"), str(folder)]


def test_the_build_of_torch_is_read_as_text_and_never_run(tmp_path: Path) -> None:
    canary = tmp_path / "ran"
    text = (
        f"open({str(canary)!r}, 'w')\n"
        "from typing import Optional\n"
        "__all__ = ['__version__']\n"
        "__version__ = '2.14.1+cu130'\n"
        "debug = False\n"
        "cuda: Optional[str] = '13.0'\n"
        'git_version = "abc"  # where it came from\n'
        "hip: Optional[str] = None\n"
    )
    assert torch_build(Reader(), write_version(tmp_path, text)) == {
        "torch.version": "2.14.1+cu130",
        "torch.cuda": "13.0",
        "torch.hip": "none",
        "torch.git": "abc",
    }
    assert not canary.exists()


@pytest.mark.parametrize("text", ["", "__version__ = make()\n", "__version__ = '1'\n__version__ = '2'\n", "\0" * 100])
def test_a_build_that_is_not_understood_is_unknown(tmp_path: Path, text: str) -> None:
    facts = torch_build(Reader(), write_version(tmp_path, text))
    assert reason(facts["torch.version"]) == (
        "torch/version.py does not assign __version__ in a way that is known here"
    )


def test_a_build_that_cannot_be_read_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "torch" / "version.py").mkdir(parents=True)
    facts = torch_build(Reader(), [str(tmp_path)])
    assert reason(facts["torch.cuda"]) == "torch/version.py is not a regular file"


@pytest.mark.torch
def test_the_text_says_what_torch_says() -> None:
    import os

    import torch

    facts = torch_build(Reader(), [os.path.dirname(os.path.dirname(torch.__file__))])
    assert facts == {
        "torch.version": str(torch.__version__),
        "torch.cuda": torch.version.cuda or "none",
        "torch.hip": torch.version.hip or "none",
        "torch.git": torch.version.git_version,
    }
