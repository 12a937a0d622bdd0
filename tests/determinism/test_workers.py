"""Data loaders: augmentation by sample is the same for any number of workers, and no two workers share a generator."""

from __future__ import annotations

import functools
import multiprocessing
import random
from typing import Any

import numpy as np
import pytest

from envguard.determinism.named import Streams
from envguard.determinism.workers import loader_arguments
from envguard.errors import StreamError

SIZE = 24

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning"),
]


class BySample:
    """A data set that draws for each sample from a stream of its own."""

    def __init__(self, streams: Streams) -> None:
        self.streams = streams

    def __len__(self) -> int:
        return SIZE

    def __getitem__(self, index: int) -> tuple[int, float, float, float]:
        import torch

        streams, epoch = self.streams, self.streams.epoch.get()
        drawn = torch.rand(1, generator=streams.torch("augment", epoch, index)).item()
        return (
            index,
            streams.numpy("augment", epoch, index).random(),
            streams.random("augment", epoch, index).random(),
            drawn,
        )


class Draws:
    """A data set that draws from the global generators of its worker, and from what it carries."""

    def __init__(self, carried: bool = False) -> None:
        import torch

        self.carried = carried
        if carried:
            self.transforms: list[Any] = [{"rng": np.random.default_rng(0)}, functools.partial(draw, random.Random(0))]
            self.legacy = np.random.RandomState(0)
            self.torch = torch.Generator().manual_seed(0)

    def __len__(self) -> int:
        return SIZE

    def __getitem__(self, index: int) -> list[float]:
        import torch

        if self.carried:
            of_torch = torch.rand(1, dtype=torch.float64, generator=self.torch).item()
            return [self.transforms[0]["rng"].random(), self.transforms[1](), self.legacy.random_sample(), of_torch]
        return [
            np.random.random(),  # noqa: NPY002
            random.random(),
            torch.rand(1, dtype=torch.float64).item(),
        ]


def draw(generator: random.Random) -> float:
    return generator.random()


def identity(batch: list[Any]) -> list[Any]:
    return batch


def loader(data: Any, streams: Streams, *, reuse: bool = False, **options: Any) -> Any:
    from torch.utils.data import DataLoader

    arguments = loader_arguments(streams, "train", (), options, rank=0, reuse=reuse)
    return DataLoader(data, batch_size=4, collate_fn=identity, **arguments)


def epochs(made: Any, streams: Streams, count: int = 2) -> list[list[Any]]:
    found = []
    for epoch in range(count):
        streams.epoch.set(epoch)
        found.append([item for batch in made for item in batch])
    return found


def flat(found: list[list[Any]]) -> list[float]:
    return [number for epoch in found for item in epoch for number in item]


@pytest.mark.torch
@pytest.mark.parametrize(
    ("method", "loaders"),
    [
        ("fork", [(1, False), (2, False), (4, False), (2, True)]),
        ("forkserver", [(1, False), (4, True)]),
        # Each worker imports torch anew.
        pytest.param("spawn", [(1, True), (2, True), (4, True)], marks=pytest.mark.slow),
    ],
)
def test_augmentation_by_sample_is_the_same_for_any_number_of_workers(
    method: str, loaders: list[tuple[int, bool]]
) -> None:
    multiprocessing.set_forkserver_preload(["torch"])
    streams = Streams(42)
    wanted = epochs(loader(BySample(streams), streams), streams)
    assert len({item[1] for epoch in wanted for item in epoch}) == 2 * SIZE
    for workers, persistent in loaders:
        streams = Streams(42)
        options: dict[str, Any] = {
            "num_workers": workers,
            "persistent_workers": persistent,
            "multiprocessing_context": method,
        }
        assert epochs(loader(BySample(streams), streams, **options), streams) == wanted, (workers, persistent)


@pytest.mark.torch
@pytest.mark.parametrize("carried", [False, True])
def test_no_worker_and_no_epoch_draws_what_another_drew(carried: bool) -> None:
    first = epochs(loader(Draws(carried), one := Streams(42), num_workers=2), one)
    again = epochs(loader(Draws(carried), two := Streams(42), num_workers=2), two)
    other = epochs(loader(Draws(carried), three := Streams(43), num_workers=2), three)
    assert first == again
    assert len(set(flat(first))) == len(flat(first))
    assert not set(flat(first)) & set(flat(other))


