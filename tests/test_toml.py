"""What no parser of TOML should be asked: absurd numbers and keys are one error, in bounded time and memory."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
import tomli

from envguard import toml
from envguard.errors import LockfileError

MANY = 5000


@pytest.fixture(params=["tomli", "tomllib"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read with tomli as it is here (from 2.4.1 on it bounds keys by itself), and with a parser that bounds nothing."""
    own: Any = {"tomli": tomli, "tomllib": tomllib}[request.param]
    monkeypatch.setattr(toml, "_toml", own)
    monkeypatch.setattr(toml, "_LIMITED", own is tomli and toml._LIMITED)


def refused(text: str) -> LockfileError:
    with pytest.raises(LockfileError) as caught:
        toml.parse_toml(text, "uv.lock", LockfileError)
    return caught.value


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("before", ["", "# a comment\n" * 4000], ids=["short", "long"])
def test_a_number_of_absurdly_many_digits_is_refused_with_its_line(before: str) -> None:
    error = refused(f"{before}x = {'9' * MANY}\n")
    assert error.message == "is not valid TOML: a number has too many digits"
    assert error.line == before.count("\n") + 1


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    "text",
    [
        f"{'a.' * MANY}b = 1",
        f"[{'a . ' * MANY}b]",
        f"x = {{{'a.' * MANY}b = 1}}",
        '"a"."b".' * MANY + "b = 1",
        "'a'.b." * MANY + "b = 1",
    ],
    ids=range(5),
)
def test_a_key_of_absurdly_many_parts_is_refused(text: str) -> None:
    assert refused(f"version = 1\n{text}\n").message == "is not valid TOML: nested too deeply"


@pytest.mark.usefixtures("parser")
def test_what_is_only_long_is_read() -> None:
    text = f"dots = '{'a.b ' * 3000}'\nlong = \"{'a' * 1_000_000}\"\nmany = [{'1.5, ' * 3000}]\n"
    assert toml.parse_toml(text, "uv.lock", LockfileError).keys() == {"dots", "long", "many"}
