"""Two doors to one command: the plain command line without click, and click. Both must say the same."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envguard.cli import checking, commands, diffing, lines, lock_checking, lock_listing, machine_showing, staging
from envguard.cli.console import Console

if TYPE_CHECKING:
    from .conftest import Cli, Project

PLAIN = [
    ["check"],
    ["check", "."],
    ["check", "missing"],
    ["diff"],
    ["diff", "uv.lock"],
    ["diff", "HEAD", "uv.lock"],
    ["diff", "nothing"],
    ["lock", "check"],
    ["lock", "check", "uv.lock", "pyproject.toml", "deleted"],
    ["lock", "check", "old"],
    ["lock", "check", "/"],
    ["lock", "list"],
    ["lock", "list", "uv.lock"],
    ["lock", "list", "old"],
    ["lock", "list", "missing"],
    ["machine", "show"],
    ["staged", "lock"],
    ["staged", "lock", "uv.lock", "old/uv.lock"],
    ["staged", "diff", "pyproject.toml"],
    ["staged", "record", "envguard.lock"],
    ["staged", "record", "/"],
    ["staged", "record", "--deleted"],
    ["staged", "record", "--deleted", "envguard.lock"],
    ["staged", "lock", "--deleted"],
    ["staged", "lock", "--deleted", "uv.lock"],
    ["staged", "diff", "--deleted"],
    ["staged", "diff", "--deleted", "uv.lock"],
]
FOR_CLICK = [
    [],
    ["check", ".", "more"],
    ["check", "--level", "run-to-run"],
    ["check", ""],
    ["diff", "a", "b", "c"],
    ["diff", "--staged"],
    ["lock"],
    ["lock", "chekc"],
    ["lock", "check", "-"],
    ["lock", "check", "--", "uv.lock"],
    ["lock", "list", "--format", "json"],
    ["lock", "list", "uv.lock", "uv.lock"],
    ["machine"],
    ["machine", "show", "more"],
    ["machine", "show", "--format", "json"],
    ["staged"],
    ["staged", "lock", "--help"],
    ["staged", "nothing"],
    ["staged", "record", "uv.lock", "--deleted"],
    ["staged", "record", "--deleted", "--deleted"],
    ["staged", "nothing", "--deleted"],
    ["staged", "lock", "--deleted", "--color", "never"],
    ["explain", "stale-lock"],
    ["--version"],
]


@pytest.fixture
def repository(project: Project) -> Project:
    """A project of which everything is staged, and something changed since the first commit."""

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=project.folder, check=True)

    shutil.copytree(project.folder, project.folder / "old", ignore=shutil.ignore_patterns(".venv"))
    git("init", "--quiet")
    git("add", "--", "uv.lock", "pyproject.toml", "old")
    git("commit", "--quiet", "--message", "first")
    text = project.lock.read_text(encoding="utf-8").replace("2.4.6", "2.4.5")
    project.lock.write_text(text, encoding="utf-8")
    git("add", "--", "uv.lock")
    return project


def both(cli: Cli, arguments: list[str]) -> None:
    cli.capsys.readouterr()
    status = commands.run(arguments)
    captured = cli.capsys.readouterr()
    light = cli(*arguments)
    assert (light.status, light.out, light.err) == (status, captured.out, captured.err)


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("arguments", PLAIN, ids=" ".join)
def test_a_plain_command_line_says_what_click_would_have_said(cli: Cli, arguments: list[str]) -> None:
    assert lines.plain(arguments) is not None
    both(cli, arguments)


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("arguments", FOR_CLICK, ids=" ".join)
def test_what_is_not_plain_is_left_to_click(cli: Cli, arguments: list[str]) -> None:
    assert lines.plain(arguments) is None
    both(cli, arguments)


def test_a_request_for_completion_is_left_to_click(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lines.plain(["lock", "check"]) is not None
    monkeypatch.setenv("_ENVGUARD_COMPLETE", "bash_source")
    assert lines.plain(["lock", "check"]) is None


def test_a_setting_that_click_refuses_is_left_to_click(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVGUARD_COLOR", "never")
    assert lines.plain(["lock", "check"]) is not None
    monkeypatch.setenv("ENVGUARD_COLOR", "sometimes")
    assert lines.plain(["lock", "check"]) is None


DOERS: dict[str, tuple[Any, str]] = {
    "check": (checking, "check_project"),
    "diff": (diffing, "diff"),
    "lock check": (lock_checking, "check_locks"),
    "lock list": (lock_listing, "list_locked"),
    "machine show": (machine_showing, "show_machine"),
    "staged diff": (staging, "change"),
    "staged lock": (staging, "lock"),
    "staged record": (staging, "record"),
}
NAMES = st.one_of(
    st.sampled_from(["uv.lock", "-", "--", "--help", "", "a b", "\udcff", "--x=1"]),
    st.binary(max_size=4).map(lambda name: os.fsdecode(name.replace(b"\0", b""))),
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(DOERS)), st.lists(NAMES, max_size=3))
def test_what_is_taken_for_plain_means_the_same_to_click(words: str, names: list[str]) -> None:
    call = lines.plain([*words.split(), *names])
    if call is None:
        return
    asked: list[Any] = []

    def doer(_: Console, *given: object) -> int:
        asked.extend(given)
        return 0

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(*DOERS[words], doer)
        assert call(Console) == 0
    command: Any = importlib.import_module(f"envguard.cli.{words.replace(' ', '_')}").command
    params = command.make_context(words, list(names), obj=Console()).params
    arguments = [params[parameter.name] for parameter in command.params if parameter.param_type_name == "argument"]
    if words.startswith("staged ") or words == "lock check":
        assert [tuple(one) for one in asked] == [tuple(one) for one in arguments]
    else:
        assert asked == [one for one in arguments if one is not None]
