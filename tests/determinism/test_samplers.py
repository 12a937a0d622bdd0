"""Samplers: the order is a function of root, name and epoch; ranks share it; a forgotten epoch is an error."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from array import array
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.determinism import samplers
from envguard.determinism.named import Streams
from envguard.determinism.samplers import Sampler, by_numpy, by_python, permutation
from envguard.determinism.streams import derive
from envguard.errors import StreamError

# These never change: another derivation gets another name.
TEN = [9, 2, 6, 8, 7, 4, 3, 0, 5, 1]
TEN_THOUSAND = "ef555be738c73ebfeb5614da6fca036a"


def sampler(
    size: int = 10, name: str = "shuffle", *, root: int = 42, streams: Streams | None = None, **options: Any
) -> Sampler:
    return (streams or Streams(root)).sampler(range(size), name, reuse=False, **options)


def order_of(made: Sampler, epoch: int) -> list[int]:
    made.set_epoch(epoch)
    return list(made)


def test_the_order_is_frozen() -> None:
    entropy = derive(42, "lib:sampler:shuffle", 0)
    assert list(permutation(entropy, 10)) == TEN
    raw = array("q", permutation(entropy, 10_000))
    if sys.byteorder == "big":
        raw.byteswap()
    assert hashlib.blake2b(raw.tobytes(), digest_size=16).hexdigest() == TEN_THOUSAND


@given(st.lists(st.sampled_from([0, 1, 2**63 - 1, 2**63, 2**64 - 1]) | st.integers(0, 2**64 - 1), max_size=40))
def test_every_engine_sorts_the_same_way_where_keys_are_equal_too(keys: list[int]) -> None:
    raw = b"".join(key.to_bytes(8, "little") for key in keys)
    assert by_python(raw) == by_numpy(np, raw) == array("q", sorted(range(len(keys)), key=lambda at: (keys[at], at)))


@pytest.mark.torch
def test_torch_sorts_the_same_way() -> None:
    import torch

    for keys in ([], [2**63, 0, 2**64 - 1, 2**63 - 1, 0, 2**63], list(range(100, 0, -1))):
        raw = b"".join(key.to_bytes(8, "little") for key in keys)
        assert samplers.by_torch(torch, raw) == by_python(raw)


def test_without_numpy_the_order_is_the_same() -> None:
    code = (
        "import sys; from envguard.determinism.named import Streams\n"
        "made = Streams(42).sampler(range(10), 'shuffle', reuse=False); made.set_epoch(0)\n"
        "print(list(made), 'numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"{TEN} False"


def test_every_epoch_has_an_order_of_its_own_and_all_samples() -> None:
    made = sampler(100)
    orders = [order_of(made, epoch) for epoch in range(20)]
    assert all(sorted(order) == list(range(100)) for order in orders)
    assert len({tuple(order) for order in orders}) == 20
    assert order_of(sampler(100), 7) == orders[7]


def test_seed_and_epoch_are_not_added() -> None:
    """torch's DistributedSampler gives (seed 0, epoch 1) and (seed 1, epoch 0) one order."""
    orders = {
        tuple(order_of(sampler(50, root=root), epoch)): (root, epoch) for root in range(12) for epoch in range(12)
    }
    assert len(orders) == 144


def test_names_have_orders_of_their_own() -> None:
    assert order_of(sampler(name="a"), 0) != order_of(sampler(name="b"), 0)


