"""Variables that were changed after those who read them had read them: found by evidence, never believed.

The block that the process was started with, ``os.environ`` and C's ``getenv`` are three witnesses (``probes.variables``); who has
been loaded since, and what the libraries say themselves, tell whether a change came in time. A change that nobody can tell to
have come in time has not.
"""

from __future__ import annotations

import os
import sys

from ..probes import live
from ..probes.variables import snapshots, started
from . import in_force, python_hash
from .knobs import ANY, Switch
from .start import HASH_SEED, is_hash_seed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

NOT_SET = "not set"
_NOT_ALONE = "start Python without -E and -I"
_START = "before the process starts"


class Late:
    """A variable that is *wanted* to be something (None: not set), and was changed *after* somebody had read it.

    *told* is the sentence that says so, with the evidence; *why* what it decides; *hint* how it is done right where that is not
    by another value of the variable.
    """

    __slots__ = ("hint", "name", "told", "wanted", "why")

    def __init__(self, *, name: str, wanted: str | None, told: str, why: str, hint: str = "") -> None:
        self.hint = hint
        self.name = name
        self.wanted = wanted
        self.told = told
        self.why = why


class Reader:
    """Who reads some variables, and only once: whether it is *there* already, what it is called, and *why* that matters.

    What it says is what *ask* returns (``in_force.ask``).
    """

    __slots__ = ("ask", "called", "names", "there", "why")

    def __init__(
        self,
        called: str,
        there: Callable[[], bool],
        why: str,
        *names: str,
        ask: Callable[[str, str], in_force.Answer] = in_force.ask,
    ) -> None:
        self.ask = ask
        self.called = called
        self.there = there
        self.why = why
        self.names = names


def look() -> tuple[dict[str, Switch], list[Late]]:
    """Return a switch for each watched variable that is set anywhere, and those that were changed too late."""
    switches: dict[str, Switch] = {}
    late: list[Late] = []
    asked: set[str] = set()
    first, now = snapshots()
    for reader in READERS:
        for name in reader.names:
            value, before = now.get(name), first.get(name) if first is not None else None
            if (value is None and before is None) or any(item.name == name for item in late):
                continue
            if first is not None and value == before:
                evidence = "as the process was started with it"
            elif first is None:
                evidence = "what the process was started with cannot be told here"
            else:
                evidence, told = _changed(reader, name, before, value)
                if told:
                    late.append(Late(name=name, wanted=value, told=told, why=reader.why))
                elif name in asked:
                    continue  # another one that reads it has told more
            if reader.there():
                asked.add(name)
            found = value if value is not None else NOT_SET
            found = f"{found}, too late" if late and late[-1].name == name else found
            if name not in switches or name in asked:
                switches[name] = Switch(name=name, wanted=ANY, found=found, when=_START, evidence=evidence)
    return switches, late


def _changed(reader: Reader, name: str, before: str | None, value: str | None) -> tuple[str, str]:
    """Return the evidence that a change came in time, and an empty text; or the same evidence, and what is to be said."""
    was = f"it was {_word(before)} when the process was started"
    if not reader.there():
        return f"{was}, and {reader.called} was not there yet when enforce() looked", ""
    answer = reader.ask(name, value) if value is not None else None
    if answer is not None and value is not None:
        found, witness = answer
        if in_force.same(name, value, found):
            return f"{was}, and {witness} says {found}", ""
        return f"{was}, and {witness} says {found}", (
            f"{name} is {_word(value)}, which is not in force: {was}, and {witness} says {found or 'none of it'}"
        )
    return was, f"{name} is {_word(value)}, perhaps too late: {was}, and {reader.called} is there since"


def hash_seed() -> tuple[Switch, Late | None]:
    """Return what ``PYTHONHASHSEED`` is as a switch, and whether it was set too late: the hash of a known text tells."""
    text = os.environ.get(HASH_SEED, "")
    wanted, found, evidence, late = "a fixed number", "random in this process", "", None
    known = python_hash.in_force(int(text)) if is_hash_seed(text) else None
    if known:
        wanted = found = text
        evidence = "a known text has the hash of this seed"
    elif known is False:
        evidence = f"{HASH_SEED} is {text}, and a known text has not the hash of that seed"
        ignored = bool(sys.flags.ignore_environment)
        if ignored:
            told = f"{HASH_SEED} is {text}, and Python ignores it: it was started with -E or -I"
        else:
            told = f"{HASH_SEED} is {text} too late: {evidence.partition(', and ')[2]}"
        why = "the order of sets of text follows it, and is random now"
        late = Late(name=HASH_SEED, wanted=text, told=told, why=why, hint=_NOT_ALONE if ignored else "")
    elif is_hash_seed(text):
        found, evidence = "cannot be told", "this Python does not hash text in a way that is known here"
    else:
        evidence = f"{HASH_SEED} is {_word(os.environ.get(HASH_SEED))}"
    return Switch(name=HASH_SEED, wanted=wanted, found=found, when=_START, evidence=evidence), late


