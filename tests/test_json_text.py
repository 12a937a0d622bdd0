"""JSON is read strictly, and what is wrong with it is one error with its place."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.errors import LockfileError
from envguard.json_text import parse_json, walk

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
)


@given(VALUES)
def test_what_is_json_is_read_as_python_reads_it(value: object) -> None:
    assert parse_json(json.dumps(value), "x.json", LockfileError) == value


BAD = {
    "": "x.json:1: is not valid JSON: expecting value",
    '{\n"a": 1,\n"b" 2}': "x.json:3: is not valid JSON: expecting ':' delimiter",
    '{"a": [1, {"b": 2, "c": 3, "b": 4}]}': (
        "x.json: in 'a[1].b': the key is there twice, and nobody can tell which one counts"
    ),
    '{"a": {"b": 1, "b": 2}, "a": 3}': "x.json: in 'a': the key is there twice, and nobody can tell which one counts",
    '{"a": [NaN]}': "x.json: in 'a[0]': expected a value of JSON, found NaN",
    '{"a": -Infinity, "b": NaN}': "x.json: in 'a': expected a value of JSON, found -Infinity",
    "[" * 100_000: "x.json: is not valid JSON: nested too deeply",
    '{"a":' * 100_000: "x.json: is not valid JSON: nested too deeply",
    '{"a": ' + "9" * 5000 + "}": "x.json: is not valid JSON: a number has too many digits",
    "\ufeff{}": "x.json:1: is not valid JSON: unexpected utf-8 bom",
}


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_what_is_none_is_one_error_with_its_place(text: str) -> None:
    with pytest.raises(LockfileError) as caught:
        parse_json(text, "x.json", LockfileError, hint="make it anew")
    assert str(caught.value).startswith(BAD[text])
    assert str(caught.value).endswith("\nhint: make it anew")


def test_many_keys_twice_are_found_in_one_pass() -> None:
    text = "{" + ",".join(f'"{number}": 0' for number in range(200_000)) + ', "199999": 1}'
    with pytest.raises(LockfileError, match="in '199999'"):
        parse_json(text, "x.json", LockfileError)


def test_a_number_that_is_too_large_for_a_double_is_infinite_and_no_error() -> None:
    assert parse_json("1e999", "x.json", LockfileError) == math.inf


def test_a_walk_meets_every_value_in_the_order_of_the_text() -> None:
    document = {"a": [1, {"b": 2}], "c": 3}
    assert list(walk(document)) == [
        ((), document),
        (("a",), [1, {"b": 2}]),
        (("a", 0), 1),
        (("a", 1), {"b": 2}),
        (("a", 1, "b"), 2),
        (("c",), 3),
    ]
