"""The switches of PyTorch that decide bits: which of them the same bits need, and which are the program's to choose.

Precision (TF32, reduced-precision sums) is the program's: it changes numbers, and gives the same ones in every run. What it is
is recorded. Sources: PyTorch, "Reproducibility", "CUDA semantics" (TensorFloat-32, reduced precision), ``torch.backends``,
``torch.use_deterministic_algorithms``, ``torch._inductor.config``.
"""

from __future__ import annotations

import sys
from functools import partial

from .knobs import Knob

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

WARN_ONLY = "warn only"
MODE = "torch.use_deterministic_algorithms"
FILL = "torch.utils.deterministic.fill_uninitialized_memory"
INDUCTOR = "torch._inductor.config"
NOT_THERE = "no such switch in this release of torch"
_CUDNN = "torch.backends.cudnn"
_ONEDNN = "torch.backends.mkldnn.deterministic"
_TUNING = "torch.cuda.tunable.tuning"
_COMPILER = ("deterministic", "fallback_random")
# What is set where the same bits are asked for; the rest is read.
SET = (
    MODE,
    FILL,
    f"{_CUDNN}.deterministic",
    f"{_CUDNN}.benchmark",
    _ONEDNN,
    _TUNING,
    *(f"{INDUCTOR}.{name}" for name in _COMPILER),
)
# Backend and operation of each precision; the old names beside them (allow_tf32, float32_matmul_precision) raise after a write
# through the new ones.
_PRECISIONS = (
    ("generic", "all"),
    ("cuda", "all"),
    ("cuda", "matmul"),
    ("cuda", "conv"),
    ("cuda", "rnn"),
    ("mkldnn", "all"),
    ("mkldnn", "matmul"),
    ("mkldnn", "conv"),
    ("mkldnn", "rnn"),
)
# What says the precision before torch 2.9.
_OLD_PRECISIONS = (
    ("torch.get_float32_matmul_precision", "_get_float32_matmul_precision"),
    ("torch.backends.cuda.matmul.allow_tf32", "_get_cublas_allow_tf32"),
    ("torch.backends.cudnn.allow_tf32", "_get_cudnn_allow_tf32"),
    ("torch.backends.mkldnn.allow_tf32", "_get_onednn_allow_tf32"),
)
_ATTENTION = (
    "flash_sdp_enabled",
    "mem_efficient_sdp_enabled",
    "math_sdp_enabled",
    "cudnn_sdp_enabled",
    "fp16_bf16_reduction_math_sdp_allowed",
)
_MATMUL = (
    "allow_fp16_reduced_precision_reduction",
    "allow_fp16_reduced_precision_reduction_split_k",
    "allow_bf16_reduced_precision_reduction",
    "allow_bf16_reduced_precision_reduction_split_k",
    "allow_fp16_accumulation",
)
_BLAS = "torch.backends.cuda.preferred_blas_library"
# Which kernels are asked, and in which order a product of several matrices is made; the getters of ``torch._C`` never raise.
_KERNELS = (
    ("torch.backends.cuda.fa3_sdp_enabled", "_get_fa3_sdp_enabled"),
    (_BLAS, "_get_blas_preferred_backend"),
    ("torch.backends.cuda.preferred_linalg_library", "_get_linalg_preferred_backend"),
    ("torch.backends.mkldnn.enabled", "_get_mkldnn_enabled"),
    ("torch.backends.nnpack.enabled", "_get_nnpack_enabled"),
)
_ATTRIBUTES = (
    ("cudnn", "benchmark_limit"),
    ("cudnn", "depthwise_kernel"),
    ("opt_einsum", "enabled"),
    ("opt_einsum", "strategy"),
)


def torch_knobs(torch: Any, *, audit: bool) -> list[Knob]:
    """Return the switches of *torch*, in the order in which they are set.

    *audit* has memory that nobody has written filled with NaN, which shows what reads it, and costs much.
    """
    cudnn, deterministic = torch.backends.cudnn, torch.utils.deterministic
    knobs = [
        Knob(
            MODE,
            lambda: mode(torch),
            wanted=True,
            write=lambda value: set_mode(torch, value),
            prove=lambda: _refuses(torch),
        ),
        _attribute(
            FILL,
            deterministic,
            "fill_uninitialized_memory",
            wanted=audit,
            prove=(lambda: _fills(torch)) if audit else None,
        ),
        _attribute(f"{_CUDNN}.deterministic", cudnn, "deterministic", wanted=True),
        _attribute(f"{_CUDNN}.benchmark", cudnn, "benchmark", wanted=False),
    ]
    onednn = getattr(torch.backends, "mkldnn", None)
    if hasattr(onednn, "deterministic"):
        knobs.append(_attribute(_ONEDNN, onednn, "deterministic", wanted=True))
    return [*knobs, *_tuning(torch), *_left_to_the_program(torch)]


