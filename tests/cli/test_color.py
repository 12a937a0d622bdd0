from __future__ import annotations

import io

import pytest

from envguard.cli.color import wanted

NAMES = ("ENVGUARD_COLOR", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "TERM")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("option", "environ", "terminal", "expected"),
    [
        (None, {}, True, True),
        (None, {}, False, False),
        (None, {"TERM": "dumb"}, True, False),
        (None, {"CLICOLOR": "0"}, True, False),
        (None, {"CLICOLOR": "1"}, False, False),
        (None, {"FORCE_COLOR": "1"}, False, True),
        (None, {"FORCE_COLOR": "0"}, False, False),
        (None, {"FORCE_COLOR": ""}, False, False),
        (None, {"CLICOLOR_FORCE": "1", "TERM": "dumb"}, False, True),
        (None, {"FORCE_COLOR": "1", "CLICOLOR": "0"}, False, True),
        (None, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        (None, {"NO_COLOR": ""}, True, True),
        (None, {"ENVGUARD_COLOR": "always", "NO_COLOR": "1"}, False, True),
        (None, {"ENVGUARD_COLOR": "never", "FORCE_COLOR": "1"}, True, False),
        (None, {"ENVGUARD_COLOR": "auto", "NO_COLOR": "1"}, True, False),
        ("never", {"ENVGUARD_COLOR": "always", "FORCE_COLOR": "1"}, True, False),
        ("always", {"ENVGUARD_COLOR": "never", "NO_COLOR": "1"}, False, True),
        ("auto", {"ENVGUARD_COLOR": "always"}, False, False),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
    ],
)
def test_the_first_that_says_something_decides(
    option: str | None,
    environ: dict[str, str],
    terminal: bool,
    expected: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert wanted(option, Terminal() if terminal else io.StringIO()) is expected


def test_a_closed_or_missing_stream_wants_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    closed = io.StringIO()
    closed.close()
    assert wanted(None, closed) is False
    assert wanted(None, None) is False
