"""One call of ``enforce()`` up to where the run may go on: what was asked for, and what each step made of it."""

from __future__ import annotations

import time

from ..determinism.seeds import fresh_root
from ..determinism.switches import Switches
from ..errors import RefusedError
from ..launch import Job, Place
from .checked import checked, installed
from .said import Refusals, unchecked
from .started import start_right

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from ..ranks.party import Party

SHARD = "shard"


class Attempt:
    """What ``enforce()`` was asked for, and how far it has come: *answer* is what the check said, *settled* what the ranks settled on.

    A plain class: a dataclass would cost every start of a training script a millisecond.
    """

    def __init__(
        self,
        *,
        seed: int | None,
        seeds: str,
        level: str,
        folder: str,
        mode: str,
        others: Party | None,
        machine: str | None,
        data: bool | str | None,
        files: bool | None,
        canaries: bool | None,
        audit: bool,
        leave: Collection[str],
    ) -> None:
        self.began = time.monotonic()
        self.seed = seed
        self.seeds = seeds
        self.level = level
        self.folder = folder
        self.mode = mode
        self.strict = mode == "enforce"
        self.others = others
        self.shard = data == SHARD and others is not None
        self.refuse = Refusals(mode)
        self.switches = Switches(audit=audit, leave=leave, refuse=self.refuse, seed=seed, level=level)
        self.answer: dict[str, Any] | None = None
        self.packages: frozenset[str] = frozenset()
        self.root = 0
        self.settled: dict[str, Any] | None = None
        self._machine = machine
        self._data = False if self.shard else None if data is None else bool(data)
        self._files = files
        self._canaries = canaries

    def check(self) -> dict[str, Any]:
        """Return what the check says; the errors are those of ``checked``."""
        return checked(
            self.folder,
            self.level,
            self._machine,
            self._data,
            self._files,
            self._canaries,
            strict=self.strict,
        )

    def ready(self, reexec: str) -> None:
        """Check, and set the switches; RefusedError where this process cannot go on, which the other ranks are told."""
        try:
            start_right(self.switches, self.folder, reexec if self.strict else "never")
            answer = self._look()
            self.packages = installed(answer)
            self.switches.set(self.packages, level=answer["level"])
        except RefusedError as error:
            error.answer = error.answer or self.answer
            if self.others is None:
                raise
            from ..agreed import refused

            raise refused(self.others, error, self.folder) from error

    def _look(self) -> dict[str, Any]:
        """Check, and have the answer tell of all that was let pass, by this look and before it."""
        answer = self.answer = self.check() if self.mode != "off" else unchecked(self.level)
        answer["overridden"] = self.refuse.passed = list(dict.fromkeys((*self.refuse.passed, *answer["overridden"])))
        return answer

    def settle(self) -> dict[str, Any]:
        """Settle with the other ranks, where there are any, and return the answer that holds; DriftError or UndecidedError for all of them."""
        answer = self.answer if self.answer is not None else unchecked(self.level)
        self.root = self.seed if self.seed is not None else fresh_root(self.seeds)
        if self.others is None:
            return answer
        from .together import together

        try:
            together(self, self.others, answer)
            if self.shard and self.settled is None:
                # There is nobody to share with after all.
                self._data = True
                answer = self._look()
        except RefusedError as error:
            error.answer = error.answer or answer
            raise
        return answer

    def place(self) -> Place:
        """Return where in its job this run is."""
        told = self.settled
        job = Job(launcher=told["launcher"], rank=told["rank"], size=told["size"]) if told is not None else None
        return Place(job, apart=told is None)
