"""Which GPUs a CUDA program sees, and in which order: ``CUDA_VISIBLE_DEVICES`` and ``CUDA_DEVICE_ORDER`` as CUDA takes them.

Sources: CUDA Programming Guide, "CUDA Environment Variables"; PyTorch, ``torch/cuda/__init__.py``, which reads them for NVML.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..model import Unknown
from ..values import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

_NUMBER = re.compile(r"\s*([+-]?\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A GPU, or an instance of a divided one, as far as visibility goes; *bus* orders them, *mig* are its instances' UUIDs."""

    uuid: str
    name: str
    bus: str
    mig: tuple[str, ...] = ()


def visible(devices: Sequence[Device], variable: str | None, order: str) -> tuple[str, ...] | Unknown:
    """Return the UUIDs of the devices that CUDA shows, in its order, for the values of the two variables (None: not set).

    Unknown where only CUDA itself can tell: several models in the order of their speed, several divided GPUs.
    """
    in_order = sorted(devices, key=lambda device: device.bus)
    if variable is not None and variable.startswith(("GPU-", "MIG-")):
        return _by_uuid(in_order, variable.split(","))
    numbers = _numbers(variable, len(in_order))
    if not numbers:
        return ()
    if len({device.name for device in in_order}) > 1 and order != "PCI_BUS_ID":
        return Unknown(reason="CUDA orders GPUs of different models by speed; set CUDA_DEVICE_ORDER=PCI_BUS_ID")
    chosen = [in_order[number] for number in numbers]
    divided = [device for device in chosen if device.mig]
    if divided:
        # A program sees one instance at most, and no whole GPU beside it.
        if len(chosen) > 1 or len(divided[0].mig) > 1:
            return Unknown(
                reason="several MIG instances are there, and CUDA takes one; name it in CUDA_VISIBLE_DEVICES"
            )
        return (divided[0].mig[0],)
    return tuple(device.uuid for device in chosen)


def _numbers(variable: str | None, count: int) -> list[int]:
    """Return the numbers that *variable* lists up to the first that is none or too large; a repeated one voids all."""
    if variable is None:
        return list(range(count))
    numbers: list[int] = []
    for part in variable.split(","):
        match = _NUMBER.match(part)
        number = int(match[1]) if match else -1
        if number in numbers:
            return []
        if number < 0:
            break
        numbers.append(number)
    return next((numbers[:at] for at, number in enumerate(numbers) if number >= count), numbers)


def _by_uuid(devices: Sequence[Device], words: Sequence[str]) -> tuple[str, ...]:
    """Return the devices whose UUIDs begin with *words*, up to the first that fits none or several; a repeated one voids all."""
    kind = words[0][:4]
    words = words[: next((at for at, word in enumerate(words) if not word.startswith(kind)), len(words))]
    known = [uuid for device in devices for uuid in ((device.uuid,) if kind == "GPU-" else device.mig)]
    chosen: list[str] = []
    for word in words:
        fitting = [uuid for uuid in known if uuid.startswith(word)]
        if len(fitting) != 1:
            break
        chosen.append(fitting[0])
    if len(set(words)) < len(words) or len(set(chosen)) < len(chosen):
        return ()
    return tuple(chosen[:1]) if kind == "MIG-" else tuple(chosen)
