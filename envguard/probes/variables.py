"""The environment variables that numeric libraries read: as this process was started, as ``os.environ`` has them, as C does."""

from __future__ import annotations

import os
import sys

from ..trace import digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# Wider than the table of facts, which knows what each is worth: what begins like one of these is looked at.
PREFIXES = (
    "ATEN_",
    "BLIS_",
    "CAUSAL_CONV1D_",
    "CUBLAS",
    "CUDA_",
    "CUDNN_",
    "DNNL_",
    "FLASH_ATTENTION_",
    "GLIBC_TUNABLES",
    "GOMP_",
    "GOTO_",
    "GPU_DEVICE_ORDINAL",
    "HCCL_",
    "HIP",
    "HOROVOD_",
    "HSA_",
    "JAX_",
    "KMP_",
    "LCCL_",
    "LD_PRELOAD",
    "MAMBA_",
    "MIOPEN_",
    "MKL_",
    "NCCL_",
    "NPY_",
    "NVIDIA_",
    "NVTE_",
    "OMP_",
    "ONEDNN_",
    "OPENBLAS_",
    "PYTHONHASHSEED",
    "PYTORCH_",
    "RCCL_",
    "ROCBLAS_",
    "ROCR_",
    "TF_",
    "TORCH",
    "TRITON_",
    "VECLIB_",
    "VLLM_",
    "XLA_",
)


# What enforce() has set in this process, in time, and what that was before: switches, which the receipt tells apart, and no facts.
OURS: dict[str, tuple[str, str | None]] = {}
# What torch sets through C for itself when NCCL starts in deterministic mode (ProcessGroupNCCL): it follows from a switch, too.
_TORCHS = ("NCCL_ALGO", "^NVLS")


def set_ours(name: str, value: str) -> None:
    """Set the variable *name* for this process and its children, and remember that it was enforce() who did."""
    before = OURS[name][1] if name in OURS else os.environ.get(name)
    os.environ[name] = value
    OURS[name] = (value, before)


def _without_ours(values: dict[str, str]) -> dict[str, str]:
    for name, (ours, before) in OURS.items():
        if values.get(name) == ours:
            del values[name]
            if before is not None:
                values[name] = before
    return values


def snapshots() -> tuple[dict[str, str] | None, dict[str, str]]:
    """Return the variables that begin with one of ``PREFIXES``: as the process started, and as ``os.environ`` says.

    None for the first where the kernel does not tell, or where something has written over it. What ``set_ours`` has set is
    told as it was before.
    """
    now = {name: value for name, value in os.environ.items() if name.startswith(PREFIXES)}
    return started(), _without_ours(now)


def variables() -> str:
    """Return a digest of both snapshots: values may be anybody's secrets, and what a probe says is kept."""
    first, now = snapshots()
    return digest(repr((sorted(first.items()) if first is not None else None, sorted(now.items()))))


def getenv(names: str) -> str:
    """Return a digest of what C says of the variables *names*, which have spaces between them."""
    found = in_c(names.split(" "))
    return digest(repr(sorted(found.items()) if found is not None else None))


def in_c(names: Iterable[str]) -> dict[str, str] | None:
    """Return those of the variables *names* that are set as C's ``getenv`` has them; None where C cannot be asked."""
    import ctypes

    try:
        getenv = ctypes.CDLL(None).getenv
    except (OSError, TypeError, AttributeError):
        return None
    getenv.restype, getenv.argtypes = ctypes.c_char_p, (ctypes.c_char_p,)
    values = {name: getenv(os.fsencode(name)) for name in names}
    found = {name: os.fsdecode(value) for name, value in values.items() if value is not None}
    name, value = _TORCHS
    if "torch" in sys.modules and found.get(name) == value and name not in os.environ:
        del found[name]
    return _without_ours(found)


def started(prefixes: tuple[str, ...] = PREFIXES) -> dict[str, str] | None:
    """Return the variables that begin with one of *prefixes* as the process was started with them; None as ``snapshots``."""
    try:
        with open("/proc/self/environ", "rb") as file:
            block = file.read()
    except OSError:
        return None
    entries = [os.fsdecode(entry).partition("=") for entry in block.rstrip(b"\0").split(b"\0") if entry]
    # A program that renames itself in the list of processes writes its new name over the block.
    if not all(name and mark and name.split() == [name] for name, mark, _ in entries):
        return None
    return {name: value for name, _, value in entries if name.startswith(prefixes)}
