from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.cli.manifest import TABLE, with_table
from envguard.errors import ConfigError

PROJECT = '[project]\nname = "app"  # the name\nversion = "0.1.0"\n'


def added(data: bytes) -> bytes:
    after = with_table(data, "pyproject.toml")
    assert after is not None
    assert after.startswith(data)
    return after[len(data) :]


def test_the_table_is_valid_and_holds_the_defaults() -> None:
    assert tomllib.loads(TABLE) == {"tool": {"envguard": {"level": "host-to-host", "unexpected": "warning"}}}


@pytest.mark.parametrize(
    ("before", "between"),
    [
        (PROJECT, "\n"),
        (PROJECT + "\n", ""),
        (PROJECT + "\n\n\n", ""),
        (PROJECT + "# the end\n", "\n"),
        (PROJECT + "[tool.uv]\ndev-dependencies = []\n", "\n"),
        (PROJECT + "[[tool.uv.index]]\nname = 'x'\n", "\n"),
        ("tool.uv.package = false\n", "\n"),
        ("", ""),
    ],
)
def test_the_table_is_added_after_one_blank_line_and_nothing_else_changes(before: str, between: str) -> None:
    assert added(before.encode()) == (between + TABLE).encode()


def test_windows_line_ends_are_kept() -> None:
    after = added(PROJECT.replace("\n", "\r\n").encode())
    assert after == ("\n" + TABLE).replace("\n", "\r\n").encode()


def test_a_missing_newline_at_the_end_stays_missing() -> None:
    after = added(PROJECT.removesuffix("\n").encode())
    assert after == ("\n\n" + TABLE.removesuffix("\n")).encode()


def test_a_second_run_finds_the_table() -> None:
    once = with_table(PROJECT.encode(), "pyproject.toml")
    assert once is not None
    assert with_table(once, "pyproject.toml") is None


@pytest.mark.parametrize(
    "settings",
    [
        "[tool.envguard]\n",
        "[tool]\nenvguard = {}\n",
        "tool.envguard.level = 'run-to-run'\n",
        "tool = {envguard = {}}\n",
    ],
)
def test_settings_that_are_there_in_any_style_are_left_alone(settings: str) -> None:
    assert with_table(settings.encode(), "pyproject.toml") is None


def test_a_manifest_that_holds_a_nan_can_be_added_to() -> None:
    assert added(b"[tool.x]\ny = nan\n") == ("\n" + TABLE).encode()


@pytest.mark.parametrize(
    "before", ["tool = { uv = {} }\n", "tool = { uv = {} }\n[project]\nname = 'x'\n", "tool = 1\n"]
)
def test_what_cannot_be_added_to_is_refused_with_the_text_to_paste(before: str) -> None:
    with pytest.raises(ConfigError) as raised:
        with_table(before.encode(), "pyproject.toml")
    assert (
        raised.value.message == "a [tool.envguard] table cannot be added at the end without changing what the file says"
    )
    assert raised.value.keys == ("tool",)
    assert raised.value.hint == (f"add these settings where 'tool' is defined, then run the command again:\n\n{TABLE}")


def test_a_manifest_that_is_no_toml_is_refused_with_its_line() -> None:
    with pytest.raises(ConfigError) as raised:
        with_table(b"[project]\nname = \n", "pyproject.toml")
    assert str(raised.value) == "pyproject.toml:2: is not valid TOML: invalid value"


VALUES: st.SearchStrategy[Any] = st.integers(0, 9) | st.booleans() | st.sampled_from(["x", "[tool.envguard]", '"""'])


@given(
    st.dictionaries(st.sampled_from(["a", "b", "project"]), VALUES, max_size=3),
    st.dictionaries(st.sampled_from(["uv", "ruff", "x.y"]), VALUES, max_size=3),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "\n", "\n\n", "\n# end", "\n# end\n", "  "]),
)
def test_what_stood_there_stands_there_still(
    root: dict[str, Any], tool: dict[str, Any], newline: str, end: str
) -> None:
    def written(value: Any) -> str:
        return f"'{value}'" if isinstance(value, str) else str(value).lower()

    lines = [f"{key} = {written(value)}" for key, value in root.items()]
    lines += ["[tool]", *(f'"{key}" = {written(value)}' for key, value in tool.items())]
    before = ("\n".join(lines) + end).replace("\n", newline)
    after = with_table(before.encode(), "pyproject.toml")
    assert after is not None
    assert after.startswith(before.encode())
    document = tomllib.loads(after.decode())
    assert document["tool"].pop("envguard") == {"level": "host-to-host", "unexpected": "warning"}
    assert document == tomllib.loads(before)
    assert (b"\r" in after) == (newline == "\r\n" and newline in before)
