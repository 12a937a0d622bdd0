"""A training of two ranks that add up their gradients, as small as one can be.

OMP_NUM_THREADS=1 envguard init
torchrun --standalone --nproc-per-node 2 train_ranks.py                    # both ranks are as recorded: they train
torchrun --standalone --nproc-per-node 2 --no-python sh node.sh      # one is not: none of them trains
"""

import hashlib

import torch
import torch.distributed as dist

import envguard


def main() -> None:
    # Before the group, so before the first collective: all ranks go on, or none does.
    run = envguard.enforce(seed=42)
    dist.init_process_group("gloo")
    sampler = run.distributed_sampler(range(64))
    weights = torch.zeros(8)
    for epoch in range(2):
        run.set_epoch(epoch)
        for index in sampler:
            gradient = torch.from_numpy(run.numpy("noise", epoch, index).standard_normal(8)).float()
            dist.all_reduce(gradient)
            weights -= 0.01 * gradient
    digest = hashlib.sha256(weights.numpy().tobytes()).hexdigest()[:16]
    print(f"rank {dist.get_rank()} of {dist.get_world_size()}: weights {digest}", flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
