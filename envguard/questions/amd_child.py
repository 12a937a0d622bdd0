"""A program of its own: ask AMD's system management library, and write what it says as JSON, one object a line.

Run as ``python -I -S amd_child.py FOLDER`` with the folder that ``amdsmi`` lies in, empty where it is not installed. Source: AMD
SMI, Python library reference; many functions raise for many GPUs, and each failure is told in the place of its value.
"""

from __future__ import annotations

import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def main(folder: str) -> None:
    """Ask the library."""
    fd = os.dup(1)
    os.dup2(2, 1)

    def tell(part: str, **values: Any) -> None:
        os.write(fd, json.dumps({"part": part, **values}, default=str).encode("ascii") + b"\n")

    if not folder:
        tell("amdsmi", error="amdsmi, which comes with ROCm, is not installed beside envguard")
        tell("end")
        return
    sys.path.append(folder)
    try:
        import amdsmi

        amdsmi.amdsmi_init()
        handles = amdsmi.amdsmi_get_processor_handles()
    except BaseException as error:  # noqa: BLE001 - it ends the process where its library is missing
        tell("amdsmi", error=_words(error))
        tell("end")
        return
    tell("amdsmi", count=len(handles))
    for index, handle in enumerate(handles):
        asic = _read(amdsmi, "amdsmi_get_gpu_asic_info", handle)
        driver = _read(amdsmi, "amdsmi_get_gpu_driver_info", handle)
        tell(
            "amd-device",
            index=index,
            name=_part(asic, "market_name"),
            driver=_part(driver, "driver_version"),
            compute=_read(amdsmi, "amdsmi_get_gpu_compute_partition", handle),
            memory=_read(amdsmi, "amdsmi_get_gpu_memory_partition", handle),
        )
    tell("end")


def _read(amdsmi: Any, name: str, handle: Any) -> Any:
    try:
        return getattr(amdsmi, name)(handle)
    except Exception as error:  # noqa: BLE001 - every one is told
        return {"error": _words(error)}


def _part(told: Any, key: str) -> Any:
    if isinstance(told, dict) and "error" in told:
        return told
    return str(told[key]) if isinstance(told, dict) and key in told else {"error": f"amdsmi does not tell its {key}"}


def _words(error: BaseException) -> str:
    words = " ".join(str(error).split()) or type(error).__name__
    return words[:200]


if __name__ == "__main__":
    main(sys.argv[1])
