"""The conditions that canaries hold under, as the libraries tell them: versions, threads, instruction sets, the GPU.

Each is what this process uses, whatever variables or metadata say. What a library does not tell has no line.
"""

from __future__ import annotations

import ctypes
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PREFIXES = ("scipy_openblas", "openblas")
_SUFFIXES = ("64_", "")


def numpy_conditions(numpy: Any) -> dict[str, str]:
    """Return version, vector extensions in use, and kernels and threads of its OpenBLAS."""
    told = {"numpy.version": str(numpy.__version__)}
    core = getattr(numpy, "_core", None) or numpy.core
    umath = core._multiarray_umath  # noqa: SLF001 - numpy.show_runtime reads it, too, and prints
    features = getattr(umath, "__cpu_features__", {})
    wanted = [*getattr(umath, "__cpu_baseline__", ()), *getattr(umath, "__cpu_dispatch__", ())]
    told["numpy.simd"] = " ".join(name for name in wanted if features.get(name)) or "none"
    return {**told, **_openblas(numpy)}


def torch_conditions(torch: Any) -> dict[str, str]:
    """Return version, vector extensions in use, and threads."""
    told = {"torch.version": str(torch.__version__), "torch.threads": str(torch.get_num_threads())}
    cpu = getattr(torch.backends, "cpu", None)
    if cpu is not None:
        told["torch.capability"] = str(cpu.get_cpu_capability())
    return told


def torch_cuda_conditions(torch: Any, device: int) -> dict[str, str]:
    """Return which GPU computes, with which driver and libraries. CUDA is initialised."""
    gpu = torch.cuda.get_device_properties(device)
    told = {
        "torch.cuda.gpu": str(gpu.name),
        "torch.cuda.capability": f"{gpu.major}.{gpu.minor}",
        "torch.cuda.multiprocessors": str(gpu.multi_processor_count),
        "torch.cuda.runtime": str(torch.version.cuda or torch.version.hip),
        "torch.cuda.cudnn": str(torch.backends.cudnn.version()),
    }
    core = torch._C  # noqa: SLF001 - public readers can raise (``settings.py``)
    if hasattr(core, "_cuda_getDriverVersion"):
        told["torch.cuda.driver"] = str(core._cuda_getDriverVersion())  # noqa: SLF001 - likewise
    if hasattr(core, "_get_fp32_precision_getter"):
        told["torch.cuda.convolution"] = str(core._get_fp32_precision_getter("cuda", "conv"))  # noqa: SLF001 - likewise
    elif hasattr(core, "_get_cudnn_allow_tf32"):  # before torch 2.9
        told["torch.cuda.convolution"] = "tf32" if core._get_cudnn_allow_tf32() else "ieee"  # noqa: SLF001 - likewise
    return told


def _openblas(numpy: Any) -> dict[str, str]:
    """Return the kernels and threads of the OpenBLAS that *numpy* brings; nothing where it uses another BLAS or it cannot be told."""
    folder = os.path.dirname(os.path.abspath(numpy.__file__))
    for path in _mapped():
        if "openblas" not in os.path.basename(path):
            continue
        # SciPy brings one as well; conda has one for all.
        beside = path.startswith((f"{folder}.libs{os.sep}", folder + os.sep))
        if not beside and ".libs" in path:
            continue
        try:
            library = ctypes.CDLL(path, mode=os.RTLD_NOW | os.RTLD_NOLOAD)
        except OSError:
            continue
        for name in (f"{prefix}_get_%s{suffix}" for prefix in _PREFIXES for suffix in _SUFFIXES):
            kernels, threads = getattr(library, name % "corename", None), getattr(library, name % "num_threads", None)
            if kernels is not None and threads is not None:
                kernels.restype = ctypes.c_char_p
                return {"numpy.blas": f"OpenBLAS {(kernels() or b'').decode()}", "numpy.threads": str(threads())}
    return {}


def _mapped() -> list[str]:
    try:
        with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
            return sorted({line.rstrip("\n")[at:] for line in maps if (at := line.find("/")) > 0})
    except OSError:
        return []
