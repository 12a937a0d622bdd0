"""What this very process has loaded and set: for a check inside a training script, whose libraries may be there already."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

# Of the paths in the list of mappings those of libraries that compute.
_STEMS = (
    "libcublas",
    "libcuda",
    "libcudart",
    "libcudnn",
    "libcufft",
    "libcurand",
    "libcusolver",
    "libcusparse",
    "libdnnl",
    "libgomp",
    "libiomp",
    "libmkl",
    "libmkldnn",
    "libnccl",
    "libnvrtc",
    "libomp",
    "libopenblas",
    "libscipy_openblas",
    "libtriton",
)

# Builds of OpenBLAS differ in what they call their functions.
OPENBLAS = ("scipy_{}64_", "scipy_{}", "{}64_", "{}")


def loaded() -> str:
    """Return the paths of the numeric libraries that are mapped into this process, sorted, a line each."""
    try:
        with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
            found = {line.rstrip("\n")[at:] for line in maps if (at := line.find("/")) > 0}
    except OSError:
        return ""
    return "\n".join(sorted(path for path in found if os.path.basename(path).startswith(_STEMS)))


def threads() -> str:
    """Return how many threads are in use, ``library: number`` a line: torch's, OpenBLAS's, and what threadpoolctl says if it is loaded."""
    torch: Any = sys.modules.get("torch")
    lines = []
    try:
        if torch is not None:
            lines.append(f"torch: {torch.get_num_threads()}")
        if (module := sys.modules.get("threadpoolctl")) is not None:
            lines += pools(module)
        elif numbers := {asked() for asked in openblas("openblas_get_num_threads")}:
            lines.append(_joined("openblas", numbers))
    except Exception as error:  # noqa: BLE001 - half-imported, or another module of that name: told as it is, and never the same
        lines.append(f"trouble: {type(error).__name__}")
    return "\n".join(lines)


def pools(module: Any) -> list[str]:
    """Return what threadpoolctl, which *module* is, says of the pools of threads in this process."""
    found: dict[str, set[int]] = {}
    for pool in module.threadpool_info():
        found.setdefault(str(pool["internal_api"]), set()).add(int(pool["num_threads"]))
    return [_joined(name, numbers) for name, numbers in sorted(found.items())]


def _joined(name: str, numbers: set[int]) -> str:
    return f"{name}: {' and '.join(map(str, sorted(numbers)))}"


def openblas(name: str) -> Iterator[Any]:
    """Yield the function *name* of each OpenBLAS in this process."""
    for path in loaded().splitlines():
        if "openblas" in os.path.basename(path):
            asked = (function(path, spelling.format(name)) for spelling in OPENBLAS)
            yield from [found for found in asked if found is not None][:1]


def function(path: str, name: str) -> Any:
    """Return the function *name* of the library *path*, which is loaded already; None where it is not, or has none."""
    import ctypes

    try:
        # RTLD_NOLOAD: gives what is there, or fails.
        return getattr(ctypes.CDLL(path, mode=os.RTLD_NOW | os.RTLD_NOLOAD), name)
    except (OSError, AttributeError):
        return None
