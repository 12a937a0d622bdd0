"""The determinism switches of one run: set where that still takes effect, read back, proven, and reported as what they are.

What the same bits need is set; what only chooses which bits (precision, threads) is the program's, and recorded. What is too
late is refused with the command that does it right, never set late and called done. Sources: PyTorch, "Reproducibility"; NVIDIA,
cuBLAS documentation, "Results reproducibility"; NCCL, "Environment Variables".
"""

from __future__ import annotations

import os
import sys

from ..errors import RefusedError
from ..probes.variables import set_ours
from . import frameworks, lateness, processor, workspace
from .command import right_command
from .knobs import LEFT, TOO_LATE, Knob, Switch
from .on_import import after_import
from .start import WORKSPACE, WORKSPACES
from .torch_knobs import INDUCTOR, MODE, WARN_ONLY, inductor_knobs, mode, torch_knobs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from types import ModuleType
    from typing import Any

    from .lateness import Late

STATISTICAL = "cross-hardware"
FIRST_CALLS = "mkl.vml.first_calls"


def _raise(text: str) -> None:
    raise RefusedError(text)


class Switches:
    """The switches of one ``enforce``; *state* maps names to switches and grows when a library is imported later.

    *audit* has memory that nobody wrote filled with NaN. *leave* names switches that are read and not set. *refuse* is called
    with what stands in the way, and may let it pass. *seed* and *level* stand in the command that does right what was too
    late; the level also says whether the same *bits* are asked for.
    """

    def __init__(
        self,
        *,
        level: str = "",
        audit: bool = False,
        leave: Collection[str] = (),
        refuse: Callable[[str], None] = _raise,
        seed: int | None = None,
    ) -> None:
        self.audit = audit
        self.leave = frozenset(leave)
        self.refuse = refuse
        self.seed = seed
        self.level = level
        self.bitwise = level != STATISTICAL
        self.state: dict[str, Switch] = {}
        self.before: dict[str, object] = {}

    def look(self) -> list[Late]:
        """Record what only a start could set; return what was changed too late."""
        switches, late = lateness.look()
        hashes, late_hash = lateness.hash_seed()
        self.state.update({hashes.name: hashes, **switches})
        return [late_hash, *late] if late_hash is not None else late

    def refuse_late(self, late: Iterable[Late]) -> None:
        """Refuse what was changed too late, with the command that starts the run right."""
        late = list(late)
        if not late:
            return
        told = "\n".join(item.told for item in late)
        why = "; ".join(dict.fromkeys(item.why for item in late))
        command = right_command({item.name: item.wanted for item in late}, seed=self.seed, level=self.level)
        hint = next((item.hint for item in late if item.hint), command)
        self.refuse(f"{told}\nwhy: {why}\nhint: {hint}")

    def start_again(self, late: Iterable[Late], *, bitwise: bool) -> None:
        """Have the script started again where the start could have been a better one; refuse where that is not safe."""
        from . import again

        variables = again.needed(late, bitwise=bitwise)
        if not variables:
            return
        reason = again.unsafe()
        if reason is None:
            try:
                again.start_again(variables)
            except OSError as error:
                reason = str(error)
        names = ", ".join(variables)
        self.refuse(
            f"the script should be started again with another {names}, and it cannot do so itself: {reason}\n"
            "why: this is read only when a process starts\n"
            f"hint: {right_command(variables, seed=self.seed, level=self.level)}"
        )

    def set(self, installed: frozenset[str], *, level: str) -> None:
        """Set what can be set now, and the rest as soon as the library is imported that it belongs to."""
        self.level, self.bitwise = level, level != STATISTICAL
        torch_is_near = "torch" in installed or "torch" in sys.modules
        if torch_is_near and self.bitwise:
            if WORKSPACE in self.leave:
                self._note(WORKSPACE, WORKSPACES[0], os.environ.get(WORKSPACE, lateness.NOT_SET), "now", LEFT)
            else:
                self._workspace()
        if self.bitwise:
            self._nccl()
            for switch in frameworks.environment(installed, self.leave):
                self.state[switch.name] = switch
                if not switch.holds and switch.name not in self.leave:
                    self._refuse_switch(switch)
        if not after_import("numpy", "switches", self._processor):
            self._processor()
        if torch_is_near:
            after_import("torch", "switches", self._torch)
            after_import(INDUCTOR, "switches", self._inductor)
        for name in frameworks.MODULES:
            if name in installed or name in sys.modules:
                after_import(name, "switches", self._framework)

    def knobs(self) -> list[Knob]:
        """Return the switches of what is loaded now that can be read, and perhaps set, at any time."""
        torch: Any = sys.modules.get("torch")
        found = processor.knobs()
        found += torch_knobs(torch, audit=self.audit) + inductor_knobs() if torch is not None else []
        for name in frameworks.MODULES:
            module = sys.modules.get(name)
            found += frameworks.knobs(module) if module is not None else []
        return found

    def shared(self) -> dict[str, str]:
        """Return what each switch was found to be, in text, without what only says which libraries this rank has loaded.

        One rank may have loaded one more, for what it alone writes; how many threads there are is a fact that ranks compare.
        """
        return {name: switch.found for name, switch in self.state.items() if not name.startswith(processor.POOL)}

    def values(self) -> dict[str, str]:
        """Return what each of ``knobs`` is now, in text."""
        return {knob.name: str(knob.value()) for knob in self.knobs()}

    def sets(self, knob: Knob) -> bool:
        """Return whether *knob* is one that this run sets."""
        return self.bitwise and knob.write is not None and knob.name not in self.leave

    def _workspace(self) -> None:
        value, up = os.environ.get(WORKSPACE), lateness.cuda_is_up()
        started = lateness.started_with(WORKSPACE)
        if value in WORKSPACES and (value == started or not up):
            evidence = "as the process was started with it" if value == started else "set before CUDA is initialised"
            self._note(WORKSPACE, value, value, "before the process starts" if value == started else "now", evidence)
        elif value in WORKSPACES:
            late = workspace.came_late(started)
            evidence = (
                late or "CUDA was up already, and torch held less of the GPU's memory than cuBLAS' workspace takes"
            )
            found = f"{value!r}, set when CUDA was up" if late else value
            self._note(WORKSPACE, value, found, "after CUDA was initialised", evidence)
            if late:
                self._refuse_workspace(f"it is {found}: {late}")
        elif value is not None or up:
            self._refuse_workspace(
                f"it is {value!r}" if value is not None else "it is not set, and CUDA is initialised already"
            )
            found = f"{value!r}" if value is not None else "not set"
            self.state[WORKSPACE] = Switch(
                name=WORKSPACE, wanted=WORKSPACES[0], found=found, when=TOO_LATE, evidence="read from os.environ"
            )
        else:
            set_ours(WORKSPACE, WORKSPACES[0])
            self._note(WORKSPACE, WORKSPACES[0], os.environ[WORKSPACE], "now", "set before CUDA is initialised")

    def _refuse_workspace(self, found: str) -> None:
        command = right_command({WORKSPACE: WORKSPACES[0]}, seed=self.seed, level=self.level)
        self.refuse(
            f"{WORKSPACE} must be {' or '.join(WORKSPACES)} before CUDA starts; {found}\n"
            "why: cuBLAS chooses its algorithms by it, and reads it only once\n"
            f"hint: {command}"
        )

    def _refuse_switch(self, switch: Switch) -> None:
        if switch.name == frameworks.XLA_FLAGS:
            told, first = f"must have {switch.wanted}", "call enforce() before the first operation"
            value, why = f"{os.environ.get(switch.name, '')} {switch.wanted}".strip(), switch.evidence
        else:
            told, value = f"must be {switch.wanted}", switch.wanted
            why = f"kernels that do not ask torch read it, and are not deterministic without it ({switch.evidence})"
            first = f"enforce(leave=['{switch.name}']) goes on without it, and the receipt says so"
        command = right_command({switch.name: value}, seed=self.seed, level=self.level)
        self.refuse(f"{switch.name} {told}; it is {switch.found}\nwhy: {why}\nhint: {first}, or: {command}")

    def _nccl(self) -> None:
        algorithms = os.environ.get("NCCL_ALGO", "")
        if _lets_nvls(algorithms) and os.environ.get("NCCL_NVLS_ENABLE") != "0":
            self.refuse(
                f"NCCL_ALGO is '{algorithms}', which lets NCCL sum in the switches of NVLink\n"
                "why: NVLS does not promise the same sum from one call to the next (NVIDIA/nccl issue 1497)\n"
                "hint: unset NCCL_ALGO, and torch leaves NVLS out by itself, or export NCCL_ALGO=Ring"
            )

    def _torch(self, module: ModuleType) -> None:
        torch: Any = module
        if self.bitwise and MODE not in self.leave and mode(torch) == WARN_ONLY:
            self.refuse(
                f"{MODE} is set to warn only, which is not {self.level}\n"
                "why: operations that are not deterministic run all the same, the backward pass of attention among them\n"
                "hint: leave warn_only=True out (Lightning: deterministic=True, not 'warn'), "
                "or ask for less: enforce(level='cross-hardware')"
            )
            self.leave |= {MODE}
        self._apply(torch_knobs(torch, audit=self.audit))
        if self.bitwise:
            self._first_calls(torch)

    def _first_calls(self, torch: Any) -> None:
        from ..canaries import first_calls  # only where torch is loaded

        if not first_calls.has_mkl(torch):
            return
        wanted, found, evidence = "made by one thread", "not made here", LEFT
        if FIRST_CALLS not in self.leave:
            count = first_calls.make(torch)
            found, evidence = wanted, f"{count} functions were called on one number of float32 and of float64"
        self._note(FIRST_CALLS, wanted, found, "now", evidence)

    def _processor(self, module: ModuleType | None = None) -> None:
        del module
        self._apply(processor.knobs())

    def _inductor(self, module: ModuleType) -> None:
        del module
        self._apply(inductor_knobs())

    def _framework(self, module: ModuleType) -> None:
        self._apply(frameworks.knobs(module))

    def _apply(self, knobs: Iterable[Knob]) -> None:
        for knob in knobs:
            here, trouble = self.sets(knob), ""
            if here:
                self.before.setdefault(knob.name, knob.value())
                trouble = knob.set()
                if trouble:
                    self.before.pop(knob.name, None)
            switch = knob.switch(set_here=here)
            if here and trouble:
                switch.evidence = trouble
            if self.bitwise and knob.name in self.leave and knob.wanted is not None:
                switch.wanted, switch.evidence = str(knob.wanted), LEFT
            self.state[knob.name] = switch
            if here and not switch.holds:
                self.refuse(
                    f"{knob.name} was set to {switch.wanted}, and is {switch.found}\n"
                    f"why: the same bits need it ({switch.evidence})\n"
                    f"hint: enforce(leave=['{knob.name}']) goes on without it, and the receipt says so"
                )

    def _note(self, name: str, wanted: str, found: str, when: str, evidence: str) -> None:
        self.state[name] = Switch(name=name, wanted=wanted, found=found, when=when, evidence=evidence)


def _lets_nvls(algorithms: str) -> bool:
    """Return whether a value of ``NCCL_ALGO`` names NVLS, or leaves out others and not it; a list may be of one operation alone."""
    for part in filter(None, algorithms.upper().split(";")):
        names = part.rpartition(":")[2].strip()
        left_out = names.startswith("^")
        words = [word.strip() for word in names.lstrip("^").split(",")]
        if ("NVLS" not in words) if left_out else any(word.startswith("NVLS") for word in words):
            return True
    return False
