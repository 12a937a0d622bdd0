"""Operating system, C library and processor."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..model import Fact, Unknown

if TYPE_CHECKING:
    from ..reader import Reader


def hardware(reader: Reader) -> dict[str, Fact]:
    """Return the facts ``platform.*`` and ``cpu.*``."""
    uname = reader.probe("uname").split("\n")
    no_uname = Unknown(reason="this system has no uname")
    system, release, _, machine = uname if len(uname) == 4 else (no_uname, no_uname, no_uname, no_uname)
    return {
        "platform.system": system,
        "platform.kernel": release,
        "platform.architecture": machine,
        "platform.libc": _libc(reader, system),
        **_cpu(reader.probe("cpu")),
    }


def _libc(reader: Reader, system: Fact) -> Fact:
    libc = reader.probe("libc")
    if libc:
        return libc
    if system != "Linux":
        # There the C library is part of the system, whose version is a fact of its own.
        return "none"
    # musl does not tell its version to programs; its loader is named after it.
    loaders = [name for name in reader.list_dir("/lib") if re.fullmatch(r"ld-musl-.*\.so\.1", name)]
    return Unknown(
        reason=f"{loaders[0]} does not tell its version" if loaders else "the C library does not tell its version"
    )


def _cpu(text: str) -> dict[str, Fact]:
    found = dict(line.split(": ", 1) for line in text.split("\n") if ": " in line)
    untold = Unknown(reason="this system does not tell its processor through /proc/cpuinfo")
    vendor: Fact = found.get("vendor_id") or found.get("CPU implementer") or untold
    numbers = [found[key] for key in ("cpu family", "model") if key in found]
    name = found.get("model name")
    if name is not None:
        model: Fact = f"{name} (family {numbers[0]}, model {numbers[1]})" if len(numbers) == 2 else name
    elif "CPU part" in found:
        model = f"part {found['CPU part']}, variant {found.get('CPU variant', 'unknown')}"
    else:
        model = untold
    return {"cpu.vendor": vendor, "cpu.model": model}
