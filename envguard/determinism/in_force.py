"""What of a variable is in force in the libraries of this process, where they can be asked.

Each answer is ``(what it is there, who says so)``, or None where nobody can be asked. Nothing is imported or loaded for it. A
library that had not read its variable yet reads it when it is asked, and then it is in force. Sources: PyTorch
``torch.get_num_threads``, ``torch.backends.cpu``; OpenBLAS ``openblas_get_num_threads``, ``openblas_get_corename``; Intel oneMKL,
"Conditional Numerical Reproducibility" (the numbers of its branches, mkl_types.h); NumPy ``__cpu_features__``.
"""

from __future__ import annotations

import os
import sys

from ..probes import live

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_CBWR = {1: "OFF", 2: "AUTO", 3: "COMPATIBLE", 4: "SSE2", 6: "SSSE3", 7: "SSE4_1", 8: "SSE4_2", 9: "AVX", 10: "AVX2", 12: "AVX512", 14: "AVX512_E1"}  # fmt: skip
_CBWR_ALL, _CBWR_STRICT = -1, 0x10000

_YES = ("y", "yes", "t", "true", "on", "1")  # as JAX reads them

Answer = tuple[str, str] | None


def ask(name: str, wanted: str) -> Answer:
    """Return what the variable *name*, which is *wanted* to be that, is in force as, and who says so."""
    question = _QUESTIONS.get(name)
    if question is None:
        return None
    try:
        found: Answer = question(wanted)
    except Exception:  # noqa: BLE001 - half-imported, or built otherwise: then it does not tell
        return None
    return found


def ask_openblas(name: str, wanted: str) -> Answer:
    """Return as ``ask`` does what OpenBLAS has taken, which reads *name* in the place of a variable of its own."""
    del name
    return ask("OPENBLAS_NUM_THREADS", wanted)


def _torch_threads(_: str) -> Answer:
    torch: Any = sys.modules.get("torch")
    return None if torch is None else (str(torch.get_num_threads()), "torch.get_num_threads()")


def _openmp_threads(_: str) -> Answer:
    if "torch" in sys.modules:
        return _torch_threads(_)
    for path in live.loaded().splitlines():
        if os.path.basename(path).startswith(("libgomp", "libiomp", "libomp")):
            asked = live.function(path, "omp_get_max_threads")
            if asked is not None:
                return str(asked()), "OpenMP itself"
    return None


def _jax(attribute: str) -> Callable[[str], Answer]:
    def ask_jax(_: str) -> Answer:
        jax: Any = sys.modules.get("jax")
        return None if jax is None else (str(getattr(jax.config, attribute)), f"jax.config.{attribute}")

    return ask_jax


def _capability(_: str) -> Answer:
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return None
    return torch.backends.cpu.get_cpu_capability().lower().replace(
        "no avx", "default"
    ), "torch.backends.cpu.get_cpu_capability()"


def _cbwr(_: str) -> Answer:
    for path in live.loaded().splitlines() + _torch_files():
        asked = live.function(path, "mkl_serv_cbwr_get")
        if asked is None:
            continue
        number = asked(_CBWR_ALL)
        branch = _CBWR.get(number & ~_CBWR_STRICT, str(number))
        return branch + (",STRICT" if number & _CBWR_STRICT else ""), "MKL itself"
    return None


def _openblas_threads(_: str) -> Answer:
    number = _openblas("openblas_get_num_threads", None)
    return None if number is None else (str(number), "OpenBLAS itself")


def _coretype(_: str) -> Answer:
    import ctypes

    name = _openblas("openblas_get_corename", ctypes.c_char_p)
    return None if name is None else (name.decode().lower(), "OpenBLAS itself")


def _disabled(wanted: str) -> Answer:
    """Return which of the features that are *wanted* to be off NumPy does without."""
    core: Any = sys.modules.get("numpy._core._multiarray_umath") or sys.modules.get("numpy.core._multiarray_umath")
    if core is None:
        return None
    names = wanted.replace(",", " ").split()
    return " ".join(name for name in names if not core.__cpu_features__[name.upper()]), "numpy.__cpu_features__"


def _openblas(name: str, result: Any) -> Any:
    for asked in live.openblas(name):
        if result is not None:
            asked.restype = result
        return asked()
    return None


def _torch_files() -> list[str]:
    """Return torch's own library, which holds MKL in the builds that people install."""
    file = getattr(sys.modules.get("torch"), "__file__", None)
    return [os.path.join(os.path.dirname(file), "lib", "libtorch_cpu.so")] if file else []


def same(name: str, wanted: str, found: str) -> bool:
    """Return whether *found*, which ``ask`` gave, is what the variable *name* was *wanted* to be."""
    if name == "OMP_NUM_THREADS":
        wanted = wanted.partition(",")[0]  # a list is for nested regions, and the first is what counts
    if found in ("True", "False"):
        wanted = str(wanted.lower() in _YES)
    return wanted.replace(" ", "").lower() == found.replace(" ", "").lower()


_QUESTIONS = {
    "ATEN_CPU_CAPABILITY": _capability,
    "GOTO_NUM_THREADS": _openblas_threads,
    "JAX_DEFAULT_MATMUL_PRECISION": _jax("jax_default_matmul_precision"),
    "JAX_DEFAULT_PRNG_IMPL": _jax("jax_default_prng_impl"),
    "JAX_ENABLE_X64": _jax("jax_enable_x64"),
    "JAX_THREEFRY_PARTITIONABLE": _jax("jax_threefry_partitionable"),
    "MKL_CBWR": _cbwr,
    "MKL_NUM_THREADS": _torch_threads,
    "NPY_DISABLE_CPU_FEATURES": _disabled,
    "OMP_NUM_THREADS": _openmp_threads,
    "OPENBLAS_CORETYPE": _coretype,
    "OPENBLAS_NUM_THREADS": _openblas_threads,
}
