"""Whether the workspace of cuBLAS that a script chose came in time, told by the memory that PyTorch holds on the GPUs.

PyTorch takes the buffer at its first product, keeps it, and reads its size anew at each later one (pytorch,
aten/src/ATen/cuda/CublasHandlePool.cpp). Its strict mode once refused a product whose workspace was not set in time; it does not
any more, so that none can prove it: torch 2.11.0+cu130 on an H200 computed all of 13 kinds of them without the variable.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# ":16:8", the smallest workspace that is deterministic; what PyTorch takes where none was chosen is 8 MiB and more.
SMALLEST = 128 * 1024
_LIVE = "allocated_bytes.all.current"


def came_late(started: str | None) -> str:
    """Return why nobody can tell that a workspace which was set while CUDA was up came in time; an empty text where it did.

    *started* is what the process was started with. Nothing is computed and nothing allocated.
    """
    if started is not None:
        return f"the process was started with {started!r}"
    if "cupy" in sys.modules:
        return "CuPy, which nobody can ask, is imported"
    torch: Any = sys.modules["torch"]
    try:
        held = sum(int(torch.cuda.memory_stats(index)[_LIVE]) for index in range(torch.cuda.device_count()))
    except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
        return f"torch does not tell what memory it holds ({type(error).__name__})"
    if held < SMALLEST:
        return ""
    return f"torch held {held} bytes of the GPU's memory by then, the workspace of earlier products perhaps among them"
