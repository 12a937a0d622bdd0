"""Named streams: what a request gives, and what happens to a second request for the same."""

from __future__ import annotations

import copy
import gc
import json
import multiprocessing
import os
import pickle  # noqa: TID251
import random
import subprocess
import sys
import threading
import weakref
from typing import Any

import numpy as np
import pytest

from envguard.determinism import handed
from envguard.determinism.generators import watched
from envguard.determinism.named import Streams
from envguard.errors import StreamError


@pytest.fixture
def streams() -> Streams:
    return Streams(42)


def test_a_stream_depends_on_nothing_but_root_name_and_indices() -> None:
    one, other = Streams(42), Streams(42)
    other.random("another")
    other.numpy("shuffle", 7)
    late = other.numpy("augment", 3, 17).random(4).tolist()
    assert one.numpy("augment", 3, 17).random(4).tolist() == late
    for different in (Streams(43).numpy("augment", 3, 17), one.numpy("augment", 3, 18), one.numpy("augmen", 3, 17)):
        assert different.random(4).tolist() != late


def test_the_hash_seed_of_python_does_not_matter() -> None:
    code = (
        "from envguard.determinism.named import Streams; s = Streams(42)\n"
        "print(s.numpy('a', 'b', 1).integers(2**62), s.random('a', 'b', 1).getrandbits(64))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1", "random")
    }
    assert len(told) == 1


def test_what_counts_as_a_whole_number_is_an_index(streams: Streams) -> None:
    wanted = streams.random("a", 3).random()
    assert streams.random("a", np.int64(3), reuse=True).random() == wanted
    assert streams.random("a", "3").random() != wanted


@pytest.mark.parametrize("index", [True, 1.0, None, b"a", (1,)])
def test_what_is_no_index_is_refused(streams: Streams, index: Any) -> None:
    with pytest.raises(TypeError, match="an index of a stream is a whole number or text, not "):
        streams.numpy("a", index)


def test_an_index_that_does_not_fit_is_refused(streams: Streams) -> None:
    for index in (-1, 2**64):
        with pytest.raises(ValueError, match=r"an index of a stream is at least 0 and below 2\*\*64, not "):
            streams.numpy("a", index)


def test_names_are_text_of_some_length(streams: Streams) -> None:
    wrong: Any = 3
    with pytest.raises(TypeError, match="the name of a stream is text, not 3"):
        streams.numpy(wrong)
    for name in ("", "a" * 201):
        with pytest.raises(ValueError, match=r"the name of a stream has 1 to 200 characters, not "):
            streams.numpy(name)


def test_the_names_of_the_libraries_are_reserved(streams: Streams) -> None:
    with pytest.raises(StreamError) as caught:
        streams.numpy("lib:numpy")
    assert str(caught.value) == (
        "'lib:numpy': names that begin with 'lib:' are those of the libraries' own generators\n"
        "hint: another name, such as 'numpy'"
    )


def test_a_second_request_is_an_error_that_says_where_the_first_was(streams: Streams) -> None:
    streams.numpy("augment", 3, 17)
    line = sys._getframe().f_lineno - 1
    with pytest.raises(StreamError) as caught:
        streams.numpy("augment", 3, 17)
    assert str(caught.value) == (
        "the stream 'augment' [3, 17] of numpy was handed out before in this process; "
        f"'augment' was first asked for at {__file__}:{line}\n"
        "why: two uses of one stream draw the same numbers\n"
        "hint: give the second use another name or index, or say reuse=True where equal numbers are wanted "
        "(a sample that may be read twice)"
    )
    streams.random("split")
    with pytest.raises(StreamError, match=r"^the stream 'split' of random was handed out before"):
        streams.random("split")


def test_each_library_has_the_stream_once(streams: Streams) -> None:
    streams.numpy("a", 1)
    streams.random("a", 1)
    assert [(item.library, item.requests) for item in streams.handed_out()] == [("numpy", 1), ("random", 1)]


def test_reuse_gives_the_same_numbers_from_the_start(streams: Streams) -> None:
    first = streams.numpy("a", 1)
    drawn = first.random(3).tolist()
    again = streams.numpy("a", 1, reuse=True)
    assert again is not first
    assert again.random(3).tolist() == drawn
    assert [item.to_dict() for item in streams.handed_out()] == [
        {"library": "numpy", "name": "a", "requests": 2, "repeated": 1, "forgotten": 0, "first": [[1]]}
    ]
    json.dumps([item.to_dict() for item in streams.handed_out()])


def test_a_request_that_fails_was_none(streams: Streams) -> None:
    with pytest.raises(ValueError, match=r"a key is one of threefry2x32, rbg, unsafe_rbg, not 'md5'"):
        streams.jax("a", impl="md5")
    assert streams.handed_out() == ()


