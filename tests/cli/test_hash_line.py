"""Two doors to envguard hash: the plain command line without click, and click. Both must say the same."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envguard import _native
from envguard.cli import hash_line, lines
from envguard.cli.commands import run
from envguard.cli.console import Console
from envguard.cli.hash import command

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .conftest import Cli

PLAIN = [
    ["a"],
    ["a", "sub"],
    ["sub/", "a"],
    ["--root", "sub"],
    ["--manifest", "sub"],
    ["sub", "--manifest"],
    ["--manifest", "--root", "sub", "a"],
    ["--root", "--manifest", "sub"],
    ["--jobs", "1", "sub"],
    ["--jobs=2", "sub", "--no-cache"],
    ["missing", "a"],
    ["--manifest", "a"],
    ["broken", "a"],
    ["a\\b"],
    [""],
]
FOR_CLICK = [
    [],
    ["-"],
    ["a", "-"],
    ["--", "a"],
    ["--jobs", "0", "a"],
    ["--jobs", "-1", "a"],
    ["--jobs", "x", "a"],
    ["--jobs", "a"],
    ["--jobs"],
    ["--jobs=", "a"],
    ["--jobs", "٣", "a"],
    ["--manifest", "sub", "a"],
    ["--manifest"],
    ["--ignore", "b", "sub"],
    ["--ignore=/[", "sub"],
    ["--color", "never", "a"],
    ["--help"],
    ["a", "--helb"],
    ["--no-cach", "a"],
    ["-j", "a"],
]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "sub" / "deep").mkdir(parents=True)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "link").symlink_to("nowhere")
    for name in ("a", "sub/b", "sub/deep/c", "a\\b"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def both(cli: Cli, arguments: Sequence[str]) -> None:
    cli.capsys.readouterr()
    status = run(["hash", *arguments])
    captured = cli.capsys.readouterr()
    light = cli("hash", *arguments)
    assert (light.status, light.out, light.err) == (status, captured.out, captured.err)


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("arguments", PLAIN, ids=" ".join)
def test_a_plain_command_line_says_what_click_would_have_said(cli: Cli, arguments: list[str]) -> None:
    assert hash_line.plain(arguments) is not None
    both(cli, arguments)


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("arguments", FOR_CLICK, ids=" ".join)
def test_what_is_not_plain_is_left_to_click(cli: Cli, arguments: list[str]) -> None:
    assert hash_line.plain(arguments) is None
    both(cli, arguments)


def test_a_setting_that_click_refuses_is_left_to_click(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVGUARD_COLOR", "never")
    assert lines.plain(["hash", "a"]) is not None
    monkeypatch.setenv("ENVGUARD_COLOR", "sometimes")
    assert lines.plain(["hash", "a"]) is None


@settings(max_examples=300)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(["--jobs", "--root", "--manifest", "--no-cache", "--jobs=3", "7", "-", "--", "x", "./y"]),
            st.text(alphabet="-ajobs=0 \\", max_size=6),
        ),
        max_size=5,
    )
)
def test_what_is_taken_for_plain_means_the_same_to_click(arguments: list[str]) -> None:
    asked = hash_line.plain(arguments)
    if asked is None:
        return
    context = command.make_context("hash", list(arguments), obj=Console())
    params = context.params
    assert list(params["paths"]) == asked["paths"]
    assert (params["form"] == "manifest", params["jobs"], not params["no_cache"], params["ignore"]) == (
        asked["manifest"],
        asked["jobs"],
        asked["cache"],
        asked["ignore"],
    )


@pytest.mark.parametrize("path", ["a", "sub"])
def test_a_plain_command_line_imports_what_hashing_needs(cli: Cli, data: Path, path: str) -> None:
    ask = f"import sys; before = set(sys.modules); from envguard.cli import main; status = main(['hash', {path!r}])"
    tell = "print(status, *sorted(set(sys.modules) - before), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", f"{ask}; {tell}"], cwd=data, env=cli.environ, capture_output=True, text=True, check=True
    )
    ours = [name for name in done.stderr.split() if re.match(r"envguard\.|0$", name)]
    assert not {"click", "dataclasses", "inspect", "typing", "re", "json"} & set(done.stderr.split())
    if isinstance(_native._core, ImportError):
        return  # the walk in Python imports what it needs
    assert ours == [
        "0",
        "envguard._native",
        "envguard._native._core",
        "envguard._native._core.lib",
        "envguard._native.trees",
        "envguard.amounts",
        "envguard.cache",
        "envguard.cli",
        "envguard.cli.hash_line",
        "envguard.cli.hashing",
        "envguard.cli.lines",
        "envguard.cli.progress",
        "envguard.cli.streams",
        "envguard.data",
        "envguard.data.quick",
        "envguard.data.records",
        "envguard.data.stat_cache",
        "envguard.data.trees",
        "envguard.errors",
        "envguard.trace",
    ]
