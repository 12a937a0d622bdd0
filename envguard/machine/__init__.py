"""What this machine is: interpreter, platform, processor, accelerators, and the build of torch that lies on it.

A fact is text, ``none`` where there is no such thing here, or an ``Unknown`` with the reason where it cannot be told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..facts import EDITION_KEY, table
from .accelerators import accelerators
from .hardware import hardware
from .torch_build import torch_build

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..model import Fact
    from ..reader import Reader


def observe(
    reader: Reader, *, implementation: str, version: str, build: Fact, folders: Sequence[str]
) -> dict[str, Fact]:
    """Return the facts of this machine, by dotted key.

    *implementation*, *version* and *build* are the interpreter's; *folders* are where packages are looked for, in order.
    """
    return {
        EDITION_KEY: str(table().edition),
        "interpreter.implementation": implementation,
        "interpreter.version": version,
        "interpreter.build": build,
        **hardware(reader),
        **torch_build(reader, folders),
        **accelerators(reader),
    }
