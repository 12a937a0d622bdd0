"""The epoch of a run: said by one process, seen by its children, also by those that were started before it was said."""

from __future__ import annotations

import copy
import multiprocessing
import pickle  # noqa: TID251
from typing import Any

import pytest

from envguard.determinism.epoch import Epoch
from envguard.errors import StreamError


def answer(epoch: Epoch, asked: Any, told: Any) -> None:
    while asked.get():
        told.put(epoch.known())


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.parametrize("early", [True, False])
def test_a_child_sees_every_epoch(method: str, early: bool) -> None:
    context: Any = multiprocessing.get_context(method)
    epoch = Epoch()
    if early:
        epoch.set(1)
    else:
        epoch.share()
    asked, told = context.SimpleQueue(), context.SimpleQueue()
    child = context.Process(target=answer, args=(epoch, asked, told))
    child.start()
    for number in (1 if early else None, 5, 2**63 - 1):
        if number is not None:
            epoch.set(number)
        asked.put(True)
        assert told.get() == number
    asked.put(False)
    child.join()
    assert child.exitcode == 0


def say_own(epoch: Epoch, told: Any, asked: Any) -> None:
    told.put(epoch.known())
    epoch.set(7)
    told.put(epoch.known())
    asked.get()
    told.put(epoch.known())


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_rank_that_says_its_own_epoch_changes_no_other(method: str) -> None:
    context: Any = multiprocessing.get_context(method)
    epoch = Epoch()
    epoch.set(1)
    told, asked = context.SimpleQueue(), context.SimpleQueue()
    child = context.Process(target=say_own, args=(epoch, told, asked))
    child.start()
    assert [told.get(), told.get(), epoch.get()] == [1, 7, 1]
    epoch.set(2)
    asked.put(True)
    assert [told.get(), epoch.get()] == [7, 2]
    child.join()


def test_an_epoch_that_nobody_said_is_an_error() -> None:
    with pytest.raises(StreamError) as caught:
        Epoch().get()
    assert str(caught.value) == (
        "nobody has said which epoch this is\n"
        "why: without it every epoch would draw the same numbers\n"
        "hint: run.set_epoch(epoch) before each epoch"
    )


@pytest.mark.parametrize("wrong", [-1, 2**63, 2**64])
def test_what_is_no_epoch_is_refused(wrong: int) -> None:
    epoch = Epoch()
    with pytest.raises(ValueError, match=r"an epoch is "):
        epoch.set(wrong)
    assert epoch.known() is None


def test_a_copy_for_anybody_else_has_the_epoch_of_now() -> None:
    epoch = Epoch()
    epoch.set(3)
    for other in (pickle.loads(pickle.dumps(epoch)), copy.copy(epoch)):
        epoch.set(4)
        assert other.get() == 3
        epoch.set(3)


def test_without_shared_memory_it_is_known_here(monkeypatch: pytest.MonkeyPatch) -> None:
    from multiprocessing import sharedctypes

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sharedctypes, "RawValue", full)
    epoch = Epoch()
    epoch.set(3)
    assert epoch.get() == 3
