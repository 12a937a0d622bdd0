"""The command that made an exported lock, as its tool writes it into the comments at the top."""

from __future__ import annotations

import shlex

from ...patterns import late
from ...urls import without_credentials

_HEAD = 8192
_FOLLOWS = late(r"#.*\b(?:by|via) the following command:")
_TOOLS = ("uv", "pip-compile", "pip", "poetry", "pdm", "pipenv")


def command_of(text: str) -> tuple[str, ...]:
    """Return the words of the command that the comments at the top of the lock *text* name; none where they name none.

    uv and pip-compile write it after a line that says so; credentials in URLs are dropped.
    """
    follows = False
    for line in text[:_HEAD].split("\n"):
        if not line.startswith("#"):
            break
        words = line.lstrip("#").strip()
        if follows and words:
            return _split(words)
        follows = follows or _FOLLOWS.fullmatch(line.rstrip()) is not None
    return ()


def _split(line: str) -> tuple[str, ...]:
    try:
        return tuple(without_credentials(word) for word in shlex.split(line))
    except ValueError:
        return ()


def shown(command: tuple[str, ...]) -> str | None:
    """Return *command* as a person can run it again; None where it is not one of a tool that is known here.

    The words are quoted anew: a comment in a file must not become something else in a shell.
    """
    if not command or command[0] not in _TOOLS or not all(word.isprintable() for word in command):
        return None
    return shlex.join(command)