def inductor_knobs() -> list[Knob]:
    """Return the switches of the compiler where its settings are loaded.

    ``deterministic`` chooses nothing by timing; ``fallback_random`` gives compiled code the random numbers of eager code. Which of them
    a release does not have (torch 2.8: the first) is told as it is.
    """
    config: Any = sys.modules.get(INDUCTOR)
    if config is None:
        return []
    return [
        _attribute(f"{INDUCTOR}.{name}", config, name, wanted=True)
        if hasattr(config, name)
        else Knob(f"{INDUCTOR}.{name}", lambda: NOT_THERE)
        for name in _COMPILER
    ]


def _tuning(torch: Any) -> list[Knob]:
    """Return TunableOp's tuning, which picks matrix products by their timing; builds without a GPU do not have it."""
    read = getattr(torch._C, "_cuda_tunableop_tuning_is_enabled", None) if hasattr(torch, "_C") else None  # noqa: SLF001
    if read is None:
        return []
    write = torch._C._cuda_tunableop_tuning_enable  # noqa: SLF001
    return [Knob(_TUNING, read, wanted=False, write=lambda value: write(bool(value)))]


def _left_to_the_program(torch: Any) -> list[Knob]:
    backends = torch.backends
    knobs = [_attribute(f"{_CUDNN}.enabled", backends.cudnn, "enabled"), *_precisions(getattr(torch, "_C", None))]
    cuda = getattr(backends, "cuda", None)
    matmul = getattr(cuda, "matmul", None)
    knobs += [
        Knob(f"torch.backends.cuda.matmul.{name}", partial(getattr, matmul, name))
        for name in _MATMUL
        if hasattr(matmul, name)
    ]
    knobs += [Knob(f"torch.backends.cuda.{name}", getattr(cuda, name)) for name in _ATTENTION if hasattr(cuda, name)]
    knobs += _kernels(torch)
    knobs += [
        _attribute(f"torch.backends.{module}.{name}", getattr(backends, module), name)
        for module, name in _ATTRIBUTES
        if hasattr(getattr(backends, module, None), name)
    ]
    mha: Any = getattr(backends, "mha", None)
    if hasattr(mha, "get_fastpath_enabled"):
        knobs.append(Knob("torch.backends.mha.get_fastpath_enabled", mha.get_fastpath_enabled))
    for name in ("get_num_threads", "get_num_interop_threads", "get_default_dtype"):
        if hasattr(torch, name):
            knobs.append(Knob(f"torch.{name}", getattr(torch, name)))
    capability = getattr(getattr(backends, "cpu", None), "get_cpu_capability", None)
    return [*knobs, Knob("torch.backends.cpu.get_cpu_capability", capability)] if capability is not None else knobs


def _precisions(inner: Any) -> list[Knob]:
    # The one getter that never raises, whatever was written, and by which name.
    getter = getattr(inner, "_get_fp32_precision_getter", None)
    if getter is None:
        return [Knob(name, getattr(inner, word)) for name, word in _OLD_PRECISIONS if hasattr(inner, word)]
    return [
        Knob(f"torch.backends.{backend}.{operation}.fp32_precision", partial(getter, backend, operation))
        for backend, operation in _PRECISIONS
    ]


def _kernels(torch: Any) -> list[Knob]:
    inner = getattr(torch, "_C", None)
    known = dict(_KERNELS)
    if getattr(getattr(torch, "version", None), "hip", None) is not None:
        del known[_BLAS]  # its getter would count the devices there
    return [Knob(name, getattr(inner, word)) for name, word in known.items() if hasattr(inner, word)]


def _attribute(name: str, module: Any, attribute: str, *, wanted: object = None, prove: Any = None) -> Knob:
    return Knob(
        name,
        lambda: getattr(module, attribute),
        wanted=wanted,
        write=(lambda value: setattr(module, attribute, value)) if wanted is not None else None,
        prove=prove,
    )


def mode(torch: Any) -> bool | str:
    """Return whether *torch* takes deterministic algorithms alone: True, False, or that it only warns."""
    if not torch.are_deterministic_algorithms_enabled():
        return False
    return WARN_ONLY if torch.is_deterministic_algorithms_warn_only_enabled() else True


def set_mode(torch: Any, value: object) -> None:
    """Set what ``mode`` returned; the compiler, which ``use_deterministic_algorithms`` would import, is not imported for it."""
    if INDUCTOR in sys.modules:
        torch.use_deterministic_algorithms(value is not False, warn_only=value == WARN_ONLY)
    else:
        torch.set_deterministic_debug_mode("default" if value is False else "warn" if value == WARN_ONLY else "error")


def _refuses(torch: Any) -> str:
    """Ask for an operation that has no deterministic form on any device; it draws nothing and leaves nothing behind."""
    try:
        torch.zeros(1, device="cpu").put_(torch.zeros(1, dtype=torch.int64, device="cpu"), torch.zeros(1, device="cpu"))
    except RuntimeError:
        return "set, and put_(), which has no deterministic form, was refused"
    raise RuntimeError("put_(), which has no deterministic form, was not refused")


def _fills(torch: Any) -> str:
    if bool(torch.empty(8, device="cpu").isnan().all()):
        return "set, and torch.empty() gave NaN alone"
    raise RuntimeError("torch.empty() gave something else than NaN")