@pytest.mark.torch
def test_without_us_a_carried_generator_draws_the_same_in_every_worker_and_epoch() -> None:
    """What the test above would see if nobody did anything: so it can fail."""
    from torch.utils.data import DataLoader

    made = DataLoader(Draws(carried=True), batch_size=4, collate_fn=identity, num_workers=2)
    found = [[item for batch in made for item in batch] for _ in range(2)]
    assert found[0] == found[1]
    assert len(set(flat(found))) == len(flat(found)) // 4


@pytest.mark.torch
def test_where_nobody_says_the_epoch_the_base_seed_tells_them_apart() -> None:
    found = []
    for _ in range(2):
        made = loader(Draws(), Streams(42), num_workers=2)
        found.append([[item for batch in made for item in batch] for _ in range(2)])
    assert found[0] == found[1]
    assert len(set(flat(found[0]))) == len(flat(found[0]))


@pytest.mark.torch
def test_the_order_and_the_workers_leave_the_global_generators_alone() -> None:
    import torch

    streams = Streams(42)
    before = torch.get_rng_state()
    order = [index for batch in loader(range(SIZE), streams, shuffle=True) for index in batch]
    assert torch.equal(before, torch.get_rng_state())
    torch.rand(3)
    again = [index for batch in loader(range(SIZE), Streams(42), shuffle=True) for index in batch]
    assert order == again != list(range(SIZE))


@pytest.mark.torch
def test_a_loader_of_a_name_is_made_once() -> None:
    streams = Streams(42)
    loader(range(SIZE), streams)
    with pytest.raises(StreamError, match=r"^the stream 'lib:loader:train' of torch was handed out before"):
        loader(range(SIZE), streams)
    loader(range(SIZE), streams, reuse=True)


@pytest.mark.torch
def test_an_epoch_that_nobody_said_is_an_error_in_the_worker() -> None:
    streams = Streams(42)
    with pytest.raises(StreamError) as caught:
        list(loader(BySample(streams), streams, num_workers=1))
    assert "nobody has said which epoch this is\nwhy: without it every epoch would draw the same numbers\n" in str(
        caught.value
    )
    assert "hint: run.set_epoch(epoch) before each epoch" in str(caught.value)


@pytest.mark.torch
def test_what_draws_from_the_system_is_refused() -> None:
    data = Draws(carried=True)
    data.transforms.append(random.SystemRandom())
    with pytest.raises(StreamError, match=r"dataset\.transforms\[2\] is a SystemRandom, which cannot be seeded"):
        list(loader(data, Streams(42), num_workers=1))


def test_batches_in_the_order_of_luck_are_refused() -> None:
    with pytest.raises(StreamError) as caught:
        loader_arguments(Streams(1), "train", (), {"in_order": False}, rank=0, reuse=False)
    assert str(caught.value) == (
        "the data loader 'train' cannot have in_order=False\n"
        "why: batches would come in the order in which workers finish, which no seed fixes\n"
        "hint: leave in_order away"
    )


@pytest.mark.parametrize("word", ["generator", "worker_init_fn"])
def test_what_is_made_here_cannot_be_brought_along(word: str) -> None:
    with pytest.raises(StreamError, match=f"^the data loader 'train' cannot have a {word} of another"):
        loader_arguments(Streams(1), "train", (), {word: None}, rank=0, reuse=False)


@pytest.mark.torch
def test_workers_that_are_threads_are_refused() -> None:
    start = loader_arguments(Streams(1), "train", (), {}, rank=0, reuse=False)["worker_init_fn"]
    with pytest.raises(StreamError) as caught:
        start(0)
    assert str(caught.value) == (
        "worker 0 of the data loader 'train' is no process of its own\n"
        "why: threads share the generators of the process, and draw from them in the order of their luck\n"
        "hint: workers that are processes"
    )
