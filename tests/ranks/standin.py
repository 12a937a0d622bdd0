"""A launcher that stands in for srun and mpirun, which are not here: it starts ranks with the variables that they set, and waits.

    python standin.py srun 3 python train.py

The names and the form of the values are those of srun(1), "OUTPUT ENVIRONMENT VARIABLES", and of Open MPI, "Environment variables set by
mpirun". As srun --kill-on-bad-exit it ends the others when one has failed, and its status is the highest of theirs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time


def variables(launcher: str, rank: int, size: int) -> dict[str, str]:
    if launcher == "srun":
        return {
            "SLURM_JOB_ID": str(os.getpid()),
            "SLURM_STEP_ID": "0",
            "SLURM_PROCID": str(rank),
            "SLURM_LOCALID": str(rank),
            "SLURM_NODEID": "0",
            "SLURM_NNODES": "1",
            "SLURM_NTASKS": str(size),
            "SLURM_STEP_NUM_TASKS": str(size),
            "SLURM_STEP_NUM_NODES": "1",
            "SLURM_STEP_NODELIST": "localhost",
            "SLURM_JOB_NODELIST": "localhost",
            "SLURM_STEP_TASKS_PER_NODE": str(size),
            "SLURM_TASKS_PER_NODE": str(size),
        }
    return {
        "OMPI_COMM_WORLD_RANK": str(rank),
        "OMPI_COMM_WORLD_SIZE": str(size),
        "OMPI_COMM_WORLD_LOCAL_RANK": str(rank),
        "OMPI_COMM_WORLD_LOCAL_SIZE": str(size),
        "PMIX_NAMESPACE": f"prterun-{os.getpid()}@1",
        "PMIX_RANK": str(rank),
    }


def main(launcher: str, size: int, command: list[str]) -> int:
    ranks = [subprocess.Popen(command, env={**os.environ, **variables(launcher, rank, size)}) for rank in range(size)]
    statuses: list[int | None] = [None] * size
    while None in statuses:
        statuses = [process.poll() for process in ranks]
        if any(statuses):
            time.sleep(5)
            for process in ranks:
                process.kill()
            return max(abs(process.wait()) for process in ranks)
        time.sleep(0.02)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
