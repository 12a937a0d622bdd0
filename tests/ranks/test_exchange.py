"""Rounds of talks between ranks that are threads, over a store that is a dictionary: no torch, and every bad day in turn."""

from __future__ import annotations

import time
from typing import Any

import pytest

from envguard.errors import RanksError
from envguard.ranks import exchange
from envguard.ranks.exchange import Gathered, MissingError
from envguard.ranks.store import Store, StoreMailbox
from tests.ranks.threads import Circle, Shelf, star, together


def names(came: Any, _: float) -> dict[str, Any]:
    return {"came": sorted(came), "said": [came[rank].get("word") for rank in sorted(came)]}


def rank(shelf: Shelf, number: int, size: int, limit: float = 20.0, after: float = 0.0, **message: Any) -> Any:
    def act() -> Any:
        time.sleep(after)
        return star(shelf, number, size, limit)("digests", {"word": f"of {number}", **message}, names)

    return act


@pytest.mark.parametrize("size", [2, 3, 17])
def test_all_get_the_answer_that_is_made_of_all_messages(size: int) -> None:
    shelf = Shelf()
    found = together(*(rank(shelf, number, size) for number in reversed(range(size))))
    assert found == [{"came": list(range(size)), "said": [f"of {number}" for number in range(size)]}] * size


def test_rank_0_may_come_last() -> None:
    shelf = Shelf()
    found = together(rank(shelf, 0, 3, after=0.3), rank(shelf, 1, 3), rank(shelf, 2, 3))
    assert found == [{"came": [0, 1, 2], "said": ["of 0", "of 1", "of 2"]}] * 3


def test_a_second_round_asks_only_those_that_have_something_to_say() -> None:
    shelf = Shelf()

    def act(number: int) -> Any:
        talks = star(shelf, number, 4)
        talks("digests", {"word": "first"}, names)
        return talks("details", {"word": f"of {number}"} if number in (1, 2) else None, names, (1, 2))

    found = together(*(lambda number=number: act(number) for number in range(4)))
    assert found == [{"came": [1, 2], "said": ["of 1", "of 2"]}] * 4


def test_who_is_not_heard_is_left_out_of_the_answer_once_the_time_is_over() -> None:
    shelf = Shelf()
    found = together(rank(shelf, 0, 4, 0.5), rank(shelf, 1, 4, 0.5), rank(shelf, 3, 4, 0.5))
    assert [item["came"] for item in found] == [[0, 1, 3]] * 3


def test_without_rank_0_the_others_name_it_and_whoever_else_never_came() -> None:
    shelf = Shelf()
    found = together(rank(shelf, 1, 4, 0.4), rank(shelf, 3, 4, 0.4))
    assert [(item.missing, item.speaker, str(item)) for item in found] == [
        ("0,2", 1, "ranks 0, 2 did not answer within 0.4 s")
    ] * 2


def test_one_that_refuses_shortens_the_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "GRACE", 0.2)
    shelf = Shelf()
    began = time.monotonic()
    found = together(rank(shelf, 0, 3, 600.0), rank(shelf, 1, 3, 600.0, refusal={"text": "no"}))
    assert [item["came"] for item in found] == [[0, 1]] * 2
    assert time.monotonic() - began < 60


def test_one_that_is_late_gets_no_answer_that_was_made_without_it() -> None:
    shelf = Shelf()
    assert together(rank(shelf, 0, 2, 0.1))[0]["came"] == [0]
    late = together(rank(shelf, 1, 2, 0.4))[0]
    assert isinstance(late, MissingError)
    assert late.missing == "0"


@pytest.mark.parametrize("size", [2, 5])
def test_words_of_a_former_life_are_not_believed(size: int) -> None:
    """The store of an agent outlives its workers, and restarts do not always have another number."""
    shelf = Shelf()
    together(*(rank(shelf, number, size, word="old") for number in range(size)))
    # All come back; those that are quick find the talks of before, with an answer in them.
    found = together(rank(shelf, 0, size, after=0.3), *(rank(shelf, number, size) for number in range(1, size)))
    assert [item["said"] for item in found] == [[f"of {number}" for number in range(size)]] * size


