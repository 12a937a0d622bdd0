"""What a data set carries is seeded in the process that holds it too: without workers, a data loader draws from it there."""

from __future__ import annotations

import random
import sys
from typing import Any

import numpy as np
import pytest

from envguard.determinism.libraries import states
from envguard.determinism.named import Streams
from envguard.determinism.workers import loader_arguments
from envguard.errors import StreamError


class Data:
    def __init__(self, **carried: object) -> None:
        self.fresh = np.random.default_rng()
        self.__dict__.update(carried)

    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> float:
        return float(self.fresh.random())


def walked(streams: Streams, data: Data, epochs: int = 2) -> list[list[float]]:
    sampler, found = streams.sampler(data, "shuffle", reuse=False), []
    for epoch in range(epochs):
        streams.epoch.set(epoch)
        found.append([data[index] for index in sampler])
    return found


def test_a_sampler_seeds_what_its_data_set_carries_for_each_epoch() -> None:
    first, again, other = (walked(Streams(root), Data()) for root in (42, 42, 43))
    assert first == again
    assert len({number for epoch in first + other for number in epoch}) == 24


def test_an_epoch_that_is_begun_in_another_process_draws_the_same() -> None:
    streams, data = Streams(42), Data()
    sampler = streams.sampler(data, "shuffle", reuse=False)
    sampler.set_epoch(1)
    assert [data[index] for index in sampler] == walked(Streams(42), Data())[1]


def test_streams_of_the_run_and_the_libraries_own_generators_are_left_alone() -> None:
    streams = Streams(42)
    mine, ours = streams.random("mine"), streams.numpy("ours")
    legacy: Any = np.random.mtrand._rand
    inner: Any = random._inst
    before = states(), mine.getstate(), ours.bit_generator.state
    walked(streams, Data(mine=mine, ours=ours, bits=ours.bit_generator, legacy=legacy, inner=inner))
    assert (states(), mine.getstate(), ours.bit_generator.state) == before


def test_what_cannot_be_seeded_is_refused_when_the_epoch_begins() -> None:
    with pytest.raises(
        StreamError, match=r"^dataset\.secret is a SystemRandom, which cannot be seeded: it draws from the system"
    ):
        walked(Streams(42), Data(secret=random.SystemRandom()))


@pytest.mark.torch
@pytest.mark.parametrize("said", [True, False])
def test_a_data_loader_without_workers_draws_the_same_in_every_run(*, said: bool) -> None:
    from torch.utils.data import DataLoader

    def drawn(root: int) -> list[list[float]]:
        streams = Streams(root)
        options: dict[str, Any] = {"dataset": Data(), "batch_size": 2, "shuffle": True}
        made: Any = DataLoader(**loader_arguments(streams, "train", (), options, rank=0, reuse=False))
        found = []
        for epoch in range(2):
            if said:
                streams.epoch.set(epoch)
            found.append([number for batch in made for number in batch.tolist()])
        return found

    first = drawn(42)
    assert first == drawn(42)
    assert len({number for epoch in first + drawn(43) for number in epoch}) == 24


@pytest.mark.torch
def test_a_loader_that_is_made_again_forgets_the_data_set_of_the_one_before() -> None:
    import gc
    import weakref

    streams = Streams(42)
    first = Data()
    gone = weakref.ref(first)
    loader_arguments(streams, "train", (), {"dataset": first}, rank=0, reuse=False)
    del first
    loader_arguments(streams, "train", (), {"dataset": Data()}, rank=0, reuse=True)
    gc.collect()
    assert gone() is None


@pytest.mark.torch
@pytest.mark.parametrize("how", ["bare", "own", "workers", "dataset", "sampler"])
def test_a_loader_that_nobody_could_seed_for_is_told_when_the_run_is_verified(how: str) -> None:
    from torch.utils.data import DataLoader

    from envguard.determinism.loaders import unseeded

    streams = Streams(42)
    data = Data(own=streams.numpy("own"), inner=random._inst)
    if how == "own":
        del data.fresh
    options: dict[str, Any] = {"dataset": data} if how == "dataset" else {}
    arguments = loader_arguments(streams, "train", (), options, rank=0, reuse=False)
    if how == "sampler":
        arguments["sampler"] = streams.sampler(data, "shuffle", reuse=False)
    made: Any = DataLoader(**{"dataset": data, "num_workers": int(how == "workers"), **arguments})
    found = list(unseeded(streams))
    assert made.generator is arguments["generator"]
    if how != "bare":
        assert found == []
        return
    (change,) = found
    # It may have been made with a seed of its own.
    assert (change.kind, change.name, change.certain) == ("generator", "dataset.fresh", False)
    assert change.told == (
        "dataset.fresh, a Generator, is drawn from by the data loader 'train', which has no workers, and this run has not seeded it: "
        "say dataloader_kwargs('train', dataset=...), or draw by sample"
    )


def test_without_torch_there_is_no_loader_to_look_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from envguard.determinism.loaders import unseeded

    monkeypatch.delitem(sys.modules, "torch.utils.data.dataloader", raising=False)
    assert list(unseeded(Streams(42))) == []
