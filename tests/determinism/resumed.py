"""A training that can be stopped anywhere and goes on in another process: python resumed.py CHECKPOINT STOP [resume [forget]].

STOP is ``EPOCH.BATCH`` or ``never``; the last line that is printed is a digest of everything that was learned and drawn.
"""

from __future__ import annotations

import hashlib
import random
import sys
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

import envguard

EPOCHS, SIZE, BATCH = 3, 32, 4


class Data:
    """Draws by sample, and with *worker* from the generators of the worker too."""

    def __init__(self, run: envguard.Run, *, worker: bool) -> None:
        self.run = run
        self.worker = worker
        self.inputs = run.numpy("data").normal(size=(SIZE, 8)).astype(np.float32)

    def __len__(self) -> int:
        return SIZE

    def __getitem__(self, index: int) -> tuple[Any, int]:
        noise = self.run.numpy("augment", self.run.epoch, index).normal(size=8)
        if self.worker:
            noise += np.random.normal(size=8) + random.random()  # noqa: NPY002
        return torch.from_numpy((self.inputs[index] + 0.1 * noise).astype(np.float32)), index % 2


def main() -> None:
    checkpoint, stop, *resume = sys.argv[1:]
    run = envguard.enforce(seed=42)
    middle = not stop.endswith(".0") or bool(resume and "middle" in resume)
    data = Data(run, worker=not middle)
    sampler = run.sampler(data) if middle else None
    options = run.dataloader_kwargs("train", num_workers=2)
    loader: Any = DataLoader(data, batch_size=BATCH, sampler=sampler, shuffle=None if middle else True, **options)
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 5)
    noise, dropped = run.torch("noise"), run.random("dropped")
    first, done = 0, 0
    if resume:
        saved = torch.load(checkpoint, weights_only=True)
        for part, state in ((model, "model"), (optimizer, "optimizer"), (schedule, "schedule")):
            part.load_state_dict(saved[state])
        first, done = saved["run"]["epoch"], saved["run"]["position"]["batches"]
        if "forget" not in resume:
            where = run.load_state_dict(saved["run"])
            assert (where.bitwise, where.epoch, where.position) == (True, first, {"batches": done})
    drawn: list[float] = []
    for epoch in range(first, EPOCHS):
        run.set_epoch(epoch)
        if sampler is not None:
            sampler.set_epoch(epoch, start=done * BATCH)
        for number, (inputs, labels) in enumerate(loader, done):
            if f"{epoch}.{number}" == stop:
                save(run, checkpoint, model, optimizer, schedule, epoch, number)
                return
            wide = inputs + 0.01 * torch.randn(inputs.shape, generator=noise) + random.random() * dropped.random()
            loss = nn.functional.cross_entropy(model(wide), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        done = 0
        if f"{epoch + 1}.0" == stop:
            save(run, checkpoint, model, optimizer, schedule, epoch + 1, 0)
            return
    drawn += [random.random(), float(np.random.random()), float(torch.rand(1)), dropped.random()]  # noqa: NPY002
    drawn += [float(torch.rand(1, generator=noise))]
    learned = b"".join(value.numpy().tobytes() for value in model.state_dict().values())
    print(hashlib.blake2b(learned + repr(drawn).encode(), digest_size=16).hexdigest())


def save(run: envguard.Run, path: str, model: Any, optimizer: Any, schedule: Any, epoch: int, batches: int) -> None:
    states = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()}
    torch.save({**states, "run": run.state_dict(epoch=epoch, position={"batches": batches})}, path)


if __name__ == "__main__":
    main()
