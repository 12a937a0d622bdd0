"""GPUs of AMD, Intel and Apple, as far as files tell.

Sources: Linux, amdkfd (``kfd_topology.c``: ``gfx_target_version`` is major * 10000 + minor * 100 + stepping in decimal), amdgpu
(``current_compute_partition``, AMD's counterpart of MIG), DRM; ROCm, ``/opt/rocm/.info/version``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..errors import UnreadableError
from ..model import Fact, Unknown
from .processor import lines_of
from .visible import Device, visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..reader import Reader

_AMD = (
    "amd.gpus",
    "amd.count",
    "amd.driver",
    "amd.rocm",
    "amd.partition",
    "amd.memory",
    "amd.vbios",
    "amd.names",
    "amd.uuid",
)
_INTEL = "0x8086"
# The display of a processor renders, too, and no framework computes on it.
_COMPUTES = ("xe", "i915")


def other_gpus(reader: Reader, system: Fact, architecture: Fact) -> dict[str, Fact]:
    """Return the facts ``amd.*``, ``intel.gpus`` and ``apple.gpu``; ``none`` where there is no such GPU."""
    return {**_amd(reader), "intel.gpus": _intel(reader), "apple.gpu": _apple(reader, system, architecture)}


def _amd(reader: Reader) -> dict[str, Fact]:
    quick = reader.probe("amd")
    if not quick:
        return dict.fromkeys(_AMD, "none")
    driver, *nodes = _blocks(quick)
    if not nodes:
        return {**dict.fromkeys(_AMD, "none"), "amd.driver": driver.get("driver") or "of the kernel"}
    told = _asked(reader)
    uuids = _visible(nodes, reader.variables()[1])
    if isinstance(uuids, Unknown):
        return dict.fromkeys(_AMD, uuids)
    nodes = [node for uuid in uuids for node in nodes if _uuid(node) == uuid]
    return {
        "amd.gpus": ", ".join(dict.fromkeys(map(_gfx, nodes))) or "none",
        "amd.count": str(len(nodes) or "none"),
        "amd.driver": driver.get("driver") or "of the kernel",
        "amd.rocm": _rocm(reader),
        "amd.partition": _each(nodes, "compute", "memory", untold="this kernel does not tell how GPUs are partitioned"),
        "amd.memory": _each(nodes, "vram", untold="this kernel does not tell the memory of GPUs"),
        "amd.vbios": _each(nodes, "vbios", untold="this kernel does not tell the firmware of GPUs"),
        "amd.names": told,
        "amd.uuid": ", ".join(uuids) or "none",
    }


def _visible(nodes: list[dict[str, str]], variables: Mapping[str, str]) -> tuple[str, ...] | Unknown:
    """Return the UUIDs of the GPUs that HIP shows: the runtime below it leaves out some, and HIP counts those that are left."""
    devices = [Device(uuid=_uuid(node), name="", bus=f"{at:04}") for at, node in enumerate(nodes)]
    below = visible(devices, variables.get("ROCR_VISIBLE_DEVICES"), "PCI_BUS_ID")
    if isinstance(below, Unknown):
        return below
    left = [Device(uuid=uuid, name="", bus=f"{at:04}") for at, uuid in enumerate(below)]
    return visible(left, variables.get("HIP_VISIBLE_DEVICES", variables.get("CUDA_VISIBLE_DEVICES")), "PCI_BUS_ID")


def _uuid(node: dict[str, str]) -> str:
    unique = _number(node, "unique_id")
    return f"GPU-{unique:016x}" if unique else f"node {node['node']}"


def _number(node: dict[str, str], key: str) -> int:
    text = node.get(key, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 20 else 0


def _blocks(text: str) -> list[dict[str, str]]:
    """Return the lines of the probe, those before the first GPU and then those of each."""
    blocks: list[dict[str, str]] = [{}]
    for line in text.split("\n"):
        key, _, value = line.partition(": ")
        if key == "node":
            blocks.append({})
        blocks[-1][key] = value
    return blocks


def _gfx(node: dict[str, str]) -> str:
    number = _number(node, "gfx_target_version")
    name = f"gfx{number // 10000}{number // 100 % 100:x}{number % 100:x}"
    units = _number(node, "simd_count") // max(1, _number(node, "simd_per_cu"))
    return f"{name} of {units} compute units"


def _each(nodes: list[dict[str, str]], *keys: str, untold: str) -> Fact:
    values = ["/".join(node[key] for key in keys if key in node) for node in nodes]
    if not nodes:
        return "none"
    return ", ".join(dict.fromkeys(values)) if all(values) else Unknown(reason=untold)


def _rocm(reader: Reader) -> Fact:
    path = "/opt/rocm/.info/version"
    if not reader.exists(path):
        return "none"
    try:
        return reader.read_text(path, limit=4096).strip()
    except UnreadableError as error:
        return Unknown(reason=f"{path} {error.message}")


def _asked(reader: Reader) -> Fact:
    """Return the names that AMD's library gives the GPUs; files have none."""
    names: list[Any] = []
    problem = "amdsmi ended without a word"
    for line in reader.ask("amd-devices").split("\n"):
        try:
            item = json.loads(line)
        except ValueError:
            continue
        if not isinstance(item, dict):
            continue
        problem = item.get("error", problem)
        if item.get("part") == "amd-device":
            names.append(item.get("name"))
    untold = [name for name in names if not isinstance(name, str)]
    if untold:
        problem = (
            untold[0].get("error", problem) if isinstance(untold[0], dict) else "it does not tell the name of a GPU"
        )
    if untold or not names:
        return Unknown(reason=f"amdsmi: {problem}")
    return ", ".join(dict.fromkeys(names))


def _intel(reader: Reader) -> Fact:
    words = [line.split(" ") for line in reader.probe("drm").splitlines()]
    told = [
        f"{line[1]} ({line[2]})" for line in words if line[0] == _INTEL and line[-1] in _COMPUTES and len(line) == 3
    ]
    return ", ".join(told) or "none"


def _apple(reader: Reader, system: Fact, architecture: Fact) -> Fact:
    if (system, architecture) != ("Darwin", "arm64"):
        return "none"
    brand = lines_of(reader.ask("apple")).get("machdep.cpu.brand_string")
    return brand or Unknown(reason="sysctl does not tell the chip, which the GPU is part of")
