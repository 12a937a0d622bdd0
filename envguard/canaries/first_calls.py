"""The first call of each of MKL's vector functions, made by one thread.

oneMKL chooses the kernel of such a function when it is first called. Where several of PyTorch's threads make that call at once, one of
them may compute its share with a kernel of low accuracy, in a few of a hundred processes, and every later call is right: the first
``exp`` or ``sqrt`` of a training differs from run to run (PyTorch issue 188792: up to some thousand units in the last place; oneMKL 2024.2).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# ATen/cpu/vml.h, and what was or may be among them in other versions: one too many costs microseconds.
FUNCTIONS = (
    "acos", "asin", "atan", "cos", "cosh", "erf", "erfc", "erfinv", "exp", "expm1", "lgamma", "log", "log10", "log1p", "log2",
    "rsqrt", "sin", "sinh", "sqrt", "tan", "tanh", "trunc",
)  # fmt: skip


def make(torch: Any) -> int:
    """Call each function of *torch* on one number of each precision, which no thread shares; return how many functions there are."""
    functions = [getattr(torch, name) for name in FUNCTIONS if hasattr(torch, name)]
    for kind in (torch.float32, torch.float64):
        number = torch.full((1,), 0.5, dtype=kind, device="cpu")
        for function in functions:
            function(number)
    return len(functions)


def has_mkl(torch: Any) -> bool:
    """Return whether *torch* computes them with MKL; False too where it does not tell."""
    mkl = getattr(getattr(torch, "backends", None), "mkl", None)
    return mkl is not None and bool(mkl.is_available())
