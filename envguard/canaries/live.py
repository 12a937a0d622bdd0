"""The canaries of what this very process has loaded. Nothing is imported for them, and CUDA is not initialised."""

from __future__ import annotations

import sys

from .running import Results, run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NOT_LOADED = "it is not imported"
NO_CUDA = "CUDA is not initialised"


def live(*, only: str | None = None) -> Results:
    """Return what they say; *only* asks one library. Those on the GPU are run where CUDA is initialised already."""
    modules: dict[str, Any] = {
        name: sys.modules[name] for name in ("numpy", "torch") if name in sys.modules and only in (None, name)
    }
    torch = modules.get("torch")
    cuda = torch is not None and _up(torch)
    results = run(**modules, cuda=cuda)
    for name in ("numpy", "torch"):
        if name not in modules:
            results.left_out[name] = NOT_LOADED
    if torch is not None and not cuda:
        results.left_out["torch.cuda"] = NO_CUDA
    return results


def _up(torch: Any) -> bool:
    try:
        return bool(torch.cuda.is_initialized())
    except Exception:  # noqa: BLE001 - half-imported, or another module of that name
        return False
