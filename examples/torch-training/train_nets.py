"""Train a small convolution net or a small transformer, with all that makes runs differ, and print digests of the weights.

    envguard run --seed 42 -- python train_nets.py conv
    envguard run --seed 42 -- python train_nets.py transformer --workers 3

Dropout, augmentation in the workers of a data loader, shuffling, mixed precision and attention are in it. With ``--unguarded``
the same training does what most scripts do instead: one integer seeds all libraries. Its runs differ: the names of the classes
come out of a set in another order in every process, and what the workers draw depends on how many they are.
"""

import argparse
import hashlib
import random

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

import envguard

ANIMALS = ("ant", "bee", "cat", "dog", "eel", "fox", "gnu", "hen", "ibis", "jay")
SAMPLES, SIDE, LENGTH, EPOCHS = 160, 12, 16, 2


class Samples(Dataset):
    """Samples made by whole-number arithmetic, so that no file and no library decides what they are."""

    def __init__(self, run: envguard.Run | None, *, text: bool) -> None:
        self.run = run
        self.text = text
        # As training scripts do: the classes are what occurs in the data. Only PYTHONHASHSEED fixes the order of a set.
        self.classes = {name: number for number, name in enumerate(set(ANIMALS))}

    def __len__(self) -> int:
        return SAMPLES

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        name = ANIMALS[index % len(ANIMALS)]
        label = self.classes[name]
        shape = (LENGTH,) if self.text else (1, SIDE, SIDE)
        cells = torch.arange(int(np.prod(shape))).reshape(shape)
        # The guarded run draws by epoch and sample, whichever worker asks; the other from what its worker was seeded with.
        shift = int(
            self.run.numpy("augment", self.run.epoch, index).integers(0, 7) if self.run else np.random.randint(0, 7)
        )
        pattern = (cells * (3 + index % len(ANIMALS)) + shift) % 31
        return (pattern if self.text else pattern / 31.0), label


class Conv(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3), nn.ReLU()
        )
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(0.2), nn.Linear(256, len(ANIMALS)))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(images))


class Transformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(31, 32)
        self.places = nn.Parameter(torch.randn(LENGTH, 32) * 0.02)
        layer = nn.TransformerEncoderLayer(32, nhead=4, dim_feedforward=64, dropout=0.1, batch_first=True)
        self.body = nn.TransformerEncoder(layer, num_layers=2, enable_nested_tensor=False)
        self.head = nn.Linear(32, len(ANIMALS))

    def forward(self, texts: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(self.words(texts) + self.places).mean(dim=1))


def digest(model: nn.Module) -> str:
    content = hashlib.sha256()
    for name, value in sorted(model.state_dict().items()):
        content.update(name.encode())
        content.update(value.detach().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return content.hexdigest()


def seed_as_most_scripts_do(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model", choices=("conv", "transformer"))
    parser.add_argument("--workers", type=int, default=2, help="the processes that load data")
    parser.add_argument("--unguarded", action="store_true", help="seed as most scripts do, without envguard")
    asked = parser.parse_args()

    run = None if asked.unguarded else envguard.enforce()
    if run is None:
        seed_as_most_scripts_do(42)
    samples = Samples(run, text=asked.model == "transformer")
    # The order is derived from seed and epoch; the other is drawn from what torch's one generator has left.
    loading = {"sampler": run.sampler(samples), **run.dataloader_kwargs("train")} if run else {"shuffle": True}
    loader = DataLoader(samples, batch_size=16, num_workers=asked.workers, **loading)

    model = Conv() if asked.model == "conv" else Transformer()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for epoch in range(EPOCHS):
        if run:
            run.set_epoch(epoch)
        for inputs, labels in loader:
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = nn.functional.cross_entropy(model(inputs), labels)
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch}: loss {loss.item():.6f}, weights {digest(model)}")


if __name__ == "__main__":
    main()
