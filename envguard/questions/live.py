"""What the libraries in this very process say of themselves."""

from __future__ import annotations

import ctypes
import os
import re
import sys
from typing import TYPE_CHECKING

from ..probes import live

if TYPE_CHECKING:
    from collections.abc import Callable

# Who brings a pool of threads along; without one of them threadpoolctl would find nothing.
_CONFIGS = (
    "scipy_openblas_get_config64_",
    "scipy_openblas_get_config",
    "openblas_get_config64_",
    "openblas_get_config",
)
_WITH_POOLS = ("numpy", "scipy", "sklearn", "torch")


def threads() -> str:
    """Return how many threads are in use, ``library: number`` a line, by threadpoolctl where it is installed.

    ``openblas-most`` is how many the loaded OpenBLAS was built for at most.
    """
    return "\n".join([*live.threads().splitlines(), *_pools(), *_most()])


def _pools() -> list[str]:
    """Return what threadpoolctl says where it is installed and has not been asked by the probe, which goes on without it."""
    if "threadpoolctl" in sys.modules or not any(name in sys.modules for name in _WITH_POOLS):
        return []
    from importlib import import_module
    from importlib.util import find_spec

    if find_spec("threadpoolctl") is None:
        return []
    before = dict(os.environ)
    try:
        return live.pools(import_module("threadpoolctl"))
    except Exception as error:  # noqa: BLE001 - a module of somebody else: what it cannot tell is not told
        return [f"trouble: {type(error).__name__}"]
    finally:
        # Nothing of it stays: neither the module, which others look for, nor the variable of OpenMP's that it sets.
        sys.modules.pop("threadpoolctl", None)
        for name in os.environ.keys() - before.keys():
            del os.environ[name]


def _most() -> list[str]:
    """Return how many threads the loaded OpenBLAS was built for at most, of several the least."""
    found = []
    for path in live.loaded().splitlines():
        if "openblas" not in os.path.basename(path):
            continue
        for name in _CONFIGS:
            try:
                ask = getattr(_opened(path), name)
            except (OSError, AttributeError):
                continue
            ask.restype = ctypes.c_char_p
            match = re.search(rb"\bMAX_THREADS=(\d+)", ask() or b"")
            found += [int(match[1])] if match is not None else []
            break
    return [f"openblas-most: {min(found)}"] if found else []


def versions() -> str:
    """Return the version that each loaded library gives itself, ``path version`` a line; none of these calls makes a context."""
    lines = []
    for path in live.loaded().splitlines():
        ask = next((ask for stem, ask in _ASK.items() if os.path.basename(path).startswith(stem)), None)
        version = ask(path) if ask is not None else None
        if version is not None:
            lines.append(f"{path} {version}")
    return "\n".join(lines)


def _number(path: str, name: str) -> int | None:
    """Return the number that the function *name* of a loaded library puts into its argument."""
    value = ctypes.c_int()
    try:
        function = getattr(_opened(path), name)
    except (OSError, AttributeError):
        return None
    return value.value if function(ctypes.byref(value)) == 0 else None


def _opened(path: str) -> ctypes.CDLL:
    # Never loads anything: RTLD_NOLOAD gives what is there, or fails.
    return ctypes.CDLL(path, mode=os.RTLD_NOW | os.RTLD_NOLOAD)


def _cudart(path: str) -> str | None:
    number = _number(path, "cudaRuntimeGetVersion")
    return None if number is None else f"{number // 1000}.{number % 1000 // 10}"


def _cudnn(path: str) -> str | None:
    try:
        function = _opened(path).cudnnGetVersion
    except (OSError, AttributeError):
        return None
    function.restype = ctypes.c_size_t
    number = int(function())
    # Since version 9 a release is 90000 and more: major * 10000 + minor * 100 + patch.
    scale = 10000 if number >= 90000 else 1000
    return f"{number // scale}.{number % scale // 100}.{number % 100}"


def _nccl(path: str) -> str | None:
    number = _number(path, "ncclGetVersion")
    if number is None:
        return None
    scale = 10000 if number >= 10000 else 1000  # nccl.h: NCCL_VERSION
    return f"{number // scale}.{number % scale // 100}.{number % 100}"


def _properties(name: str) -> Callable[[str], str | None]:
    def ask(path: str) -> str | None:
        parts = []
        for which in range(3):  # library_types.h: MAJOR_VERSION, MINOR_VERSION, PATCH_LEVEL
            value = ctypes.c_int()
            try:
                status = getattr(_opened(path), name)(which, ctypes.byref(value))
            except (OSError, AttributeError):
                return None
            if status:
                return None
            parts.append(str(value.value))
        return ".".join(parts)

    return ask


_ASK: dict[str, Callable[[str], str | None]] = {
    "libcudart.so": _cudart,
    "libcudnn.so": _cudnn,
    "libnccl.so": _nccl,
    "libcublas.so": _properties("cublasGetProperty"),
    "libcufft.so": _properties("cufftGetProperty"),
    "libcusparse.so": _properties("cusparseGetProperty"),
}