def test_positions_are_uniform() -> None:
    """Chi-square over where each of 10 samples lands in 20,000 epochs, and over which neighbour follows it."""
    size, number = 10, 20_000
    made = sampler(size)
    orders = np.array([order_of(made, epoch) for epoch in range(number)])
    counts = np.zeros((size, size))
    for place in range(size):
        counts[:, place] = np.bincount(orders[:, place], minlength=size)
    chi = ((counts - number / size) ** 2 / (number / size)).sum()
    assert 40 < chi < 140  # 81 degrees of freedom; a hundred thousandth on either side
    pairs = np.bincount((orders[:, :-1] * size + orders[:, 1:]).ravel(), minlength=size * size).reshape(size, size)
    expected = number * (size - 1) / (size * (size - 1))
    chi = ((pairs[~np.eye(size, dtype=bool)] - expected) ** 2 / expected).sum()
    assert 45 < chi < 150  # about 89


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize(("size", "replicas"), [(10, 1), (10, 2), (10, 3), (10, 4), (3, 8), (1, 5), (12, 4)])
def test_ranks_share_one_order(size: int, replicas: int, drop_last: bool) -> None:
    ranks = [sampler(size, replicas=replicas, rank=rank, drop_last=drop_last) for rank in range(replicas)]
    parts = [order_of(made, 3) for made in ranks]
    share = size // replicas if drop_last else -(-size // replicas)
    assert [len(part) for part in parts] == [len(made) for made in ranks] == [share] * replicas
    order = order_of(sampler(size), 3)
    whole = [parts[place % replicas][place // replicas] for place in range(share * replicas)]
    assert whole == [order[place % size] for place in range(share * replicas)]


@pytest.mark.torch
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize(("size", "replicas"), [(10, 3), (3, 8), (12, 4)])
def test_padding_is_that_of_torch(size: int, replicas: int, drop_last: bool) -> None:
    from torch.utils.data import DistributedSampler

    for rank in range(replicas):
        theirs: Any = DistributedSampler(range(size), replicas, rank, shuffle=False, drop_last=drop_last)
        ours = sampler(size, shuffle=False, replicas=replicas, rank=rank, drop_last=drop_last)
        assert list(ours) == list(theirs)


def test_an_epoch_can_be_begun_in_its_middle() -> None:
    made = sampler(100, replicas=2, rank=1)
    whole = order_of(made, 5)
    made.set_epoch(5, start=30)
    assert len(made) == 20
    assert list(made) == whole[30:]
    assert order_of(made, 6) == order_of(sampler(100, replicas=2, rank=1), 6)


def test_a_forgotten_epoch_is_an_error() -> None:
    made = sampler()
    assert list(made) == order_of(sampler(), 0)
    with pytest.raises(StreamError) as caught:
        list(made)
    assert str(caught.value) == (
        "the sampler 'shuffle' has given epoch 0 to its end already\n"
        "why: without another epoch every epoch has the same order\n"
        "hint: run.set_epoch(epoch) or sampler.set_epoch(epoch) before each epoch, or repeat=True where that is wanted"
    )
    assert order_of(made, 0) == order_of(made, 0)


def test_a_look_at_the_first_batch_is_no_epoch() -> None:
    made = sampler()
    first = next(iter(made))
    assert next(iter(made)) == first
    assert sorted(made) == list(range(10))


def test_repeating_and_not_shuffling_need_no_epoch() -> None:
    made = sampler(repeat=True)
    assert list(made) == list(made)
    plain = sampler(shuffle=False)
    assert list(plain) == list(plain) == list(range(10))


def test_the_epoch_of_the_run_is_the_samplers_unless_it_has_its_own() -> None:
    streams = Streams(42)
    made = sampler(streams=streams)
    streams.epoch.set(4)
    assert made.epoch == 4
    assert list(made) == order_of(sampler(), 4)
    streams.epoch.set(5)
    assert list(made) == order_of(sampler(), 5)
    made.set_epoch(1)
    assert list(made) == order_of(sampler(), 1)


def test_one_name_one_sampler() -> None:
    streams = Streams(42)
    sampler(streams=streams)
    with pytest.raises(StreamError, match=r"^the stream 'shuffle' of sampler was handed out before"):
        sampler(streams=streams)


def test_a_rank_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^a rank is below the number of replicas, 2, not 2$"):
        sampler(replicas=2, rank=2)
    with pytest.raises(ValueError, match="the number of replicas is at least 0"):
        sampler(replicas=-1)


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_data_loader_takes_it_and_workers_do_not_matter() -> None:
    from torch.utils.data import DataLoader

    data = np.arange(50)
    for workers in (0, 2):
        made = sampler(50)
        made.set_epoch(2)
        given: Any = DataLoader(data, batch_size=8, sampler=made, num_workers=workers)
        assert [int(item) for batch in given for item in batch] == order_of(sampler(50), 2)


RANKED = """
import json, random, sys
from envguard.determinism.named import Streams
from envguard.determinism.workers import loader_arguments
from envguard.launch import Place
from torch.utils.data import DataLoader

class Data:
    def __len__(self):
        return 10
    def __getitem__(self, index):
        return index, random.random()

rank, size = Place().rank_and_size()
streams = Streams(42)
sampler = streams.sampler(Data(), "shuffle", reuse=False, rank=rank, replicas=size)
arguments = loader_arguments(streams, "train", (), {"num_workers": 1}, rank=rank, reuse=False)
found = []
for epoch in range(2):
    streams.epoch.set(epoch)
    found += [item for batch in DataLoader(Data(), batch_size=None, sampler=sampler, **arguments) for item in [batch]]
open(f"{sys.argv[1]}/{rank}.json", "w").write(json.dumps([size, found]))
"""


@pytest.mark.torch
@pytest.mark.slow
def test_ranks_of_torchrun_share_the_order_and_draw_apart(tmp_path: Path) -> None:
    (tmp_path / "ranked.py").write_text(RANKED)
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "ranked.py", str(tmp_path)]
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, *launch], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    ranks = [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in (0, 1)]
    assert [size for size, _ in ranks] == [2, 2]
    for epoch in (0, 1):
        parts = [[index for index, _ in found[5 * epoch : 5 * epoch + 5]] for _, found in ranks]
        assert [index for pair in zip(*parts, strict=True) for index in pair] == order_of(sampler(10), epoch)
    assert len({drawn for _, found in ranks for _, drawn in found}) == 20
