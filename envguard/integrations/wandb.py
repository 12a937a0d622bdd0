"""Weights & Biases: the tags of a run as a part of the configuration, and its receipt as a file of the W&B run.

Source: W&B, "wandb.Run" (``config.update``, ``save``).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError

if TYPE_CHECKING:
    from ..run import Run

KEY = "envguard"
FILE = "envguard-receipt.json"


def log_run(run: Run, *, to: Any = None) -> None:
    """Put ``run.tags()`` into the configuration of a W&B run under ``envguard``, and the receipt among its files.

    *to* is a ``wandb.Run`` (default: the active one). Runs can then be filtered and grouped by what they ran on. Call it
    again at the end of training, and the receipt says what came later. ConfigError where no W&B run is active.
    """
    import wandb

    to = wandb.run if to is None else to
    if to is None:
        raise ConfigError(
            "no run of W&B is active", hint="call wandb.init() before envguard.integrations.wandb.log_run()"
        )
    tags = {name.removeprefix(f"{KEY}."): value for name, value in run.tags().items()}
    to.config.update({KEY: tags}, allow_val_change=True)
    path = os.path.join(to.dir, FILE)
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(run.receipt.to_json())
    to.save(path, base_path=to.dir, policy="now")
