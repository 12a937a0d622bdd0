"""GPUs as their makers' libraries tell of them, asked in a process of its own: they can crash, hang, print, and break a fork."""

from __future__ import annotations

import json
import os
import sys

from .. import child
from ..probes.kernel import head, names

SECONDS = 30.0
_PACKAGE_FOLDERS = ("site-packages", "dist-packages")
_ELSEWHERE: dict[str, tuple[str, ...]] = {"amdsmi": ("/opt/rocm/share/amd_smi",)}
_HERE = os.path.dirname(os.path.abspath(__file__))


def nvidia() -> str:
    """Return what NVML and the CUDA driver say, one JSON object a line; the last one says how the asking ended."""
    return _asked("nvidia_child.py", "pynvml")


def amd() -> str:
    """Return what AMD's system management library says, one JSON object a line, as ``nvidia`` does."""
    return _asked("amd_child.py", "amdsmi")


def nvidia_on_the_bus() -> str:
    """Return the places of NVIDIA's GPUs on the PCI bus, a line each, for a machine whose driver is not loaded."""
    base = "/sys/bus/pci/devices"
    return "\n".join(
        place
        for place in names(base)
        if head(f"{base}/{place}/vendor").strip() == "0x10de" and head(f"{base}/{place}/class").startswith("0x03")
    )


def _asked(script: str, module: str) -> str:
    folder = _folder_of(module)
    if not sys.executable:
        return json.dumps({"part": "end", "error": "this Python does not know its own executable"})
    try:
        # Neither the current folder nor any variable of Python's has a say in what is imported there.
        command = [sys.executable, "-I", "-S", os.path.join(_HERE, script), folder]
        done = child.run(command, seconds=SECONDS)
    except OSError as error:
        return json.dumps({"part": "end", "error": f"no process could be started: {(error.strerror or '').lower()}"})
    lines = [line for line in done.output.decode("utf-8", "replace").split("\n") if line.startswith("{")]
    if done.status is None:
        lines.append(json.dumps({"part": "end", "error": f"it did not answer within {SECONDS:g} seconds"}))
    elif done.status < 0:
        lines.append(json.dumps({"part": "end", "error": f"it ended its process with signal {-done.status}"}))
    elif done.status:
        last = done.errors.decode("utf-8", "replace").strip().rpartition("\n")[2]
        lines.append(json.dumps({"part": "end", "error": f"it failed: {last or f'exit status {done.status}'}"}))
    return "\n".join(lines)


def places(module: str) -> list[str]:
    """Return the files that *module* could be imported from, in the order in which they are looked for.

    Only folders of packages count: a file of that name in the current folder, or beside a script, is somebody else's.
    """
    folders = [entry for entry in sys.path if os.path.basename(entry) in _PACKAGE_FOLDERS]
    folders += _ELSEWHERE.get(module, ())
    return [
        os.path.join(folder, *parts) for folder in folders for parts in ((module, "__init__.py"), (f"{module}.py",))
    ]


def _folder_of(module: str) -> str:
    """Return the folder that *module* is installed in, empty where it is not; nothing is imported."""
    found = next(filter(os.path.isfile, places(module)), "")
    package = os.path.basename(found) == "__init__.py"
    return os.path.dirname(os.path.dirname(found) if package else found)
