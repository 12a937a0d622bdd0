"""Which generators an object carries, wherever they hide, and that looking for them ends and touches nothing."""

from __future__ import annotations

import functools
import random
from typing import Any

import numpy as np
import pytest

from envguard.determinism import carried
from envguard.determinism.carried import generators, reseed_carried
from envguard.determinism.named import Streams
from envguard.determinism.streams import derive
from envguard.errors import StreamError


class Slotted:
    __slots__ = ("empty", "rng")

    def __init__(self, rng: object) -> None:
        self.rng = rng


class Below(Slotted):
    __slots__ = ()


class Data:
    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)

    def draw(self) -> None: ...

    @property
    def costly(self) -> None:
        raise AssertionError("an attribute was computed")


def closing_over(rng: object) -> Any:
    def draw() -> object:
        return rng

    return draw


def paths(root: object) -> list[str]:
    return [path for path, _ in generators(root)]


@pytest.mark.parametrize(
    ("wrap", "path"),
    [
        (lambda rng: Data(rng=rng), ".rng"),
        (lambda rng: Data(transform=Data(rng=rng)), ".transform.rng"),
        (lambda rng: Data(transforms=[None, Data(rng=rng)]), ".transforms[1].rng"),
        (lambda rng: Data(by={"a": (1, rng)}), ".by['a'][1]"),
        (lambda rng: Data(f=functools.partial(print, rng)), ".f.args[0]"),
        (lambda rng: Data(f=functools.partial(print, file=rng)), ".f.keywords['file']"),
        (lambda rng: Data(f=Data(rng=rng).draw), ".f.__self__.rng"),
        (lambda rng: Data(f=closing_over(rng)), ".f.<closure 0>"),
        (lambda rng: Data(inner=Slotted(rng)), ".inner.rng"),
        (lambda rng: Data(below=Below(rng)), ".below.rng"),
        (lambda rng: Data(f=rng.random), ".f.__self__"),
    ],
)
@pytest.mark.parametrize("make", [np.random.default_rng, np.random.RandomState, random.Random, np.random.PCG64])
def test_a_generator_is_found_wherever_it_hides(make: Any, wrap: Any, path: str) -> None:
    rng = make(0)
    try:
        root = wrap(rng)
    except AttributeError:  # a bare bit generator draws nothing
        return
    assert [(found, item is rng) for found, item in generators(root)] == [(path, True)]


@pytest.mark.torch
def test_generators_of_torch_and_nested_data_sets_are_found() -> None:
    import torch
    from torch.utils.data import ConcatDataset, Subset, TensorDataset

    inner: Any = TensorDataset(torch.zeros(3))
    inner.rng = torch.Generator()
    assert paths(Subset(ConcatDataset([inner]), [0])) == [".dataset.datasets[0].rng"]
    module = torch.nn.Sequential(torch.nn.Identity())
    module[0].rng = random.Random(0)
    assert paths(Data(transform=module)) == [".transform._modules['0'].rng"]


def test_one_that_is_held_twice_is_found_once_and_circles_end() -> None:
    rng = np.random.default_rng(0)
    data = Data(a=rng, b=rng)
    data.me = data  # type: ignore[attr-defined]
    data.list = [data]  # type: ignore[attr-defined]
    data.list.append(data.list)  # type: ignore[attr-defined]
    assert paths(data) == [".a"]


def test_what_belongs_to_a_run_is_left_alone() -> None:
    streams = Streams(1)
    kept = streams.numpy("a")
    assert paths(Data(streams=streams)) == []
    assert paths(Data(streams=streams, rng=kept)) == [".rng"]


def test_the_walk_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    nested: Any = Data(rng=random.Random(0))
    for _ in range(carried.MOST_DEPTH):
        nested = Data(inner=nested)
    assert paths(nested) == []
    assert paths(nested.inner) == [".inner" * (carried.MOST_DEPTH - 1) + ".rng"]
    assert paths([0] * carried.MOST_ITEMS + [random.Random(0)]) == []
    assert paths([0] * (carried.MOST_ITEMS - 1) + [random.Random(0)]) == [f"[{carried.MOST_ITEMS - 1}]"]
    monkeypatch.setattr(carried, "MOST_OBJECTS", 10)
    assert len(paths([random.Random(n) for n in range(50)])) < 50


def test_each_is_seeded_by_its_path_in_place() -> None:
    def drawn(root: int, first_state: int) -> list[float]:
        data = Data(
            a=np.random.default_rng(first_state),
            b=np.random.RandomState(first_state),
            c=random.Random(first_state),
            d=np.random.Generator(np.random.Philox(first_state)),
            e=np.random.SFC64(first_state),
        )
        found = reseed_carried(data, "dataset", lambda path: derive(root, "x", path))
        assert found == (".a", ".b", ".c", ".d", ".e")
        bits = np.random.Generator(data.e)  # type: ignore[attr-defined]
        return [data.a.random(), data.b.random_sample(), data.c.random(), data.d.random(), bits.random()]  # type: ignore[attr-defined]

    assert drawn(1, 0) == drawn(1, 99)
    assert len(set(drawn(1, 0)) | set(drawn(2, 0))) == 10


def test_what_cannot_be_seeded_is_refused_with_its_path() -> None:
    with pytest.raises(StreamError) as caught:
        reseed_carried(Data(a=[random.SystemRandom()]), "dataset", lambda path: derive(1, path))
    assert str(caught.value) == (
        "dataset.a[0] is a SystemRandom, which cannot be seeded: it draws from the system\n"
        "why: what a data loader draws from it would be other numbers in every run, or the same in every worker\n"
        'hint: a generator of its own for each sample: run.numpy("augment", run.epoch, index)'
    )