def test_every_repetition_among_many_samples_is_seen_and_costs_a_bit_each(streams: Streams) -> None:
    registry = streams._registry
    order = np.random.default_rng(1).permutation(200_000).tolist()
    for index in order:
        registry.request("numpy", "augment", (0, index), reuse=False)
    assert registry._pages == -(-200_000 // 4096)
    held = registry._handed["numpy", "augment"]
    assert sum(page == handed._FULL for page in held.pages.values()) == 200_000 // 4096
    for index in order[::1000]:
        with pytest.raises(StreamError):
            registry.request("numpy", "augment", (0, index), reuse=False)
    registry.request("numpy", "augment", (0, 200_000), reuse=False)
    registry.request("numpy", "augment", (1, 0), reuse=False)


def test_memory_is_bounded_and_what_is_forgotten_is_counted(streams: Streams, monkeypatch: Any) -> None:
    monkeypatch.setattr(handed, "MOST_PAGES", 8)
    registry = streams._registry
    registry.request("numpy", "init", (), reuse=False)
    for index in range(20):
        registry.request("numpy", "sparse", (index << 12,), reuse=False)
    counts = {item.name: (len(item.pages), item.forgotten) for item in streams.handed_out()}
    assert counts == {"init": (1, 0), "sparse": (7, 13)}
    with pytest.raises(StreamError):
        registry.request("numpy", "init", (), reuse=False)
    with pytest.raises(StreamError):
        registry.request("numpy", "sparse", (19 << 12,), reuse=False)
    registry.request("numpy", "sparse", (0,), reuse=False)  # the oldest is no longer known


def test_too_many_names_are_indices_in_disguise(streams: Streams, monkeypatch: Any) -> None:
    monkeypatch.setattr(handed, "MOST_NAMES", 2)
    streams.random("sample-0")
    streams.random("sample-1")
    with pytest.raises(StreamError) as caught:
        streams.random("sample-2")
    assert str(caught.value) == (
        "'sample-2' would be stream name number 3 of this run\n"
        'hint: put what changes into an index: run.numpy("augment", epoch, sample)'
    )


def test_threads_never_get_one_stream_twice(streams: Streams) -> None:
    got: list[int] = []

    def ask() -> None:
        for index in range(500):
            try:
                streams.random("a", index)
            except StreamError:
                continue
            got.append(index)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == list(range(500))


def ask_again(streams: Streams, answers: Any) -> None:
    answers.put([streams.random("a", 1).random(), len(streams.handed_out())])


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_every_process_keeps_account_of_its_own_requests(streams: Streams, method: str) -> None:
    wanted = streams.random("a", 1).random()
    streams.random("b")
    context: Any = multiprocessing.get_context(method)
    answers = context.Queue()
    child = context.Process(target=ask_again, args=(streams, answers))
    child.start()
    assert answers.get(timeout=300) == [wanted, 1]
    child.join()
    assert len(streams.handed_out()) == 2


def test_streams_and_what_they_hand_out_can_be_copied(streams: Streams) -> None:
    generator = streams.numpy("a")
    assert pickle.loads(pickle.dumps(streams)).root == 42
    for copied in (pickle.loads(pickle.dumps(generator)), copy.deepcopy(generator)):
        assert isinstance(copied, np.random.Generator)
        assert copied.bit_generator.state == generator.bit_generator.state
    assert repr(generator).startswith("Generator(PCG64DXSM)")


def test_generators_are_known_as_long_as_they_live(streams: Streams) -> None:
    kept = [streams.numpy("a"), streams.random("b", 1)]
    streams.numpy("gone")
    gc.collect()
    assert [key for key, _ in streams.alive()] == [("numpy", "a", ()), ("random", "b", (1,))]
    assert [generator for _, generator in streams.alive()] == kept


class Unwatched:
    __slots__ = ("device",)

    def __init__(self, device: str = "cpu") -> None:
        self.device = device


def test_a_generator_that_no_weak_reference_can_watch_is_made_of_a_class_under_its_own() -> None:
    with pytest.raises(TypeError, match="weak reference"):
        weakref.ref(Unwatched())
    kind = watched(Unwatched)
    assert watched(Unwatched) is kind
    assert watched(Streams) is Streams
    made = kind(device="cuda")
    assert isinstance(made, Unwatched)
    assert (made.device, kind.__module__) == ("cuda", Unwatched.__module__)
    seen = weakref.ref(made)
    assert seen() is made
    del made
    gc.collect()
    assert seen() is None
    assert watched(random.Random) is random.Random, "one class does not stand for another"


@pytest.mark.torch
def test_a_generator_of_torch_is_known_as_long_as_it_lives_and_everything_takes_it(streams: Streams) -> None:
    import torch

    streams.torch("gone")
    kept = streams.torch("a")
    gc.collect()
    assert [(key, generator is kept) for key, generator in streams.alive()] == [(("torch", "a", ()), True)]
    plain = torch.Generator()
    plain.set_state(kept.get_state())
    assert isinstance(kept, torch.Generator)
    assert torch.equal(torch.randn(5, generator=kept), torch.randn(5, generator=plain))
    assert torch.equal(torch.empty(5).uniform_(generator=kept), torch.empty(5).uniform_(generator=plain))
    loaders = [torch.utils.data.DataLoader(range(9), batch_size=2, shuffle=True, generator=it) for it in (kept, plain)]
    first, second = ([batch.tolist() for batch in loader] for loader in loaders)
    assert first == second
    for copied in (pickle.loads(pickle.dumps(kept)), copy.deepcopy(kept)):
        assert torch.equal(copied.get_state(), kept.get_state())