def started_with(name: str) -> str | None:
    """Return what the process was started with as the variable *name*; None where it was not set, or nobody can tell."""
    first = started((name,))
    return first.get(name) if first is not None else None


def _word(value: str | None) -> str:
    return NOT_SET if value is None else f"'{value}'"


def _loaded(*stems: str) -> Callable[[], bool]:
    return lambda: any(os.path.basename(path).startswith(stems) for path in live.loaded().splitlines())


def _imported(*names: str) -> Callable[[], bool]:
    return lambda: any(name in sys.modules for name in names)


def cuda_is_up() -> bool:
    """Return whether torch has initialised CUDA in this process; it is not brought up by the question."""
    torch: Any = sys.modules.get("torch")
    return torch is not None and bool(torch.cuda.is_initialized())


def _group() -> bool:
    distributed: Any = sys.modules.get("torch.distributed")
    return distributed is not None and bool(distributed.is_available()) and bool(distributed.is_initialized())


def xla_platforms() -> tuple[str, ...]:
    """Return the platforms whose XLA backend is up in JAX; none where it is not."""
    bridge: Any = sys.modules.get("jax._src.xla_bridge")
    return tuple(getattr(bridge, "_backends", ()))


def _openblas_by_openmp() -> bool:
    """Return whether there is an OpenBLAS that takes its number of threads from OpenMP's variable, having none of its own."""
    own = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS")
    return not any(os.environ.get(name) for name in own) and _loaded("libopenblas", "libscipy_openblas")()


_ISA = "kernels are chosen by it, and other kernels give other bits"
_THREADS = "the order of a sum follows the number of threads"
READERS = (
    Reader(
        "an OpenMP library", _loaded("libgomp", "libiomp", "libomp"), _THREADS,
        "OMP_NUM_THREADS", "OMP_DYNAMIC", "OMP_SCHEDULE", "OMP_THREAD_LIMIT", "KMP_DETERMINISTIC_REDUCTION",
    ),
    Reader("OpenBLAS", _openblas_by_openmp, _THREADS, "OMP_NUM_THREADS", ask=in_force.ask_openblas),
    Reader("MKL", lambda: _loaded("libmkl")() or _imported("torch")(), _THREADS, "MKL_NUM_THREADS", "MKL_DYNAMIC"),
    Reader(
        "MKL", lambda: _loaded("libmkl")() or _imported("torch")(), _ISA,
        "MKL_CBWR", "MKL_ENABLE_INSTRUCTIONS", "MKL_THREADING_LAYER",
    ),
    Reader(
        "OpenBLAS", _loaded("libopenblas", "libscipy_openblas"), _THREADS,
        "OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS",
    ),
    Reader("OpenBLAS", _loaded("libopenblas", "libscipy_openblas"), _ISA, "OPENBLAS_CORETYPE"),
    Reader("NumPy", _imported("numpy"), _ISA, "NPY_DISABLE_CPU_FEATURES", "NPY_ENABLE_CPU_FEATURES"),
    Reader(
        "torch", _imported("torch"), _ISA,
        "ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "ONEDNN_DEFAULT_FPMATH_MODE",
        "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
    ),
    Reader(
        "CUDA", cuda_is_up, "CUDA's libraries choose algorithms and precision by it when they start",
        "CUBLASLT_WORKSPACE_SIZE", "NVIDIA_TF32_OVERRIDE", "PYTORCH_TUNABLEOP_ENABLED", "TORCH_BLAS_PREFER_CUBLASLT",
        "CUDNN_CONV_WSCAP_DBG", "CUDA_FORCE_PTX_JIT", "CUDA_DISABLE_PTX_JIT",
    ),
    Reader(
        "a process group", _group, "NCCL chooses the order in which gradients are summed by it when it starts",
        "NCCL_ALGO", "NCCL_PROTO", "NCCL_NVLS_ENABLE", "NCCL_COLLNET_ENABLE", "NCCL_MIN_NCHANNELS", "NCCL_MAX_NCHANNELS",
        "NCCL_NTHREADS", "NCCL_BUFFSIZE", "NCCL_TOPO_FILE", "NCCL_GRAPH_FILE",
    ),
    Reader("XLA", lambda: bool(xla_platforms()) or _imported("tensorflow")(), "XLA chooses kernels by it when it starts", "XLA_FLAGS"),
    Reader(
        "JAX", _imported("jax"), "every random number and every precision of JAX follows it",
        "JAX_THREEFRY_PARTITIONABLE", "JAX_DEFAULT_MATMUL_PRECISION", "JAX_ENABLE_X64", "JAX_DEFAULT_PRNG_IMPL",
    ),
    Reader(
        "TensorFlow", _imported("tensorflow"), "TensorFlow chooses kernels by it when it is imported",
        "TF_DETERMINISTIC_OPS", "TF_CUDNN_DETERMINISTIC", "TF_ENABLE_ONEDNN_OPTS", "TF_NUM_INTRAOP_THREADS",
        "TF_NUM_INTEROP_THREADS",
    ),
)  # fmt: skip
