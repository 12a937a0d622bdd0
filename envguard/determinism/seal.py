"""The last look at what a run has set, which ``run.verify()`` compares with (``changes``).

On the path of every clean start: it only looks, and imports nothing heavy.
"""

from __future__ import annotations

import os
import sys

from ..probes import live
from ..probes.variables import in_c
from . import frameworks, lateness
from .libraries import BY_MODULE, looks
from .on_import import after_import
from .start import HASH_SEED, WORKSPACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType
    from typing import Any

    from .switches import Switches


class Seal:
    """The last look at the generators, switches and variables of a run."""

    def __init__(self, switches: Switches) -> None:
        self.switches = switches
        self.values = {name: switch.found for name, switch in switches.state.items()}
        self.variables = variables()
        self.generators = looks()
        self.libraries: frozenset[str] | None = None
        # What the canaries said when somebody last asked for them.
        self.bits: dict[str, str] = {}
        # What is imported later is seeded then; its first look is right after that.
        for name in BY_MODULE:
            if name not in sys.modules:
                after_import(name, "seal", self._arrived)

    def _arrived(self, module: ModuleType) -> None:
        # Its import is not over yet, so it is asked by name.
        for name, state in BY_MODULE[module.__name__].looks(module).items():
            self.generators.setdefault(name, state)

    def take(self) -> None:
        """Look again, and let that be what later looks are compared with."""
        self.values.update(self.switches.values())
        self.variables = variables()
        self.libraries = libraries()
        self.drawn()

    def drawn(self) -> None:
        """Take the generators as they are now for the last look at them."""
        self.generators = looks()


def variables() -> dict[str, str]:
    """Return what the watched variables are for Python, and for C where that is something else."""
    names = [
        HASH_SEED,
        WORKSPACE,
        *frameworks.VARIABLES,
        *(name for reader in lateness.READERS for name in reader.names),
    ]
    python = {name: os.environ[name] for name in names if name in os.environ}
    found: Mapping[str, Any] = in_c(names) or {}
    other = {name: value for name, value in found.items() if name not in python}
    return {**other, **python}


def libraries() -> frozenset[str]:
    """Return the numeric libraries that are mapped into this process."""
    return frozenset(live.loaded().splitlines())
