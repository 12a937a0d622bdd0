"""NVIDIA GPUs: those that a CUDA program sees, in its order, by the kernel module, the CUDA driver and NVML.

The kernel module's files are the quick way, and vouch for the rest. What the CUDA driver says counts where it can be asked, for
it is what programs get; NVML knows more, and does not know ``CUDA_VISIBLE_DEVICES``.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from ..model import Fact, Unknown
from .nvidia_answers import Answers, Module, bare, instances_of, read_answers, read_module, uuids_of, words_of
from .visible import Device, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..reader import Reader

_VERSION = re.compile(r"\b(\d{3,}\.\d+(?:\.\d+)?)\b")
_MISSING = "\0"  # a value that nobody told
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
    module = read_module(quick)
    present = ", ".join(module.models) or "none"
    if not module.nodes and not reader.exists("/usr/bin/nvidia-modprobe"):
        # A container that was given no GPU sees the module of the host and none of its device files.
        return {**dict.fromkeys(_KEYS, "none"), "nvidia.present": present}
    reader.environ("LD_LIBRARY_PATH")  # decides which driver libraries are asked
    told = read_answers(reader.ask("nvidia-devices"))
    for source in (told.nvml, told.cuda):
        if isinstance(source.get("library"), str):
            reader.is_file(source["library"])
    if not module.version and "nvidiactl" not in module.nodes and told.cuda.get("missing"):
        # Where no file of the module tells (Windows, WSL), the driver's library does: it comes with every driver.
        return dict.fromkeys(_KEYS, "none")
    failed = any("error" in source and not source.get("missing") for source in (told.nvml, told.cuda))
    if failed or not module.version or module.divided or any(gpu.get("mig") == 1 for gpu in told.devices):
        # Nothing cheap tells when a driver works again, when instances are made anew with another size, or when a driver
        # without files is another.
        reader.trace.unsettle()
    variables = reader.variables()[1]
    shown = _shown(told, variables.get("CUDA_VISIBLE_DEVICES"), variables.get("CUDA_DEVICE_ORDER", ""))
    return {
        **(dict.fromkeys(_OF_A_GPU, shown) if isinstance(shown, Unknown) else _per_gpu(module, told, shown)),
        **_versions(module, told),
        "nvidia.present": present,
    }


def _shown(told: Answers, variable: str | None, order: str) -> tuple[str, ...] | Unknown:
    """Return the UUIDs of the devices that a CUDA program sees."""
    if "error" not in told.cuda and isinstance(told.cuda.get("count"), int):
        known = {bare(uuid): uuid for gpu in told.devices for uuid in uuids_of(gpu)}
        kinds = ["MIG" if _PROFILE.search(str(item.get("name"))) else "GPU" for item in told.shown]
        uuids = [item.get("uuid") for item in told.shown]
        return tuple(
            known.get(uuid, f"{kind}-{uuid}") if isinstance(uuid, str) else "?"
            for uuid, kind in zip(uuids, kinds, strict=True)
        )
    if "error" not in told.nvml:
        devices = [
            Device(
                uuid=str(gpu.get("uuid")),
                name=str(gpu.get("name")),
                bus=str(gpu.get("bus")),
                mig=tuple(str(item.get("uuid")) for item in instances_of(gpu)),
            )
            for gpu in told.devices
        ]
        broken = next((words_of(gpu) for gpu in told.devices if "error" in gpu), None)
        return Unknown(reason=f"NVML: {broken}") if broken else visible(devices, variable, order)
    return Unknown(reason=f"NVML: {told.nvml['error']}; CUDA: {words_of(told.cuda)}")


def _per_gpu(module: Module, told: Answers, shown: Sequence[str]) -> dict[str, Fact]:
    each = [told.of(uuid) for uuid in shown]
    nvml = f"NVML: {told.nvml['error']}" if "error" in told.nvml else "NVML does not know this GPU"
    cuda = f"CUDA: {words_of(told.cuda)}" if "error" in told.cuda else "CUDA does not show this GPU"

    def listed(read: Callable[[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]], Any], reason: str) -> Fact:
        values = []
        for number, device in enumerate(each):
            value = read(*device)
            if isinstance(value, dict):
                return Unknown(reason=f"GPU {number}: {words_of(value)}")
            if value == _MISSING:
                return Unknown(reason=f"GPU {number}: {reason}" if len(each) > 1 else reason)
            values.append("none" if value is None else str(value))
        return ", ".join(dict.fromkeys(values)) or "none"

    def by_nvml(key: str, word: Callable[[Any], Any] = lambda value: value) -> Fact:
        return listed(lambda whole, _part, _cuda: word(whole.get(key, _MISSING)), nvml)

    return {
        "nvidia.gpus": listed(lambda whole, _, cuda: whole.get("name") or _model(cuda), nvml),
        "nvidia.capability": listed(lambda whole, _, cuda: _capability(whole, cuda), nvml),
        "nvidia.architecture": by_nvml("architecture"),
        "nvidia.multiprocessors": listed(lambda _whole, _part, cuda: _multiprocessors(cuda), cuda),
        "nvidia.mig": listed(lambda whole, part, cuda: _profile(module, whole, part, cuda), nvml),
        "nvidia.memory": listed(
            lambda whole, part, _: _unit(part.get("memory", whole.get("memory", _MISSING)), "MiB"), nvml
        ),
        "nvidia.nvlink": by_nvml("nvlinks", lambda value: _unit(value, "links")),
        "nvidia.ecc": by_nvml("ecc", _switch),
        "nvidia.vbios": by_nvml("vbios"),
        "nvidia.firmware": by_nvml("firmware"),
        "nvidia.persistence": by_nvml("persistence", _switch),
        "nvidia.count": str(len(shown) or "none"),
        "nvidia.uuid": ", ".join(shown) or "none",
    }


def _model(cuda: Mapping[str, Any]) -> Any:
    """Return the model by CUDA's name of a device, which ends in the profile of an instance."""
    name = cuda.get("name", _MISSING)
    return _PROFILE.sub("", name).rstrip() if isinstance(name, str) else name


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


