"""Hugging Face transformers: a callback of its ``Trainer`` that seals the run, looks again, and keeps the resume contract.

``Trainer`` calls ``set_seed(args.seed)`` when it is made and again when it trains, which seeds every library with one integer.
So the seal is of what stands at the first step; ``TrainingArguments(seed=training_seed(run))`` makes that integer one of the
run's own streams.

Source: transformers, "Callbacks" and ``Trainer``.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback

from ..atomic import write_atomic
from ..determinism.streams import derive
from ..errors import ResumeError, UnreadableError

if TYPE_CHECKING:
    from ..run import Run

_MAX_BYTES = 64 * 1024 * 1024


def training_seed(run: Run) -> int:
    """Return a seed of 31 bits for ``TrainingArguments(seed=...)``: of a stream of *run*, and the same for the same run."""
    return int.from_bytes(derive(run.seed, "lib:transformers")[:4], "little") >> 1


class EnvguardCallback(TrainerCallback):
    """The run of ``enforce()`` as a callback: ``Trainer(..., callbacks=[EnvguardCallback(run)])``.

    The run is sealed at the first step, and ``run.verify()`` looks again after each epoch and at the end. Each rank
    puts its ``run.state_dict()`` into each checkpoint (``envguard.json``, of several ranks ``envguard_0.json`` and so on); a training
    that goes on from one is refused where it cannot go on bit for bit, and where the checkpoint has none. *checkpoint* names the folder that it goes on from (default: where ``Trainer`` puts the
    checkpoint of that step); *resume* False takes nothing up.
    """

    def __init__(self, run: Run, *, checkpoint: str | os.PathLike[str] | None = None, resume: bool = True) -> None:
        self.run = run
        self.checkpoint = checkpoint
        self.resume = resume
        self._sealed = False

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        """Take up the state of the checkpoint that training goes on from."""
        if self.resume and state.global_step:
            self.run.load_state_dict(
                _read(os.path.join(os.fspath(self.checkpoint or _folder(args, state)), _name(args)))
            )

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        """Seal the run before its first step."""
        if not self._sealed:
            self._sealed = True
            self.run.seal()

    def on_epoch_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        """Look again."""
        self.run.verify()

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        """Look a last time."""
        self.run.verify()

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        """Keep the state of the run beside what ``Trainer`` has just saved."""
        text = json.dumps(self.run.state_dict(epoch=int(state.epoch), position=state.global_step), sort_keys=True)
        write_atomic(os.path.join(_folder(args, state), _name(args)), text.encode())


def _folder(args: Any, state: Any) -> str:
    return os.path.join(args.output_dir, f"checkpoint-{state.global_step}")


def _name(args: Any) -> str:
    return "envguard.json" if args.world_size <= 1 else f"envguard_{args.process_index}.json"


def _read(path: str) -> dict[str, Any]:
    from ..json_text import parse_json
    from ..reader import Reader

    reader = Reader()
    if not reader.exists(path):
        raise ResumeError(
            f"{path}: is not there: nobody knows where the generators stood, so the training cannot go on bit for bit",
            hint="train from the start, or accept it: EnvguardCallback(run, resume=False)",
        )
    state: dict[str, Any] = parse_json(reader.read_text(path, limit=_MAX_BYTES), path, UnreadableError)
    return state
