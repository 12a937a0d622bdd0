"""How this process computes, whichever library asks: over how many threads each pool sums, and what becomes of denormal numbers.

Both are the program's to choose and change bits, so they are read. A pool is asked by its own library's function: who limits it
(threadpoolctl, ``numba.set_num_threads``) leaves no other trace. Sources: OpenBLAS ``openblas_get_num_threads``, OpenMP
``omp_get_max_threads``, oneMKL ``MKL_Get_Max_Threads``, Numba ``numba.get_num_threads``; IEEE 754, "Underflow", which a library that
was built with ``-ffast-math`` switches off for the thread that loads it, and ``torch.set_flush_denormal`` on purpose.
"""

from __future__ import annotations

import os
import sys

from ..probes import live
from .knobs import Knob

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Without one of them there is no pool, and nothing to look for.
_COMPUTING = frozenset(("numpy", "torch", "numba"))
_OPENMP = ("libgomp", "libiomp", "libomp")
POOL = "threads."
_SMALLEST = 5e-324
_HALF = 0.5


def knobs() -> list[Knob]:
    """Return what can be read here now: of the pools those of the libraries that are loaded."""
    return [Knob("cpu.denormals", _denormals), *_pools()]


def _denormals() -> str:
    # Taken for zero where it is read, or made zero where it would come out; the interpreter must not compute it beforehand.
    kept = _SMALLEST > 0.0 and sys.float_info.min * _HALF > 0.0
    return "kept" if kept else "flushed to zero"


def _pools() -> list[Knob]:
    if not _COMPUTING & sys.modules.keys():
        return []
    found = []
    for path in live.loaded().splitlines():
        name = os.path.basename(path)
        asked = next(
            (made for spelling in _spellings(name) if (made := live.function(path, spelling)) is not None), None
        )
        if asked is not None:
            found.append(Knob(POOL + name, asked))
    return [*found, Knob(f"{POOL}numba", _numba)] if "numba.core.config" in sys.modules else found


def _numba() -> int:
    parallel: Any = sys.modules.get("numba.np.ufunc.parallel")
    if getattr(parallel, "_is_initialized", False):
        return int(parallel.get_num_threads())
    # Asked itself, it would start its threads for it.
    return int(sys.modules["numba.core.config"].NUMBA_NUM_THREADS)


def _spellings(name: str) -> tuple[str, ...]:
    if "openblas" in name:
        return tuple(spelling.format("openblas_get_num_threads") for spelling in live.OPENBLAS)
    if name.startswith("libmkl_rt"):
        return ("MKL_Get_Max_Threads",)
    # torch asks the OpenMP that it has brought, and is asked itself.
    return ("omp_get_max_threads",) if name.startswith(_OPENMP) and "torch" not in sys.modules else ()
