"""What the commands share of talking to people: colour, errors, and where a report goes."""

from __future__ import annotations

import os
import stat
import sys

from ..errors import ConfigError, EnvguardError, WriteError, key_path
from ..names import printable
from ..report.words import shorten
from . import streams
from .color import wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    import click

FAILED = 2


class Console:
    """Standard output and standard error of one command, whose *arguments* are as they were typed.

    *color* is what ``--color`` said, None where it was not given.
    """

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        self.arguments = tuple(arguments)
        self.color: str | None = None

    def colored(self, stream: TextIO | None) -> bool:
        """Return whether to use colours on *stream*."""
        return wanted(self.color, stream)

    def emit(self, text: str) -> None:
        """Write data to standard output; WriteError, already said, ends the command where that fails."""
        if not streams.emit(text):
            raise SilentError

    def emit_bytes(self, data: bytes) -> None:
        """Write bytes to standard output as they are; WriteError, already said, ends the command where that fails."""
        if not streams.emit_bytes(data):
            raise SilentError

    def say(self, text: str) -> None:
        """Write a line for people to standard error."""
        streams.say(text)

    def error(self, error: EnvguardError) -> None:
        """Say what is wrong, where, and how to mend it."""
        place = self._where(error)
        keys = f"in '{printable(key_path(error.keys))}': " if error.keys else ""
        self._error(f"{place}{keys}{printable(shorten(error.message, current_folder()))}", error.hint)

    def arrow(self, stream: TextIO | None) -> str:
        """Return what stands between what was and what is: an arrow where *stream* can say one."""
        try:
            "→".encode(getattr(stream, "encoding", None) or "ascii")
        except (UnicodeError, LookupError):
            return "->"
        return "→"

    def usage(self, error: click.ClickException) -> None:
        """Say what is wrong with the command line itself."""
        message = error.format_message().strip()
        message = message[:1].lower() + message[1:].removesuffix(".")
        context = getattr(error, "ctx", None)
        self._error(printable(message), f"{context.command_path} --help" if context else None)

    def crash(self, error: Exception) -> None:
        """Say that envguard itself is broken, in words that make a bug report."""
        if os.environ.get("ENVGUARD_TRACEBACK", "0") not in ("", "0"):
            import traceback

            self.say(traceback.format_exc().rstrip())
        self._error(
            f"envguard failed in a way that it does not know: {type(error).__name__}: {printable(str(error))}\n"
            "This is a bug in envguard, not in your project. Nothing was decided. Please report it with the command,\n"
            "`envguard --version`, and what the same command prints with ENVGUARD_TRACEBACK=1",
            None,
        )

    def _error(self, message: str, hint: str | None) -> None:
        color = self.colored(sys.stderr)
        # A hint may be several lines: text to paste.
        hint = "\n".join(map(printable, hint.split("\n"))) if hint else None
        error, mend = ("\x1b[1;31merror:\x1b[0m", "\x1b[36mhint:\x1b[0m") if color else ("error:", "hint:")
        self.say(f"{error} {message}" + (f"\n\n{mend} {hint}" if hint else ""))

    def _where(self, error: EnvguardError) -> str:
        if error.path is None:
            return ""
        from ..report.locator import line_of

        line = line_of(error)
        path = printable(shorten(error.path, current_folder()))
        return f"{path}: " if line is None else f"{path}:{line}: "


class SilentError(Exception):
    """A failure that was already said on standard error."""


def settle(console: Console, error: Exception) -> int:
    """Say what ended a command, unless it was said already, and return its exit status."""
    if isinstance(error, EnvguardError):
        console.error(error)
    elif not isinstance(error, SilentError):
        console.crash(error)
    return FAILED


def start_folder() -> str:
    """Return the current folder; ConfigError where it is gone."""
    folder = current_folder()
    if folder is None:
        raise ConfigError("the current folder no longer exists", hint="cd to the project, or name it")
    return folder


def current_folder() -> str | None:
    """Return the current folder, None where it is gone."""
    try:
        return os.getcwd()
    except OSError:
        return None


def write_file(path: str, text: str) -> None:
    """Write *text* to the file *path*: atomically, unless something other than a file (``/dev/null``) stands there."""
    data = text.encode("utf-8", "backslashreplace")
    try:
        special = not stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        special = False
    if not special:
        from ..atomic import write_atomic

        write_atomic(path, data)
        return
    try:
        with open(path, "wb") as file:
            file.write(data)
    except OSError as error:
        raise WriteError(f"cannot be written: {(error.strerror or str(error)).lower()}", path=path) from None
