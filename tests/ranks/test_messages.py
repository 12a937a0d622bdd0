"""What goes between ranks is bounded, versioned, and checked by whoever reads it."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.errors import RanksError
from envguard.ranks import messages
from envguard.ranks.messages import decode, details, encode, hello

HELLO: dict[str, Any] = {
    "rank": 1,
    "size": 2,
    "host": "a",
    "strict": True,
    "sections": {"packages": "0" * 64},
    "refusal": None,
    "root": None,
}


def test_what_is_sent_is_read() -> None:
    assert decode(encode(HELLO)) == hello(HELLO)


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"[]", b"1", b'{"rank": 1}', b"[" * 100_000, b"\x80\x04}\x94.", b'{"envguard-ranks": 1']
)
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(RanksError, match=r"^what another rank sent is no message of envguard"):
        decode(data)


@pytest.mark.parametrize("version", [2, "1", None, 0])
def test_another_version_is_named(version: object) -> None:
    with pytest.raises(RanksError, match=r"speaks version .* of the protocol, this one 1"):
        decode(json.dumps({"envguard-ranks": version}).encode())


def test_no_message_is_larger_than_what_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = encode(HELLO)
    monkeypatch.setattr(messages, "MAX_BYTES", len(whole))
    assert decode(encode(HELLO)) == HELLO
    monkeypatch.setattr(messages, "MAX_BYTES", len(whole) - 1)
    for act in (lambda: encode(HELLO), lambda: decode(whole)):
        with pytest.raises(RanksError, match=rf"{len(whole)} bytes: at most {len(whole) - 1} are read"):
            act()


@pytest.mark.parametrize(
    "change",
    [
        {"rank": "1"},
        {"rank": True},
        {"size": None},
        {"host": 3},
        {"strict": 1},
        {"sections": []},
        {"sections": {"packages": 1}},
        {"sections": {"packages": "x" * 129}},
        {"refusal": "no"},
        {"refusal": {"text": 1}},
        {"root": 7},
        {"root": "seven"},
        {"root": "7" * 200},
    ],
)
def test_each_part_of_a_first_message_is_checked(change: dict[str, Any]) -> None:
    with pytest.raises(RanksError, match=r"that can be read|cannot be read"):
        hello({**HELLO, **change})


@pytest.mark.parametrize(
    "value", [None, [], {"packages": 1}, {"packages": {"numpy": 2}}, {"packages": {"numpy": ["2"]}}]
)
def test_details_are_checked(value: object) -> None:
    with pytest.raises(RanksError, match=r"no details that can be read"):
        details({"details": value})
    assert details({"details": {"packages": {"numpy": "2", "torch": None}}}) == {
        "packages": {"numpy": "2", "torch": None}
    }


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists).map(
        lambda v: json.dumps(v).encode()
    )
)
def test_whatever_comes_is_a_message_or_an_error_of_ours(data: bytes) -> None:
    with contextlib.suppress(RanksError):
        hello(decode(data))
