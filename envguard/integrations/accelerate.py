"""accelerate: the run's state in its checkpoints, and its tags in its trackers.

Source: accelerate, ``Accelerator.register_for_checkpointing`` and "Experiment trackers".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..run import Run


def prepare(accelerator: Any, run: Run) -> None:
    """Let ``accelerator.save_state()`` and ``load_state()`` keep the run's state, and tag the trackers that are on.

    Call it after ``accelerator.init_trackers()``; ``load_state()`` is refused where it cannot go on bit for bit. What
    accelerate raises is raised.
    """
    accelerator.register_for_checkpointing(run)
    for tracker in accelerator.trackers:
        tracker.store_init_configuration(dict(run.tags()))
