"""What the kernel module, NVML and the CUDA driver answered about NVIDIA GPUs, put together."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

CHANGED = "the GPUs changed while they were read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """What the kernel module's files tell: its *version* line, the *models*, the device *nodes*, whether a GPU is *divided*."""

    version: str
    models: tuple[str, ...]
    nodes: tuple[str, ...]
    divided: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the libraries tell, as ``questions/nvidia_child.py`` words it.

    *nvml* and *cuda* are about each as a whole, with an ``error`` where it did not answer or not to its end; *devices* are the
    GPUs of NVML, *shown* those that CUDA shows, in its order.
    """

    nvml: Mapping[str, Any]
    devices: tuple[Mapping[str, Any], ...]
    cuda: Mapping[str, Any]
    shown: tuple[Mapping[str, Any], ...]

    def of(self, uuid: str) -> tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]:
        """Return what NVML says of a GPU and of the instance of it that has this UUID, and what CUDA says."""
        whole = next((gpu for gpu in self.devices if uuid in uuids_of(gpu)), {})
        part = next((item for item in instances_of(whole) if item.get("uuid") == uuid), {})
        cuda = next((item for item in self.shown if item.get("uuid") == bare(uuid)), {})
        return whole, part, cuda


def read_module(quick: str) -> Module:
    """Return what the probe ``nvidia`` told."""
    lines = [line.partition(": ") for line in quick.split("\n")]
    told = {key: value for key, _, value in lines}
    return Module(
        version=told.get("version", ""),
        models=tuple(value for key, _, value in lines if key == "model"),
        nodes=tuple(told.get("nodes", "").split()),
        divided="mig" in told,
    )


def read_answers(text: str) -> Answers:
    """Return what the question ``nvidia-devices`` was answered, however little that is."""
    parts: dict[object, list[dict[str, Any]]] = {}
    for line in text.split("\n"):
        try:
            item = json.loads(line)
        except ValueError:
            continue
        if isinstance(item, dict):
            parts.setdefault(str(item.pop("part", None)), []).append(item)
    problem = str(_last(parts, "end").get("error", "it ended without a word"))
    nvml, end = _last(parts, "nvml"), parts.get("devices")
    devices = tuple(parts.get("device", ()))
    if end is not None and end[-1].get("before") != end[-1].get("after"):
        nvml, devices = {"error": CHANGED}, ()
    elif (end is None or not nvml) and "error" not in nvml:
        nvml = {**nvml, "error": problem}
    cuda, shown = _last(parts, "cuda"), tuple(parts.get("cuda-device", ()))
    if not cuda or (isinstance(cuda.get("count"), int) and cuda["count"] != len(shown)):
        cuda = {**cuda, "error": problem}
    return Answers(nvml=nvml, devices=devices, cuda=cuda, shown=shown)


def uuids_of(gpu: Mapping[str, Any]) -> list[str]:
    """Return the UUID of a GPU and those of its instances."""
    return [str(gpu.get("uuid")), *(str(item.get("uuid")) for item in instances_of(gpu))]


def instances_of(gpu: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the MIG devices of a GPU."""
    found = gpu.get("instances")
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def bare(uuid: str) -> str:
    """Return a UUID as CUDA gives it, without the kind of the device."""
    return uuid.removeprefix("GPU-").removeprefix("MIG-")


def words_of(told: Mapping[str, Any]) -> str:
    """Return why something did not answer."""
    return str(told.get("error", "it does not tell"))


def _last(parts: Mapping[object, list[dict[str, Any]]], name: str) -> dict[str, Any]:
    return parts[name][-1] if name in parts else {}
