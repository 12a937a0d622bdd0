"""Machines with GPUs that are not there: the driver's files, and drivers to load that answer as such machines do."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent / "standin"
NVML = "libnvidia-ml.so.1"


@dataclass
class Gpu:
    """A GPU; *instances* are its MIG devices: UUID, profile, multiprocessors, memory in MiB."""

    name: str = "NVIDIA H100 80GB HBM3"
    uuid: str = "GPU-8c6a1f2e-7d3b-4e5f-9a10-2b3c4d5e6f70"
    bus: str = "00000000:18:00.0"
    capability: str = "9.0"
    architecture: int = 9
    memory: int = 81559
    multiprocessors: int = 132
    threads: int = 2048
    vbios: str = "96.00.74.00.1A"
    nvlinks: int | None = None
    mig: int | None = 0
    instances: list[tuple[str, str, int, int]] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)


def eight() -> list[Gpu]:
    """Return the GPUs of a node with NVSwitches."""
    uuids = [f"GPU-{number:08x}-0000-4000-8000-00000000000{number}" for number in range(8)]
    return [Gpu(uuid=uuid, bus=f"00000000:{16 * at + 25:02X}:00.0", nvlinks=18) for at, uuid in enumerate(uuids)]


def divided() -> Gpu:
    """Return a GPU with two MIG devices."""
    return Gpu(
        name="NVIDIA A100-SXM4-40GB",
        uuid="GPU-5c89852c-d268-c3f3-1b07-005d5ae1dc3f",
        capability="8.0",
        architecture=7,
        memory=40960,
        multiprocessors=108,
        vbios="92.00.45.00.03",
        mig=1,
        instances=[
            ("MIG-c7384736-a75d-5afc-978f-d2f1294409fd", "3g.20gb", 42, 19968),
            ("MIG-a28ad590-3fda-56dd-84fc-0a0b96edc58d", "1g.5gb", 14, 4864),
        ],
    )


class Machine:
    """A machine whose driver can be loaded: its files below *root*, its libraries in *libraries*."""

    def __init__(self, folder: Path, compiled: Path, gpus: list[Gpu], *, driver: str = "580.159.04") -> None:
        self.root = folder / "root"
        self.libraries = folder / "libraries"
        self.answers = folder / "answers"
        self.driver = driver
        self.gpus = gpus
        self.libraries.mkdir(parents=True)
        shutil.copy(compiled / NVML, self.libraries / NVML)
        self.cuda_library(compiled, driver)
        self._files()
        self.write()

    def cuda_library(self, compiled: Path, version: str) -> None:
        """Put a libcuda of *version* in the place of the one that is there."""
        link = self.libraries / "libcuda.so.1"
        link.unlink(missing_ok=True)
        shutil.copy(compiled / "libcuda.so.1", self.libraries / f"libcuda.so.{version}")
        link.symlink_to(f"libcuda.so.{version}")

    def _files(self) -> None:
        base = self.root / "proc/driver/nvidia"
        (base / "gpus").mkdir(parents=True)
        (self.root / "dev").mkdir()
        # What is no GPU's is as it is here.
        (self.root / "proc/self").mkdir()
        (self.root / "sys").mkdir()
        for path in ("proc/cpuinfo", "proc/self/cgroup", "sys/devices", "sys/fs"):
            (self.root / path).symlink_to(f"/{path}")
        (self.root / "dev/nvidiactl").touch()
        line = f"NVRM version: NVIDIA UNIX x86_64 Kernel Module  {self.driver}  Tue Sep 23 10:11:16 UTC 2026\n"
        (base / "version").write_text(line + "GCC version:  gcc version 12.2.0 (Debian 12.2.0-14)\n")
        for minor, gpu in enumerate(self.gpus):
            place = base / "gpus" / gpu.bus[4:].lower()
            place.mkdir()
            (place / "information").write_text(
                f"Model: \t\t {gpu.name}\nIRQ:   \t\t 18\nGPU UUID: \t {gpu.uuid}\nVideo BIOS: \t {gpu.vbios}\n"
                f"Bus Type: \t PCIe\nDevice Minor: \t {minor}\nGPU Firmware: \t {self.driver}\nGPU Excluded:\t No\n"
            )
            (self.root / f"dev/nvidia{minor}").touch()
            for number in range(len(gpu.instances)):
                (base / f"capabilities/gpu{minor}/mig/gi{number + 1}/ci0").mkdir(parents=True)

    def write(self, shown: list[str] | None = None, **more: str) -> None:
        """Write what the drivers answer; *shown* are the UUIDs that CUDA shows, *more* overrides (a dot is written ``__``)."""
        lines = {"driver": self.driver, "cuda": "13000", "count": str(len(self.gpus))}
        every: dict[str, tuple[Gpu, str, int]] = {}
        for index, gpu in enumerate(self.gpus):
            every[gpu.uuid] = (gpu, gpu.name, gpu.multiprocessors)
            told = {
                "uuid": gpu.uuid,
                "name": gpu.name,
                "bus": gpu.bus,
                "architecture": gpu.architecture,
                "capability": gpu.capability,
                "memory": gpu.memory,
                "ecc": 1,
                "vbios": gpu.vbios,
                "firmware": self.driver,
                "persistence": 1,
                "nvlinks": gpu.nvlinks,
                "mig": gpu.mig,
                **gpu.answers,
            }
            lines |= {f"{index}.{key}": str(value) for key, value in told.items() if value is not None}
            for number, (uuid, profile, multiprocessors, memory) in enumerate(gpu.instances):
                name = f"{gpu.name} MIG {profile}"
                every[uuid] = (gpu, name, multiprocessors)
                lines |= {
                    f"{index}.mig.{number}.uuid": uuid,
                    f"{index}.mig.{number}.name": name,
                    f"{index}.mig.{number}.gi": str(number + 1),
                    f"{index}.mig.{number}.ci": "0",
                    f"{index}.mig.{number}.attributes": f"{multiprocessors} {memory}",
                }
        shown = [gpu.uuid for gpu in self.gpus] if shown is None else shown
        lines |= {"cuda.version": "13000", "cuda.count": str(len(shown))}
        for index, uuid in enumerate(shown):
            gpu, name, multiprocessors = every[uuid]
            major, minor = gpu.capability.split(".")
            lines |= {
                f"cuda.{index}.name": name,
                f"cuda.{index}.uuid": uuid.partition("-")[2],
                f"cuda.{index}.16": str(multiprocessors),
                f"cuda.{index}.39": str(gpu.threads),
                f"cuda.{index}.75": major,
                f"cuda.{index}.76": minor,
            }
        lines |= {key.replace("__", "."): value for key, value in more.items()}
        self.answers.write_text("".join(f"{key}={value}\n" for key, value in lines.items()))


def compile_drivers(folder: Path) -> Path:
    """Compile the stand-ins into *folder* and return it."""
    compiler = os.environ.get("CC", "cc")
    for source, library in (("nvml.c", NVML), ("cuda.c", "libcuda.so.1")):
        flags = ("-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC")
        subprocess.run([compiler, *flags, str(HERE / source), "-o", str(folder / library)], check=True)
    return folder
