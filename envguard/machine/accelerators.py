"""NVIDIA GPUs and their driver, as the kernel module tells; a later version asks the driver's library, too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..model import Fact, Unknown

if TYPE_CHECKING:
    from ..reader import Reader

_VERSION = re.compile(r"\b(\d{3,}\.\d+(?:\.\d+)?)\b")


def accelerators(reader: Reader) -> dict[str, Fact]:
    """Return the facts ``nvidia.driver`` and ``nvidia.gpus`` (the models, sorted, separated by commas)."""
    text = reader.probe("nvidia")
    if not text:
        return {"nvidia.driver": "none", "nvidia.gpus": "none"}
    line, *models = text.split("\n")
    version = _VERSION.search(line)
    return {
        "nvidia.driver": version[1] if version else Unknown(reason=f"the kernel module says '{line}'"),
        "nvidia.gpus": ", ".join(sorted(models)) or "none",
    }
