"""NVIDIA GPUs: those that a CUDA program sees, in its order, by the kernel module, the CUDA driver and NVML.

The kernel module's files are the quick way, and vouch for the rest. What the CUDA driver says counts where it can be asked, for
it is what programs get; NVML knows more, and does not know ``CUDA_VISIBLE_DEVICES``.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..model import Fact, Unknown
from .visible import Device, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ..reader import Reader

_VERSION = re.compile(r"\b(\d{3,}\.\d+(?:\.\d+)?)\b")
_PROFILE = re.compile(r"\bMIG (\S+)$")
_OF_A_GPU = (
    "nvidia.gpus",
    "nvidia.count",
    "nvidia.capability",
    "nvidia.architecture",
    "nvidia.multiprocessors",
    "nvidia.mig",
    "nvidia.memory",
    "nvidia.nvlink",
    "nvidia.ecc",
    "nvidia.vbios",
    "nvidia.firmware",
    "nvidia.persistence",
    "nvidia.uuid",
)
_KEYS = (*_OF_A_GPU, "nvidia.driver", "nvidia.libcuda", "nvidia.cuda", "nvidia.present")


@dataclass(slots=True, kw_only=True)
class _Told:
    """Everything that was told of the GPUs: by the kernel module, by NVML, by the CUDA driver, and how the asking ended."""

    module: str = ""
    gpus: list[dict[str, str]] = field(default_factory=list)
    nodes: list[str] = field(default_factory=list)
    nvml: dict[str, Any] = field(default_factory=dict)
    devices: list[dict[str, Any]] = field(default_factory=list)
    cuda: dict[str, Any] = field(default_factory=dict)
    shown: list[dict[str, Any]] = field(default_factory=list)
    problem: str | None = None

    def by_uuid(self, uuid: str) -> tuple[dict[str, str], dict[str, Any], dict[str, Any], dict[str, Any]]:
        """Return what module, NVML (of the GPU, and of the instance of it) and CUDA say of a device."""
        whole = next((gpu for gpu in self.devices if uuid in _uuids_of(gpu)), {})
        part = next((item for item in _instances(whole) if item.get("uuid") == uuid), {})
        parent = whole.get("uuid", uuid)
        module = next((gpu for gpu in self.gpus if gpu.get("uuid") == parent), {})
        cuda = next((item for item in self.shown if item.get("uuid") == _bare(uuid)), {})
        return module, whole, part, cuda


def nvidia(reader: Reader) -> dict[str, Fact]:
    """Return the facts ``nvidia.*``: of each thing the different values of the GPUs that are seen, in CUDA's order.

    All are ``none`` where there is no such GPU that this process could use.
    """
    quick = reader.probe("nvidia")
    if quick.startswith("unmounted"):
        return dict.fromkeys(_KEYS, Unknown(reason="/proc is not mounted, so nobody can say whether there is a GPU"))
    if not quick:
        places = reader.ask("nvidia-bus").split()
        reason = f"an NVIDIA GPU is on the PCI bus ({', '.join(places)}), and its driver is not loaded"
        return dict.fromkeys(_KEYS, Unknown(reason=reason) if places else "none")
    told = _Told()
    _module(told, quick)
    present = ", ".join(gpu.get("model", "?") for gpu in told.gpus) or "none"
    if not told.nodes and not reader.exists("/usr/bin/nvidia-modprobe"):
        # A container that was given no GPU sees the module of the host and none of its device files.
        return {**dict.fromkeys(_KEYS, "none"), "nvidia.present": present}
    reader.environ("LD_LIBRARY_PATH")  # decides which driver libraries are asked
    _asked(told, reader.ask("nvidia-devices"))
    for source in (told.nvml, told.cuda):
        if source.get("library"):
            reader.is_file(source["library"])
    if not told.module and "nvidiactl" not in told.nodes and told.cuda.get("missing"):
        # Where no file of the module tells (Windows, WSL), the driver's library does: it comes with every driver.
        return dict.fromkeys(_KEYS, "none")
    if not told.module or any(gpu.get("mig") == 1 for gpu in told.devices):
        # Nothing cheap tells when instances are made anew with another size, or when a driver without files is another.
        reader.trace.unsettle()
    variables = reader.variables()[1]
    shown = _shown(told, variables.get("CUDA_VISIBLE_DEVICES"), variables.get("CUDA_DEVICE_ORDER", ""))
    return {
        **(dict.fromkeys(_OF_A_GPU, shown) if isinstance(shown, Unknown) else _per_gpu(told, shown)),
        **_versions(told),
        "nvidia.present": present,
    }


def _module(told: _Told, quick: str) -> None:
    for line in quick.split("\n"):
        key, _, value = line.partition(": ")
        if key == "version":
            told.module = value
        elif key == "gpu":
            told.gpus.append({"bus": value})
        elif key == "nodes":
            told.nodes = value.split()
        elif key in ("model", "uuid", "vbios", "firmware") and told.gpus:
            told.gpus[-1][key] = value


def _asked(told: _Told, answer: str) -> None:
    complete = False
    for line in answer.split("\n"):
        try:
            item = json.loads(line)
        except ValueError:
            continue
        part = item.pop("part", None) if isinstance(item, dict) else None
        if part == "nvml":
            told.nvml = item
        elif part == "device":
            told.devices.append(item)
        elif part == "devices":
            complete = True
            if item.get("before") != item.get("after"):
                told.nvml, told.devices = {"error": "the GPUs changed while they were read"}, []
        elif part == "cuda":
            told.cuda = item
        elif part == "cuda-device":
            told.shown.append(item)
        elif part == "end":
            told.problem = str(item["error"]) if "error" in item else None
    problem = told.problem or "it ended without a word"
    if not (complete and told.nvml) and "error" not in told.nvml:
        told.nvml = {**told.nvml, "error": problem}
    if not told.cuda or (isinstance(told.cuda.get("count"), int) and told.cuda["count"] != len(told.shown)):
        told.cuda = {**told.cuda, "error": problem}


def _shown(told: _Told, variable: str | None, order: str) -> tuple[str, ...] | Unknown:
    """Return the UUIDs of the devices that a CUDA program sees."""
    if "error" not in told.cuda and isinstance(told.cuda.get("count"), int):
        known = {_bare(uuid): uuid for gpu in told.devices for uuid in _uuids_of(gpu)}
        known.update((_bare(gpu["uuid"]), gpu["uuid"]) for gpu in told.gpus if "uuid" in gpu)
        uuids = [item.get("uuid") for item in told.shown]
        return tuple(known.get(uuid, f"MIG-{uuid}") if isinstance(uuid, str) else "?" for uuid in uuids)
    if "error" not in told.nvml:
        devices = [
            Device(
                uuid=str(gpu.get("uuid")),
                name=str(gpu.get("name")),
                bus=str(gpu.get("bus")),
                mig=tuple(str(item.get("uuid")) for item in _instances(gpu)),
            )
            for gpu in told.devices
        ]
        broken = next((_words(gpu) for gpu in told.devices if "error" in gpu), None)
        return Unknown(reason=f"NVML: {broken}") if broken else visible(devices, variable, order)
    return Unknown(reason=f"NVML: {told.nvml['error']}; CUDA: {_words(told.cuda)}")


def _per_gpu(told: _Told, shown: Sequence[str]) -> dict[str, Fact]:
    each = [told.by_uuid(uuid) for uuid in shown]
    nvml = f"NVML: {told.nvml['error']}" if "error" in told.nvml else "NVML does not know this GPU"
    cuda = f"CUDA: {_words(told.cuda)}" if "error" in told.cuda else "CUDA does not show this GPU"

    def listed(
        read: Callable[[dict[str, str], dict[str, Any], dict[str, Any], dict[str, Any]], Any], reason: str
    ) -> Fact:
        values = []
        for number, device in enumerate(each):
            value = read(*device)
            if isinstance(value, dict):
                return Unknown(reason=f"GPU {number}: {_words(value)}")
            if value == _MISSING:
                return Unknown(reason=f"GPU {number}: {reason}" if len(each) > 1 else reason)
            values.append("none" if value is None else str(value))
        return _listed(values)

    return {
        "nvidia.gpus": listed(lambda m, w, _p, c: _first(m.get("model"), w.get("name"), c.get("name")), nvml),
        "nvidia.capability": listed(lambda _m, w, _p, c: _capability(w, c), nvml),
        "nvidia.architecture": listed(lambda _m, w, _p, _c: w.get("architecture", _MISSING), nvml),
        "nvidia.multiprocessors": listed(lambda _m, _w, _p, c: _multiprocessors(c), cuda),
        "nvidia.mig": listed(_profile, nvml),
        "nvidia.memory": listed(lambda _m, w, p, _c: _unit(p.get("memory", w.get("memory", _MISSING)), "MiB"), nvml),
        "nvidia.nvlink": listed(lambda _m, w, _p, _c: _unit(w.get("nvlinks", _MISSING), "links"), nvml),
        "nvidia.ecc": listed(lambda _m, w, _p, _c: _switch(w.get("ecc", _MISSING)), nvml),
        "nvidia.vbios": listed(lambda m, w, _p, _c: _first(m.get("vbios"), w.get("vbios", _MISSING)), nvml),
        "nvidia.firmware": listed(lambda m, w, _p, _c: _first(m.get("firmware"), w.get("firmware", _MISSING)), nvml),
        "nvidia.persistence": listed(lambda _m, w, _p, _c: _switch(w.get("persistence", _MISSING)), nvml),
        "nvidia.count": str(len(shown) or "none"),
        "nvidia.uuid": ", ".join(shown) or "none",
    }


_MISSING = "\0"


def _capability(whole: Mapping[str, Any], cuda: Mapping[str, Any]) -> Any:
    pair = cuda.get("capability")
    if isinstance(pair, list) and all(isinstance(number, int) for number in pair):
        return ".".join(map(str, pair))
    return whole.get("capability", _MISSING)


def _multiprocessors(cuda: Mapping[str, Any]) -> Any:
    count, each = cuda.get("multiprocessors", _MISSING), cuda.get("threads", _MISSING)
    if not isinstance(count, int) or not isinstance(each, int):
        return count if not isinstance(count, int) else each
    return f"{count} of {each} threads"


def _profile(
    module: Mapping[str, str], whole: Mapping[str, Any], part: Mapping[str, Any], cuda: Mapping[str, Any]
) -> Any:
    name = part.get("name") or cuda.get("name") or ""
    if isinstance(name, str) and (match := _PROFILE.search(name)):
        return match[1]
    if part:
        return part.get("name")
    # A GPU that is shown as a whole is not divided.
    if cuda and (module or whole.get("uuid")):
        return "off"
    mode = whole.get("mig", _MISSING)
    return "off" if mode in (0, None) else mode


def _versions(told: _Told) -> dict[str, Fact]:
    match = _VERSION.search(told.module)
    driver: Fact
    if match is not None:
        driver = match[1]
    elif told.module:
        driver = Unknown(reason=f"the kernel module says '{told.module}'")
    else:
        said = told.nvml.get("driver")
        driver = said if isinstance(said, str) else Unknown(reason=f"NVML: {_words(told.nvml)}")
    cuda = told.cuda.get("version")
    library = _VERSION.search(os.path.basename(told.cuda.get("library") or ""))
    untold = Unknown(
        reason=f"CUDA: {_words(told.cuda)}"
        if "error" in told.cuda
        else "the file of libcuda has no version in its name"
    )
    compatible = " (forward compatibility)" if library is not None and driver != library[1] else ""
    return {
        "nvidia.driver": driver,
        "nvidia.cuda": f"{cuda // 1000}.{cuda % 1000 // 10}"
        if isinstance(cuda, int)
        else Unknown(reason=f"CUDA: {_words(told.cuda)}"),
        "nvidia.libcuda": f"{library[1]}{compatible}" if library is not None else untold,
    }


def _uuids_of(gpu: Mapping[str, Any]) -> list[str]:
    return [str(gpu.get("uuid")), *(str(item.get("uuid")) for item in _instances(gpu))]


def _instances(gpu: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = gpu.get("instances")
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _bare(uuid: str) -> str:
    return uuid.removeprefix("GPU-").removeprefix("MIG-")


def _words(told: Mapping[str, Any]) -> str:
    return str(told.get("error", "it does not tell"))


def _first(*values: Any) -> Any:
    return next(
        (value for value in values if value not in (None, _MISSING)), values[-1] if values[-1] is None else _MISSING
    )


def _unit(value: Any, unit: str) -> Any:
    return f"{value} {unit}" if isinstance(value, int) else value


def _switch(value: Any) -> Any:
    return {0: "off", 1: "on"}.get(value, value) if isinstance(value, int) else value


def _listed(values: Iterable[str]) -> str:
    """Return *values*, each once, in the order in which they come: how many GPUs there are is a fact of its own."""
    return ", ".join(dict.fromkeys(values)) or "none"
