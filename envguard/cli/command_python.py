"""Which Python a command will run in, and where its script lies: told from the command and the first line of its program."""

from __future__ import annotations

import os
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_PYTHON = re.compile(r"(?:python|pypy)[0-9.]*[td]*(?:\.exe)?")
_FIRST = 4096
# Options of the interpreter that take the next word.
_WITH_VALUE = ("-W", "-X", "--check-hash-based-pycs")
_SECONDS = 20.0


def interpreter(program: str) -> str | None:
    """Return the interpreter that the file *program* is, or is a script of; None where it does not tell.

    Not resolved: a link in a virtual environment is what makes the environment.
    """
    if _is_python(program):
        return _behind(program) if _head(program).startswith(b"#!") else os.path.abspath(program)
    words = _words(_head(program))
    if not words:
        return None
    if os.path.basename(words[0]) == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
        found = _on_path(words[0]) if words else None
    else:
        found = words[0]
    if found is None or not _is_python(found) or not os.path.isfile(found):
        return None
    return _behind(found) if _head(found).startswith(b"#!") else found


def script_folder(command: Sequence[str]) -> str:
    """Return the folder of the script that *command*, a Python with its arguments, runs; else the current one."""
    if _is_python(command[0]):
        rest = iter(command[1:])
        for word in rest:
            if word in _WITH_VALUE:
                next(rest, None)
            elif not word.startswith("-") or word == "-":
                return os.path.dirname(os.path.abspath(word)) if os.path.isfile(word) else os.curdir
            elif re.fullmatch(r"-[a-zA-Z]*[cm].*", word) and not word.startswith(("-W", "-X", "--")):
                break
    return os.curdir


def _is_python(path: str) -> bool:
    return _PYTHON.fullmatch(os.path.basename(path)) is not None


def _on_path(name: str) -> str | None:
    paths = [os.path.join(folder, name) for folder in os.get_exec_path()]
    return next((path for path in paths if os.path.isfile(path) and os.access(path, os.X_OK)), None)


def _behind(program: str) -> str | None:
    """Return the interpreter that a script called like one (pyenv's, say) starts; None where it does not answer."""
    from ..child import run

    try:
        ended = run([program, "-c", "import sys; print(sys.executable)"], seconds=_SECONDS)
    except OSError:
        return None
    found = os.fsdecode(ended.output).rstrip("\n")
    return found if ended.status == 0 and os.path.isabs(found) else None


def _head(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(_FIRST)
    except OSError:
        return b""


def _words(head: bytes) -> list[str]:
    """Return the words of a script's first line; of the shell's line below it where that starts Python.

    Installers write the second kind where the path is too long, or has a space in it, for the kernel.
    """
    if not head.startswith(b"#!"):
        return []
    first, _, rest = head[2:].partition(b"\n")
    words = os.fsdecode(first).split()
    if words and os.path.basename(words[0]) in ("sh", "bash") and rest.startswith(b"'''exec' "):
        quoted = re.match(r"'''exec' (?:\"([^\"]+)\"|(\S+))", os.fsdecode(rest))
        return [quoted[1] or quoted[2]] if quoted is not None else []
    return words
