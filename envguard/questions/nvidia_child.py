"""A program of its own: ask NVML and the CUDA driver, and write what they say as JSON, one object a line.

Run as ``python -I -S nvidia_child.py FOLDER`` with the folder that ``pynvml`` (nvidia-ml-py) lies in, empty where it is not
installed. Each line is written as soon as it is known, so that a driver that hangs half-way takes no more with it than it has
to. A value is text or a number, ``{"error": words}`` where it could not be read, or null where this GPU has no such thing.

Sources: NVML API reference; CUDA driver API, "Device Management". No context is made, and nothing is set.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# cuda.h, CUdevice_attribute
_MULTIPROCESSORS, _THREADS, _MAJOR, _MINOR = 16, 39, 75, 76
_UUID = "{:02x}{:02x}{:02x}{:02x}-{:02x}{:02x}-{:02x}{:02x}-{:02x}{:02x}-{:02x}{:02x}{:02x}{:02x}{:02x}{:02x}"


class Teller:
    """Writes the lines; libraries that print, print on standard error from now on."""

    def __init__(self) -> None:
        self._fd = os.dup(1)
        os.dup2(2, 1)

    def tell(self, part: str, **values: Any) -> None:
        """Write one line."""
        os.write(self._fd, json.dumps({"part": part, **values}).encode("ascii") + b"\n")


def main(folder: str) -> None:
    """Ask both libraries."""
    teller = Teller()
    if folder:
        # Last: what lies beside it must not come in the place of the standard library.
        sys.path.append(folder)
        _nvml(teller)
    else:
        teller.tell("nvml", error="nvidia-ml-py is not installed: pip install 'envguard[gpu]'", missing=True)
    _cuda(teller)
    teller.tell("end")


def _nvml(teller: Teller) -> None:
    try:
        import pynvml
    except Exception as error:  # noqa: BLE001 - whatever is called pynvml may fail in any way
        teller.tell("nvml", error=f"pynvml cannot be imported: {error}")
        return
    try:
        pynvml.nvmlInit()
    except Exception as error:  # noqa: BLE001 - likewise
        teller.tell("nvml", error=_words(error))
        return
    teller.tell(
        "nvml",
        driver=_read(pynvml, "nvmlSystemGetDriverVersion"),
        cuda=_read(pynvml, "nvmlSystemGetCudaDriverVersion_v2"),
        library=_mapped("libnvidia-ml.so"),
    )
    before = _uuids(pynvml)
    for index, handle in enumerate(before[1]):
        _device(teller, pynvml, index, handle)
    after = _uuids(pynvml)
    teller.tell("devices", before=before[0], after=after[0])


def _uuids(pynvml: Any) -> tuple[list[Any], list[Any]]:
    """Return the UUID, or the error, of every GPU, and their handles."""
    try:
        count = pynvml.nvmlDeviceGetCount()
    except Exception as error:  # noqa: BLE001 - likewise
        return [_error(error)], []
    told, handles = [], []
    for index in range(count):
        handle = _read(pynvml, "nvmlDeviceGetHandleByIndex", index)
        handles.append(handle)
        told.append(handle if isinstance(handle, dict) else _read(pynvml, "nvmlDeviceGetUUID", handle))
    return told, handles


def _device(teller: Teller, pynvml: Any, index: int, handle: Any) -> None:
    if isinstance(handle, dict):
        teller.tell("device", index=index, **handle)
        return

    def read(name: str, pick: Callable[[Any], Any] = lambda value: value) -> Any:
        return _read(pynvml, name, handle, pick=pick)

    architectures = {
        value: name.removeprefix("NVML_DEVICE_ARCH_").title()
        for name, value in vars(pynvml).items()
        if name.startswith("NVML_DEVICE_ARCH_")
    }
    mig = read("nvmlDeviceGetMigMode", lambda modes: modes[0])
    teller.tell(
        "device",
        index=index,
        uuid=read("nvmlDeviceGetUUID"),
        name=read("nvmlDeviceGetName"),
        bus=read("nvmlDeviceGetPciInfo_v3", lambda info: info.busId),
        architecture=read(
            "nvmlDeviceGetArchitecture", lambda number: architectures.get(number, f"architecture {number}")
        ),
        capability=read("nvmlDeviceGetCudaComputeCapability", lambda pair: ".".join(map(str, pair))),
        memory=read("nvmlDeviceGetMemoryInfo", lambda memory: memory.total >> 20),
        ecc=read("nvmlDeviceGetEccMode", lambda modes: modes[0]),
        vbios=read("nvmlDeviceGetVbiosVersion"),
        firmware=read("nvmlDeviceGetGspFirmwareVersion"),
        persistence=read("nvmlDeviceGetPersistenceMode"),
        nvlinks=_links(pynvml, handle),
        mig=mig,
        instances=_instances(pynvml, handle) if mig == 1 else [],
    )


def _links(pynvml: Any, handle: Any) -> Any:
    """Return how many NVLinks of a GPU are up, None where it can have none."""
    up = 0
    for link in range(pynvml.NVML_NVLINK_MAX_LINKS):
        state = _read(pynvml, "nvmlDeviceGetNvLinkState", handle, link)
        if isinstance(state, dict) and state.get("code") != pynvml.NVML_ERROR_INVALID_ARGUMENT:
            return state
        if state is None and link == 0:
            return None
        if state is None or isinstance(state, dict):
            break  # this GPU has no more
        up += state
    return up


def _instances(pynvml: Any, handle: Any) -> Any:
    """Return the MIG devices of a GPU."""
    most = _read(pynvml, "nvmlDeviceGetMaxMigDeviceCount", handle)
    if not isinstance(most, int):
        return most
    found = []
    for index in range(most):
        part = _read(pynvml, "nvmlDeviceGetMigDeviceHandleByIndex", handle, index)
        if isinstance(part, dict) and part.get("code") == pynvml.NVML_ERROR_NOT_FOUND:
            continue
        if isinstance(part, dict):
            return part
        attributes = _read(pynvml, "nvmlDeviceGetAttributes_v2", part)
        told = isinstance(attributes, dict) or attributes is None
        found.append(
            {
                "uuid": _read(pynvml, "nvmlDeviceGetUUID", part),
                "name": _read(pynvml, "nvmlDeviceGetName", part),
                "gi": _read(pynvml, "nvmlDeviceGetGpuInstanceId", part),
                "ci": _read(pynvml, "nvmlDeviceGetComputeInstanceId", part),
                "multiprocessors": attributes if told else attributes.multiprocessorCount,
                "memory": attributes if told else attributes.memorySizeMB,
            }
        )
    return found


def _read(pynvml: Any, name: str, *arguments: Any, pick: Callable[[Any], Any] = lambda value: value) -> Any:
    try:
        value = pick(getattr(pynvml, name)(*arguments))
    except Exception as error:  # noqa: BLE001 - likewise
        code = getattr(error, "value", None)
        return None if code == pynvml.NVML_ERROR_NOT_SUPPORTED else {**_error(error), "code": code}
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _error(error: Exception) -> dict[str, Any]:
    return {"error": _words(error)}


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__


def _cuda(teller: Teller) -> None:
    """Say which devices a CUDA program sees, in its order, and what cannot be known without the CUDA driver."""
    name = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        cuda = ctypes.CDLL(name)
    except OSError:
        teller.tell("cuda", error=f"{name} is not there", missing=True)
        return

    def call(name: str, *arguments: Any) -> int:
        try:
            return int(getattr(cuda, name)(*arguments))
        except AttributeError:
            return -1

    def number(name: str, *arguments: Any) -> Any:
        value = ctypes.c_int()
        code = call(name, ctypes.byref(value), *arguments)
        return value.value if code == 0 else failed(name, code)

    def failed(name: str, code: int) -> dict[str, Any]:
        text = ctypes.c_char_p()
        if code == -1:
            return {"error": f"this driver has no {name}"}
        call("cuGetErrorName", code, ctypes.byref(text))
        return {"error": f"{name} failed with {text.value.decode() if text.value else code}"}

    version, library = number("cuDriverGetVersion"), _mapped("libcuda.so")
    code = call("cuInit", 0)
    no_device = 100  # CUDA_ERROR_NO_DEVICE: nothing is visible
    if code not in (0, no_device):
        teller.tell("cuda", version=version, library=library, **failed("cuInit", code))
        return
    count = number("cuDeviceGetCount") if code == 0 else 0
    teller.tell("cuda", version=version, library=library, count=count)
    for index in range(count if isinstance(count, int) else 0):
        device, text, uuid = ctypes.c_int(), ctypes.create_string_buffer(256), (ctypes.c_uint8 * 16)()
        code = call("cuDeviceGet", ctypes.byref(device), index)
        if code:
            teller.tell("cuda-device", index=index, **failed("cuDeviceGet", code))
            continue

        def attribute(which: int, device: Any = device) -> Any:
            return number("cuDeviceGetAttribute", which, device)

        codes = {
            "cuDeviceGetName": call("cuDeviceGetName", text, len(text), device),
            # Of an instance of a divided GPU the second version gives its own UUID.
            "cuDeviceGetUuid_v2": call("cuDeviceGetUuid_v2", uuid, device),
        }
        teller.tell(
            "cuda-device",
            index=index,
            name=text.value.decode("utf-8", "replace")
            if not codes["cuDeviceGetName"]
            else failed("cuDeviceGetName", codes["cuDeviceGetName"]),
            uuid=_UUID.format(*uuid)
            if not codes["cuDeviceGetUuid_v2"]
            else failed("cuDeviceGetUuid_v2", codes["cuDeviceGetUuid_v2"]),
            multiprocessors=attribute(_MULTIPROCESSORS),
            threads=attribute(_THREADS),
            capability=[attribute(_MAJOR), attribute(_MINOR)],
        )


def _mapped(name: str) -> str | None:
    """Return the path of the file that was loaded for the library *name*."""
    try:
        with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
            paths = [line.rstrip("\n").partition("/")[2] for line in maps]
    except OSError:
        return None
    return next((f"/{path}" for path in paths if os.path.basename(path).startswith(name)), None)


if __name__ == "__main__":
    main(sys.argv[1])
