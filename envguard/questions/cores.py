"""Cores and caches, as the kernel lists them for every single processor."""

from __future__ import annotations

from ..probes.kernel import head, names

_CPUS = "/sys/devices/system/cpu"


def cores() -> str:
    """Return for each processor the list of those that share its core, a line each: ``0 0-1``."""
    lines = []
    for name in names(_CPUS):
        if name.startswith("cpu") and name[3:].isdigit():
            siblings = head(f"{_CPUS}/{name}/topology/thread_siblings_list").strip()
            if siblings:
                lines.append(f"{name[3:]} {siblings}")
    return "\n".join(lines)


def caches() -> str:
    """Return level, kind and size of each cache of the first processor, a line each: ``1 Data 48K``."""
    lines = []
    for name in names(f"{_CPUS}/cpu0/cache"):
        if name.startswith("index"):
            words = [head(f"{_CPUS}/cpu0/cache/{name}/{file}").strip() for file in ("level", "type", "size")]
            lines.append(" ".join(word or "?" for word in words))
    return "\n".join(lines)