def _profile(module: Module, whole: Mapping[str, Any], part: Mapping[str, Any], cuda: Mapping[str, Any]) -> Any:
    """Return the MIG profile of a device, ``off`` for a GPU that is not divided."""
    name = part.get("name") or cuda.get("name") or ""
    if isinstance(name, str) and (match := _PROFILE.search(name)):
        return match[1]
    if part:
        return part.get("name")
    mode = whole.get("mig", _MISSING)
    if mode in (0, None) or (cuda and module.version and not module.divided):
        return "off"
    return mode


def _versions(module: Module, told: Answers) -> dict[str, Fact]:
    match = _VERSION.search(module.version)
    driver: Fact
    if match is not None:
        driver = match[1]
    elif module.version:
        driver = Unknown(reason=f"the kernel module says '{module.version}'")
    else:
        said = told.nvml.get("driver")
        driver = said if isinstance(said, str) else Unknown(reason=f"NVML: {words_of(told.nvml)}")
    cuda = told.cuda.get("version")
    named = told.cuda.get("library")
    library = _VERSION.search(os.path.basename(named)) if isinstance(named, str) else None
    untold = Unknown(
        reason=f"CUDA: {words_of(told.cuda)}"
        if "error" in told.cuda
        else "the file of libcuda has no version in its name"
    )
    other = library is not None and isinstance(driver, str) and driver != library[1]
    compatible = " (forward compatibility)" if other else ""
    return {
        "nvidia.driver": driver,
        "nvidia.cuda": f"{cuda // 1000}.{cuda % 1000 // 10}"
        if isinstance(cuda, int)
        else Unknown(reason=f"CUDA: {words_of(told.cuda)}"),
        "nvidia.libcuda": f"{library[1]}{compatible}" if library is not None else untold,
    }


def _unit(value: Any, unit: str) -> Any:
    return f"{value} {unit}" if isinstance(value, int) else value


def _switch(value: Any) -> Any:
    return {0: "off", 1: "on"}.get(value, value) if isinstance(value, int) else value
