"""Which of how many processes of a job this one is, as torch or the launcher says it."""

from __future__ import annotations

import os
import sys
from typing import Any

# torchrun (and what imitates it), Open MPI, MPICH and Slurm's PMI.
_NAMES = (
    ("RANK", "WORLD_SIZE"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("PMI_RANK", "PMI_SIZE"),
)


def rank_and_size() -> tuple[int, int]:
    """Return the rank of this process and the size of its world; (0, 1) where nobody speaks of several."""
    distributed: Any = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    for names in _NAMES:
        rank, size = (os.environ.get(name, "") for name in names)
        if rank.isdecimal() and size.isdecimal() and int(rank) < int(size):
            return int(rank), int(size)
    return 0, 1
