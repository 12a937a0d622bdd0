"""The form that is hashed is RFC 8785's, as another implementation of it writes it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from envguard.receipts.canonical import EXACT, canonical, digest_of, plain

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
NUMBERS = st.integers(-EXACT + 1, EXACT - 1)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)
ANYTHING: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner)
        | st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=4)
        | st.frozensets(st.integers(), max_size=3)
    ),
    max_leaves=20,
)


@given(DOCUMENTS)
def test_it_is_what_another_implementation_writes(document: Any) -> None:
    assert canonical(document) == rfc8785.dumps(document)


def test_keys_are_in_the_order_of_utf_16() -> None:
    # U+FB33 sorts behind U+1F600 there, and before it by code points (RFC 8785, 3.2.3).
    document = {"\ufb33": 1, "\U0001f600": 2, "\r": 3}
    assert canonical(document) == rfc8785.dumps(document) == '{"\\r":3,"\U0001f600":2,"\ufb33":1}'.encode()


@given(ANYTHING)
def test_whatever_a_run_tells_has_a_digest_and_comes_back_from_json(value: Any) -> None:
    made = plain(value)
    assert rfc8785.dumps(made) == canonical(made)
    assert json.loads(json.dumps(made)) == made
    assert plain(made) == made


def test_a_digest_leaves_itself_out() -> None:
    document = {"b": 1, "a": "ü"}
    expected = "sha256:" + hashlib.sha256('{"a":"ü","b":1}'.encode()).hexdigest()
    assert digest_of(document) == digest_of({**document, "digest": "sha256:0"}) == expected


def test_half_a_character_has_no_digest() -> None:
    with pytest.raises(ValueError, match="surrogates not allowed"):
        canonical({"a": "\udc80"})


def test_what_is_nested_without_end_is_cut() -> None:
    value: list[Any] = []
    value.append(value)
    assert "..." in json.dumps(plain(value))
