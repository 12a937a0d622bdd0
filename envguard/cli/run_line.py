"""The plain command line of ``envguard run``, read without click: every rank of a job passes here.

This is no second grammar: what it does not know for certain it leaves to click, which then says the same, or what is wrong.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from .console import Console

_LEVELS = ("run-to-run", "host-to-host", "cross-hardware")
_VALUES = ("--seed", "--level", "--machine", "--project")
_FLAGS = {
    "--check": True,
    "--no-check": False,
    "--data": True,
    "--no-data": False,
    "--files": True,
    "--no-files": False,
}


def call(arguments: Sequence[str]) -> Callable[[Callable[[], Console]], int] | None:
    """Return what *arguments* ask for, to be called with what makes the console; None where click has to look at them."""
    asked = plain(arguments)
    if asked is None:
        return None
    from .running import run_command

    return lambda console: run_command(console, **asked)


def plain(arguments: Sequence[str]) -> dict[str, Any] | None:
    """Return the keyword arguments of ``run_command`` that *arguments* ask for; None where click has to look at them."""
    asked: dict[str, Any] = {}
    at = 0
    while at < len(arguments) and arguments[at].startswith("-"):
        word, mark, value = arguments[at].partition("=")
        at += 1
        if arguments[at - 1] == "--":
            break
        if word in _FLAGS and not mark:
            asked[word.removeprefix("--no-").removeprefix("--")] = _FLAGS[word]
            continue
        if word not in _VALUES or (not mark and at == len(arguments)):
            return None
        if not mark:
            value, at = arguments[at], at + 1
        if word == "--level" and value not in _LEVELS:
            return None
        asked[word.removeprefix("--")] = value
    command = list(arguments[at:])
    return {"command": command, **asked} if command and command[0] else None
