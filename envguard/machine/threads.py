"""How many threads share a computation, as each library decides it from variables, affinity and cores.

Sources: OpenMP API, OMP_NUM_THREADS; oneMKL Developer Guide, "MKL_DYNAMIC" (never more than the cores, unless it is FALSE);
OpenBLAS, ``blas_get_cpu_number`` (never more than the processors); PyTorch, ``ParallelOpenMP.cpp`` (it takes MKL's number where
it was built with MKL, as its wheels for x86-64 are). A library that is loaded already is asked itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..model import Fact, Unknown
from .processor import lines_of, usable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..reader import Reader

_UNTOLD = Unknown(reason="this system does not tell which processors a process may use")
_VARIABLES = ("GOTO_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_NONE = ("none", None)


def threads(reader: Reader, facts: Mapping[str, Fact], *, live: bool) -> dict[str, Fact]:
    """Return the facts ``threads.*``: ``none`` for what is not installed, else the number that is in use or will be."""
    found = usable(reader)
    values = {name: _count(reader.environ(name)) for name in _VARIABLES}
    dynamic = reader.environ("MKL_DYNAMIC").strip().lower() not in ("false", "0")
    openmp, mkl, openblas, torch = (
        (_UNTOLD,) * 4 if found is None else _told(values, *found, dynamic=dynamic, facts=facts)
    )
    has_torch = facts.get("torch.version") not in _NONE
    expected: dict[str, Fact] = {
        "threads.openmp": openmp if has_torch or facts.get("library.openmp") not in _NONE else "none",
        "threads.mkl": mkl if (has_torch and _mkl_inside(facts)) or facts.get("library.mkl") not in _NONE else "none",
        "threads.openblas": openblas if facts.get("library.openblas") not in _NONE else "none",
        "threads.torch": torch if has_torch else "none",
    }
    in_use = lines_of(reader.ask("threads")) if live else {}
    if "torch" in in_use:
        # torch gives its own number to the OpenMP of the thread that asks; what OpenMP does by itself is told no more.
        in_use.pop("openmp", None)
    most = in_use.pop("openblas-most", "")
    if isinstance(openblas, str) and most.isdecimal() and in_use.get("openblas") == str(min(int(openblas), int(most))):
        # An OpenBLAS that was built for fewer takes fewer, wherever it runs: that is the library's, not the machine's.
        in_use["openblas"] = openblas
    if "trouble" in in_use:
        return dict.fromkeys(
            expected, Unknown(reason=f"a loaded library does not tell its threads: {in_use['trouble']}")
        )
    return {
        key: in_use.get(key.removeprefix("threads."), value) if value != "none" else value
        for key, value in expected.items()
    }


def _told(
    values: Mapping[str, int], processors: int, cores: int, *, dynamic: bool, facts: Mapping[str, Fact]
) -> tuple[str, str, str, str]:
    openmp = values["OMP_NUM_THREADS"] or processors
    mkl = values["MKL_NUM_THREADS"] or values["OMP_NUM_THREADS"] or cores
    mkl = min(mkl, cores) if dynamic else mkl
    openblas = values["OPENBLAS_NUM_THREADS"] or values["GOTO_NUM_THREADS"] or values["OMP_NUM_THREADS"] or processors
    openblas = min(openblas, processors)
    torch = mkl if _mkl_inside(facts) else values["OMP_NUM_THREADS"] or values["MKL_NUM_THREADS"] or processors
    return str(openmp), str(mkl), str(openblas), str(torch)


def _mkl_inside(facts: Mapping[str, Fact]) -> bool:
    """Return whether torch has MKL in it; its wheels for x86-64 do."""
    return facts.get("platform.architecture") in ("x86_64", "AMD64")


def _count(value: str) -> int:
    """Return the number that a variable begins with, 0 where it means none: for nested teams it may be a list."""
    match = re.match(r"\s*\+?(\d{1,6})\s*(?:,|$)", value)
    return int(match[1]) if match else 0
