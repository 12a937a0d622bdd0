"""What the kernel tells in small files: processors, control groups, accelerators; empty where it does not tell.

Such files have no stamps worth anything, so they are read anew at every check. Of accelerators this is the quick way, which needs
no library and starts nothing: enough to know that nothing has changed since somebody looked more closely. Sources: NVIDIA driver
README, "The /proc interface"; Linux, amdkfd (kfd_topology.c), amdgpu (``current_compute_partition``), DRM, cgroup-v2, sched-bwc.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROOT = ""  # tests put another machine's files there
PAGE = 4096
_CPU_KEYS = (
    "vendor_id",
    "cpu family",
    "model",
    "model name",
    "CPU implementer",
    "CPU part",
    "CPU variant",
    "flags",
    "Features",
)
_OF_A_NODE = ("gfx_target_version", "simd_count", "simd_per_cu", "unique_id", "vendor_id", "device_id")


def head(path: str) -> str:
    """Return the first page of the file *path*."""
    try:
        fd = os.open(ROOT + path, os.O_RDONLY)
    except OSError:
        return ""
    try:
        return os.read(fd, PAGE).decode("utf-8", "replace")
    except OSError:
        return ""
    finally:
        os.close(fd)


def names(path: str) -> list[str]:
    """Return the sorted names in the folder *path*."""
    try:
        return sorted(os.listdir(ROOT + path))
    except OSError:
        return []


def there(path: str) -> bool:
    """Return whether anything is at *path*."""
    return os.path.lexists(ROOT + path)


def target(path: str) -> str:
    """Return the last part of what the link *path* points to."""
    try:
        return os.path.basename(os.readlink(ROOT + path))
    except OSError:
        return ""


def cpu() -> str:
    """Return what the kernel says of the first processor, ``key: value`` a line; empty without procfs.

    Only the first page is read: on many cores the whole file takes milliseconds, and clock rates in it change.
    """
    found: dict[str, str] = {}
    for line in head("/proc/cpuinfo").split("\n"):
        if not line.strip():
            if found:
                break
            continue
        key, _, value = line.partition(":")
        if key.strip() in _CPU_KEYS:
            found[key.strip()] = value.strip()
    return "\n".join(f"{key}: {found[key]}" for key in _CPU_KEYS if key in found)


def processors() -> str:
    """Return which processors are there and how many of them this process may use, ``key: value`` a line.

    *online* and *affinity* are lists such as ``0-3,8``, *smt* is 1 where the cores run several threads, *quota* how many
    processors' time the control group may use (``1.5``, ``max`` for all, ``?`` where that cannot be told).
    """
    base = "/sys/devices/system/cpu"
    affinity = ranges(sorted(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else ""
    lines = (("online", head(f"{base}/online")), ("smt", head(f"{base}/smt/active")), ("affinity", affinity))
    return "\n".join(f"{key}: {value.strip()}" for key, value in (*lines, ("quota", _quota())))


def ranges(numbers: Iterable[int]) -> str:
    """Return sorted *numbers* as the kernel writes lists of processors: ``0-3,8``."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and parts[-1][-1] == number - 1:
            parts[-1][1:] = [number]
        else:
            parts.append([number])
    return ",".join("-".join(map(str, part)) for part in parts)


def _quota() -> str:
    """Return the tightest limit of the control groups that this process is in (kernel: cgroup-v2, sched-bwc)."""
    groups = head("/proc/self/cgroup")
    if not groups:
        return "?"
    found: list[float] = []
    for line in groups.splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            found += _limits("/sys/fs/cgroup", path, _of_version_2)
        elif "cpu" in controllers.split(","):
            found += _limits("/sys/fs/cgroup/cpu", path, _of_version_1)
    return f"{min(found):g}" if found else "max"


def _limits(base: str, path: str, read: Callable[[str], float | None]) -> list[float]:
    # In a container the path may be that of the host, and the root of the mount the container's own group.
    folders = [base]
    for part in path.strip("/").split("/") if path.strip("/") else ():
        folders.append(f"{folders[-1]}/{part}")
    return [limit for limit in map(read, folders) if limit is not None]


