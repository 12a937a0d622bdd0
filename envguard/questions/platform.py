"""Who made this machine, real or virtual."""

from __future__ import annotations

import sys

from .. import child
from ..probes.kernel import head

_SECONDS = 5.0
_KEYS = ("machdep.cpu.brand_string", "hw.physicalcpu", "hw.logicalcpu", "kern.osversion")


def firmware() -> str:
    """Return what the firmware says of the machine, ``key: value`` a line, and of the hypervisor where Xen tells its own."""
    files = {
        "vendor": "/sys/class/dmi/id/sys_vendor",
        "product": "/sys/class/dmi/id/product_name",
        "hypervisor": "/sys/hypervisor/type",
    }
    return "\n".join(f"{key}: {text}" for key, path in files.items() if (text := head(path).strip()))


def apple() -> str:
    """Return what macOS says of chip, cores and its own build, ``key: value`` a line; empty on other systems."""
    if sys.platform != "darwin":
        return ""
    try:
        done = child.run(["/usr/sbin/sysctl", *_KEYS], seconds=_SECONDS)
    except OSError:
        return ""
    return done.output.decode("utf-8", "replace").strip() if done.status == 0 else ""
