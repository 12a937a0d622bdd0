"""Receipts that anybody may have written: read, or refused with one error that names the file and the place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from envguard.errors import EnvguardError, ReceiptError, UnreadableError
from envguard.json_text import walk
from envguard.reader import Reader
from envguard.receipts import read
from envguard.receipts.read import read_receipt
from envguard.receipts.schema import KNOWN, faults, schema
from tests.receipts.specimens import document, first_version, written

if TYPE_CHECKING:
    from pathlib import Path

JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def refused(path: Path) -> str:
    with pytest.raises(ReceiptError) as error:
        read_receipt(Reader(), str(path))
    return str(error.value)


def test_what_was_written_is_read(folder: Path) -> None:
    made = document(folder)
    assert read_receipt(Reader(), str(written(folder / "r.json", made))) == made


def test_the_first_version_is_still_read_and_what_it_did_not_have_is_not(folder: Path) -> None:
    (folder / "r.json").write_text(first_version(streams=5, end="never"))
    found = read_receipt(Reader(), str(folder / "r.json"))
    assert found == json.loads(first_version())
    jsonschema.Draft202012Validator(schema(1)).validate(found)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", ": is not valid JSON: expecting value"),
        ("{", ": is not valid JSON: expecting property name enclosed in double quotes"),
        ("[]", ": is no receipt of envguard: expected an object, found a list"),
        ("{}", ": in 'schema.name': is no receipt of envguard"),
        ('{"schema": {"name": "envguard.lock", "version": 1}}', ": in 'schema.name': is no receipt of envguard"),
        (
            '{"schema": {"name": "envguard.receipt", "version": 3}}',
            ": in 'schema.version': schema version 3 is not known here, only 1 to 2\nhint: update envguard",
        ),
        (
            '{"schema": {"name": "envguard.receipt", "version": true}}',
            ": in 'schema.version': schema version True is not known here, only 1 to 2",
        ),
        ('{"schema": {"name": "envguard.receipt", "version": 2}}', ": the key 'audit' is missing"),
        ('{"a": 1, "a": 2}', ": in 'a': the key is there twice, and nobody can tell which one counts"),
        ('{"a": NaN}', ": in 'a': expected a value of JSON, found NaN"),
        ("[" * 100_000, ": is not valid JSON: nested too deeply"),
        ("9" * 5000, ": is not valid JSON: a number has too many digits"),
    ],
)
def test_what_is_none_is_one_message(folder: Path, content: str, message: str) -> None:
    path = folder / "r.json"
    path.write_text(content)
    told = refused(path)
    assert told.startswith(str(path))
    assert message in told


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 42}, "in 'seed': expected a string or null, found a number"),
        ({"seed": "1e3"}, "in 'seed': expected text like ^(0|[1-9][0-9]*)$, found \"1e3\""),
        ({"seed": "1" * 79}, "in 'seed': expected at most 78 characters, found 79"),
        (
            {"id": "../../etc/passwd"},
            "in 'id': expected text like ^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}$, found \"../../etc/passwd\"",
        ),
        (
            {"files": {"patch": {"name": "../x", "bytes": 1, "sha256": "0" * 64}}},
            "in 'files.patch.name': expected text like ^[A-Za-z0-9][A-Za-z0-9._-]*$, found \"../x\"",
        ),
        ({"milliseconds": -1}, "in 'milliseconds': expected at least 0, found -1"),
        ({"milliseconds": True}, "in 'milliseconds': expected a number, found true or false"),
        ({"mode": "quiet"}, 'in \'mode\': expected "enforce" or "warn" or "off", found "quiet"'),
        ({"levels": {"bitwise": {}}}, "in 'levels.bitwise': this key is not known"),
        ({"events": [{}]}, "in 'events[0]': the key 'kind' is missing"),
        ({"switches": {"x": {"wanted": "1"}}}, "in 'switches.x': the key 'found' is missing"),
        ({"end": []}, "in 'end': expected an object or null, found a list"),
    ],
)
def test_a_value_that_is_not_as_it_should_be_is_named_by_its_key_path(
    folder: Path, change: dict[str, Any], message: str
) -> None:
    path = written(folder / "r.json", {**document(folder), **change})
    assert refused(path) == f"{path}: {message}"


def test_a_huge_file_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "MAX_BYTES", 1000)
    path = written(folder / "r.json", document(folder))
    with pytest.raises(UnreadableError, match=r"is too large: .* bytes, at most 1000 are read"):
        read_receipt(Reader(), str(path))


def test_the_schemas_are_schemas_and_use_what_is_understood() -> None:
    for version in (1, 2):
        jsonschema.Draft202012Validator.check_schema(schema(version))
        todo: list[Any] = [schema(version)]
        while todo:
            rule = todo.pop()
            assert set(rule) <= KNOWN
            todo += [*rule.get("properties", {}).values(), *rule.get("$defs", {}).values()]
            todo += [rule[key] for key in ("items", "additionalProperties") if isinstance(rule.get(key), dict)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_what_is_refused_is_what_another_validator_refuses(folder: Path, data: st.DataObject) -> None:
    """One value anywhere in a good receipt is replaced by any other, or taken away."""
    made = json.loads(json.dumps(document(folder)))
    route, _ = data.draw(st.sampled_from([item for item in walk(made) if item[0]]))
    holder = made
    for key in route[:-1]:
        holder = holder[key]
    if data.draw(st.booleans()):
        del holder[route[-1]]
    else:
        holder[route[-1]] = data.draw(JSON)
    ours = list(faults(made, 2))
    theirs = list(jsonschema.Draft202012Validator(schema(2)).iter_errors(made))
    # A number such as 1.0 is an integer for JSON Schema; no receipt has one.
    whole = any(isinstance(value, float) for _, value in walk(made))
    assert bool(ours) == bool(theirs) or (whole and ours)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@example(b'{"schema": {"name": "envguard.receipt", "version": 2}, "id": "\x1b[2J"}')
@example(b"\xff\xfe{}")
@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_file_is_read_or_refused(folder: Path, content: bytes) -> None:
    path = folder / "r.json"
    path.write_bytes(content)
    with pytest.raises(EnvguardError) as error:
        read_receipt(Reader(), str(path))
    assert str(error.value).startswith(str(path))
