"""The basic determinism switches: set where that still takes effect, read back, and reported as what they are.

Sources: PyTorch, "Reproducibility"; NVIDIA, cuBLAS documentation, "Results reproducibility" (CUBLAS_WORKSPACE_CONFIG is
read when a handle is created, so it is never set after CUDA is up); Python, PYTHONHASHSEED (read before start-up only).
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from ..errors import RefusedError
from .on_import import after_import

if TYPE_CHECKING:
    from types import ModuleType

WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"
WANTED_WORKSPACE = ":4096:8"
ACCEPTED_WORKSPACES = (":4096:8", ":16:8")


class Switch:
    """One switch: what was *wanted*, what it was *found* to be afterwards, and *when* it was set.

    A plain class: a dataclass would cost every start of a training script a millisecond.
    """

    __slots__ = ("found", "name", "wanted", "when")

    def __init__(self, *, name: str, wanted: str, found: str, when: str) -> None:
        self.name = name
        self.wanted = wanted
        self.found = found
        self.when = when

    @property
    def holds(self) -> bool:
        """Whether the switch is what was wanted."""
        return self.wanted in ("any", self.found)


class Switches:
    """The switches of one ``enforce``; *state* maps names to switches and grows when torch is imported later."""

    def __init__(self, *, bitwise: bool) -> None:
        self.bitwise = bitwise
        self.state: dict[str, Switch] = {}

    def set(self, installed: frozenset[str]) -> None:
        """Set what can be set now, and the rest as soon as torch is imported.

        Raises RefusedError where a switch that is needed is too late.
        """
        self._python()
        if "torch" in installed or "torch" in sys.modules:
            if self.bitwise:
                self._workspace()
            after_import("torch", "switches", self._torch)

    def _note(self, name: str, wanted: str, found: str, when: str = "now") -> None:
        self.state[name] = Switch(name=name, wanted=wanted, found=found, when=when)

    def _python(self) -> None:
        seed = os.environ.get("PYTHONHASHSEED", "")
        fixed = seed.isdigit() and not sys.flags.ignore_environment
        found = seed if fixed else "random in every process; start with PYTHONHASHSEED=0 to fix the order of sets"
        self._note("PYTHONHASHSEED", "any", found, "before Python starts")

    def _workspace(self) -> None:
        torch: Any = sys.modules.get("torch")
        value = os.environ.get(WORKSPACE)
        up = torch is not None and bool(torch.cuda.is_initialized())
        if value in ACCEPTED_WORKSPACES:
            self._note(WORKSPACE, value, value, "before the script" if up else "now")
        elif value is not None or up:
            import shlex

            found = f"it is {value!r}" if value is not None else "it is not set, and CUDA is initialised already"
            command = f"{WORKSPACE}={WANTED_WORKSPACE} {shlex.join(sys.orig_argv) or 'python ...'}"
            raise RefusedError(
                f"{WORKSPACE} must be {' or '.join(ACCEPTED_WORKSPACES)} before CUDA starts; {found}\n"
                "why: cuBLAS chooses its algorithms by it, and reads it only once\n"
                f"hint: {command}"
            )
        else:
            os.environ[WORKSPACE] = WANTED_WORKSPACE
            self._note(WORKSPACE, WANTED_WORKSPACE, os.environ[WORKSPACE])

    def _torch(self, module: ModuleType) -> None:
        torch: Any = module
        if self.bitwise:
            torch.use_deterministic_algorithms(True)
            # Filling is what deterministic mode costs most; results are the same unless memory is read before it is written.
            torch.utils.deterministic.fill_uninitialized_memory = False
            torch.backends.cudnn.deterministic = True
            torch.backends.cudnn.benchmark = False
        wanted = {
            "torch.use_deterministic_algorithms": (torch.are_deterministic_algorithms_enabled, True),
            "torch.utils.deterministic.fill_uninitialized_memory": (
                lambda: torch.utils.deterministic.fill_uninitialized_memory,
                False,
            ),
            "torch.backends.cudnn.deterministic": (lambda: torch.backends.cudnn.deterministic, True),
            "torch.backends.cudnn.benchmark": (lambda: torch.backends.cudnn.benchmark, False),
        }
        for name, (read, value) in wanted.items():
            self._note(name, str(value) if self.bitwise else "any", str(read()))
