"""Facts of this machine and process that no file signature can vouch for: read anew at every check.

Each probe takes well under a millisecond, returns text, and returns an empty one where there is nothing to tell (the
rooms that use a probe turn that into an ``Unknown`` with its reason). This module lies on the path of every clean check:
it imports nothing that the interpreter has not loaded itself.
"""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_CPU_KEYS = ("vendor_id", "cpu family", "model", "model name", "CPU implementer", "CPU part", "CPU variant")


def today() -> str:
    """Return the local date as ``YYYY-MM-DD``: waivers end."""
    return time.strftime("%Y-%m-%d")


def uname() -> str:
    """Return system, release, version and machine, one a line; empty where there is no uname."""
    if not hasattr(os, "uname"):
        return ""
    name = os.uname()
    return "\n".join((name.sysname, name.release, name.version, name.machine))


def libc() -> str:
    """Return the C library as ``glibc 2.36``; empty where it does not say (musl, macOS, Windows)."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, ValueError, OSError):
        return ""


def cpu() -> str:
    """Return what the kernel says of the first processor, ``key: value`` a line; empty without procfs.

    Only the first page is read: on many cores the whole file takes milliseconds, and clock rates in it change.
    """
    found: dict[str, str] = {}
    for line in _head("/proc/cpuinfo").split("\n"):
        if not line.strip():
            if found:
                break
            continue
        key, _, value = line.partition(":")
        if key.strip() in _CPU_KEYS:
            found[key.strip()] = value.strip()
    return "\n".join(f"{key}: {found[key]}" for key in _CPU_KEYS if key in found)


def nvidia() -> str:
    """Return the NVIDIA kernel module's version line and, a line each, the model of every GPU; empty without a driver."""
    version = _head("/proc/driver/nvidia/version").split("\n", 1)[0].strip()
    if not version:
        return ""
    lines = [version]
    folder = "/proc/driver/nvidia/gpus"
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        names = []
    for name in names:
        for line in _head(f"{folder}/{name}/information").split("\n"):
            key, _, value = line.partition(":")
            if key.strip() == "Model":
                lines.append(value.strip())
    return "\n".join(lines)


def interpreter() -> str:
    """Return what distinguishes the running interpreter, a line each: name, version, executable, prefixes, path."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info.releaselevel != "final":
        version += f"{sys.version_info.releaselevel}{sys.version_info.serial}"
    return "\n".join(
        (
            sys.implementation.name,
            version,
            sys.version.replace("\n", " "),
            sys.executable or "",
            sys.prefix,
            sys.base_prefix,
            str(int(sys.flags.no_user_site)),
        )
    )


PROBES: dict[str, Callable[[], str]] = {
    probe.__name__: probe for probe in (today, uname, libc, cpu, nvidia, interpreter)
}


def _head(path: str) -> str:
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError:
        return ""
    try:
        return os.read(fd, 4096).decode("utf-8", "replace")
    except OSError:
        return ""
    finally:
        os.close(fd)