def _of_version_2(folder: str) -> float | None:
    return _ratio(*head(f"{folder}/cpu.max").split()[:2])


def _of_version_1(folder: str) -> float | None:
    return _ratio(head(f"{folder}/cpu.cfs_quota_us").strip(), head(f"{folder}/cpu.cfs_period_us").strip())


def _ratio(quota: str = "", period: str = "") -> float | None:
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() and int(period) else None


def nvidia() -> str:
    """Return what NVIDIA's kernel module says, ``key: value`` a line; empty where there is neither module nor device file.

    *version* is the module's own line, *boot* changes when the system is started anew, *nodes* are the device files, *mig*
    an instance that a GPU is divided into. Each GPU begins with a line *gpu*, its place on the bus.
    """
    version = head("/proc/driver/nvidia/version").split("\n", 1)[0].strip()
    nodes = [name for name in ("nvidiactl", "dxg") if there(f"/dev/{name}")]
    if not version and not nodes:
        if sys.platform == "win32":
            return "nodes: windows"
        return "" if there("/proc/self") or sys.platform != "linux" else "unmounted: /proc"
    lines = [f"version: {version}", f"boot: {head('/proc/sys/kernel/random/boot_id').strip()}"]
    for bus in names("/proc/driver/nvidia/gpus"):
        lines.append(f"gpu: {bus}")
        for line in head(f"/proc/driver/nvidia/gpus/{bus}/information").split("\n"):
            key, _, value = line.partition(":")
            # UUID and VBIOS are question marks there while nobody uses the GPU: they would come and go.
            if key.strip() == "Model":
                lines.append(f"model: {value.strip()}")
            elif key.strip() == "Device Minor" and there(f"/dev/nvidia{value.strip()}"):
                nodes.append(f"nvidia{value.strip()}")
    lines.append(f"nodes: {' '.join(nodes)}")
    base = "/proc/driver/nvidia/capabilities"
    for gpu in names(base):
        for instance in names(f"{base}/{gpu}/mig"):
            if instance.startswith("gi"):
                parts = [name for name in names(f"{base}/{gpu}/mig/{instance}") if name.startswith("ci")]
                lines.append(f"mig: {gpu} {instance} {' '.join(parts)}")
    return "\n".join(lines)


def amd() -> str:
    """Return what AMD's compute driver says, ``key: value`` a line; empty where it is not loaded.

    Each GPU begins with a line *node*; *compute* and *memory* are how it is partitioned.
    """
    base = "/sys/class/kfd/kfd/topology/nodes"
    lines = []
    for node in names(base):
        told = dict(line.split(" ", 1) for line in head(f"{base}/{node}/properties").splitlines() if " " in line)
        if told.get("simd_count", "0") == "0":
            continue  # a processor
        lines += [f"node: {node}", *(f"{key}: {told[key]}" for key in _OF_A_NODE if key in told)]
        device = f"/sys/class/drm/renderD{told.get('drm_render_minor', '')}/device"
        for key, file in (
            ("compute", "current_compute_partition"),
            ("memory", "current_memory_partition"),
            ("vbios", "vbios_version"),
            ("vram", "mem_info_vram_total"),
        ):
            if text := head(f"{device}/{file}").strip():
                lines.append(f"{key}: {text}")
    if not lines and not there("/sys/class/kfd"):
        return ""
    return "\n".join((f"driver: {head('/sys/module/amdgpu/version').strip()}", *lines))


def drm() -> str:
    """Return vendor, device and driver of every GPU that the kernel renders with, a line each: ``0x8086 0x56c0 xe``."""
    lines = []
    for name in names("/sys/class/drm"):
        if name.startswith("renderD"):
            device = f"/sys/class/drm/{name}/device"
            words = (head(f"{device}/vendor").strip(), head(f"{device}/device").strip(), target(f"{device}/driver"))
            lines.append(" ".join(word or "?" for word in words))
    return "\n".join(lines)
