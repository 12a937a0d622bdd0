"""Lightning: a callback that seals the run, looks again while it trains, tags its loggers, and keeps the resume contract.

Lightning sets switches of its own after ``enforce()`` (``Trainer(deterministic=True)`` writes CUBLAS_WORKSPACE_CONFIG) and
``seed_everything`` reseeds: the seal is of what stands when the first batch is about to be trained on, and what is changed
after it ends the training.

Source: Lightning, "Callback" (hooks, ``state_dict``); of ``lightning`` and ``pytorch_lightning`` the one that is loaded.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if "pytorch_lightning" in sys.modules and "lightning.pytorch" not in sys.modules:
    from pytorch_lightning.callbacks import Callback
else:
    try:
        from lightning.pytorch.callbacks import Callback
    except ImportError:
        from pytorch_lightning.callbacks import Callback

if TYPE_CHECKING:
    from ..run import Run


class EnvguardCallback(Callback):
    """The run of ``enforce()`` as a callback: ``Trainer(callbacks=[EnvguardCallback(run)])``.

    *every* is the number of epochs after which ``run.verify()`` looks again (0: at the end alone); *tags* puts ``run.tags()``
    among the hyperparameters of every logger. Checkpoints hold ``run.state_dict()``; a training that goes on from the end of an
    epoch takes it up before the next one, and is refused where it cannot go on bit for bit. Of several ranks a checkpoint of Lightning
    holds what the first has: there the states are left out, and each rank's is the script's to save.
    """

    def __init__(self, run: Run, *, every: int = 1, tags: bool = True) -> None:
        self.run = run
        self.every = every
        self.tags = tags
        self._sealed = False
        self._resumed: dict[str, Any] | None = None

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Take up the state of the checkpoint, before Lightning asks the data loader for the order of the first epoch."""
        if self._resumed is not None:
            self.run.load_state_dict(self._resumed)
            self._resumed = None

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Tag the loggers."""
        if self.tags:
            for logger in trainer.loggers:
                logger.log_hyperparams({name.replace(".", "/"): value for name, value in self.run.tags().items()})

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:  # noqa: ARG002
        """Seal the run before its first batch."""
        if not self._sealed:
            self._sealed = True
            self.run.seal()

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Look again after every so many epochs."""
        if self.every and (trainer.current_epoch + 1) % self.every == 0:
            self.run.verify()

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Look a last time."""
        self.run.verify()

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps of the run."""
        state = self.run.state_dict()
        return state if state["world_size"] == 1 else {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Keep the state of a checkpoint until training begins: what Lightning draws before is no part of it."""
        self._resumed = state_dict or None