def test_words_of_a_life_that_ended_before_its_answer_are_not_believed_either() -> None:
    shelf = Shelf()
    left = StoreMailbox(Store(shelf, "a shelf", serves=False), rank=0, size=2, turn=1)
    gone = StoreMailbox(Store(shelf, "a shelf", serves=False), rank=1, size=2, turn=1)
    gone.send("digests", b'{"envguard-ranks":1,"word":"old"}')
    assert list(left.received("digests")) == [1]
    found = together(rank(shelf, 0, 2, after=0.3), rank(shelf, 1, 2))
    assert [item["said"] for item in found] == [["of 0", "of 1"]] * 2


def test_two_that_are_the_same_rank_are_told_and_so_is_everybody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "GRACE", 0.3)
    shelf = Shelf()
    found = together(rank(shelf, 0, 3), rank(shelf, 1, 3), rank(shelf, 1, 3))
    assert [str(item) for item in found] == ["two processes say that they are rank 1 of 3"] * 3


def test_one_that_counts_more_ranks_is_told_and_so_is_everybody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "GRACE", 5.0)
    shelf = Shelf()
    # Whoever comes after rank 0 has told the others is only late; rank 0 answers as soon as rank 1 is there.
    found = together(rank(shelf, 0, 2), rank(shelf, 1, 2, after=0.6), rank(shelf, 5, 8))
    assert [str(item) for item in found] == ["a message came from rank '5', which is none of 2"] * 3


@pytest.mark.parametrize("data", [b"", b"nonsense", b"\x80\x04N.", b'{"envguard-ranks":9}'])
def test_what_is_no_message_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(exchange, "GRACE", 0.1)
    shelf = Shelf()

    def garbage() -> Any:
        mailbox = StoreMailbox(Store(shelf, "a shelf", serves=False), rank=1, size=3, turn=1)
        mailbox.send("digests", data)
        while mailbox.replied("digests") is None:
            time.sleep(0.01)

    found = together(rank(shelf, 0, 3), garbage, rank(shelf, 2, 3))
    assert str(found[0]) == str(found[2])
    assert "another rank" in str(found[0])


def test_an_answer_that_cannot_be_made_is_an_answer() -> None:
    shelf = Shelf()

    def refuse(came: Any, _: float) -> dict[str, Any]:
        raise RanksError("it makes no sense")

    found = together(*(lambda number=number: star(shelf, number, 2)("digests", {}, refuse) for number in range(2)))
    assert [str(item) for item in found] == ["it makes no sense"] * 2


def test_with_a_function_that_gathers_each_makes_the_same_answer() -> None:
    circle = Circle(3)

    def act(number: int) -> Any:
        talks = Gathered(circle.of(number))
        first = talks("digests", {"word": f"of {number}"}, names)
        return first, talks("details", {"word": "more"} if number == 1 else None, names, (1,))

    found = together(*(lambda number=number: act(number) for number in range(3)))
    assert found == [({"came": [0, 1, 2], "said": ["of 0", "of 1", "of 2"]}, {"came": [1], "said": ["more"]})] * 3


@pytest.mark.parametrize(
    ("gather", "message"),
    [
        (lambda data: [], "the function that gathers gave 0 messages, and this rank's is not among them"),
        (lambda data: [b"x", b"y"], "the function that gathers gave 2 messages, and this rank's is not among them"),
        (
            lambda data: [data, b"x"],
            "what another rank sent is no message of envguard: do all ranks call enforce() first, and alike?",
        ),
        (lambda data: 1 / 0, "the function that gathers failed: ZeroDivisionError: division by zero"),
        (lambda data: None, "the function that gathers failed: TypeError: 'NoneType' object is not iterable"),
    ],
)
def test_a_function_that_does_not_gather_is_told(gather: Any, message: str) -> None:
    with pytest.raises(RanksError) as caught:
        Gathered(gather)("digests", {}, names)
    assert caught.value.message == message


def test_ranks_that_are_not_in_the_same_round_are_told() -> None:
    circle = Circle(2)
    found = together(
        lambda: Gathered(circle.of(0))("digests", {}, names), lambda: Gathered(circle.of(1))("details", {}, names)
    )
    assert all("is in another round of talks" in str(item) for item in found)
