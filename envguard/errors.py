"""What envguard raises: one root, and a class for each thing a caller could want to tell apart."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .determinism.changes import Change
    from .model import Report


_LONGEST = 1000


def key_path(keys: Iterable[str | int]) -> str:
    """Return *keys* as people write them: ``package[3].source.git``."""
    text = ""
    for key in keys:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return readable(text)


def readable(text: str) -> str:
    """Return *text* without its middle where nobody would read it to the end.

    What others wrote stands in messages, and may be of any length.
    """
    if len(text) <= _LONGEST:
        return text
    half = _LONGEST // 2
    return f"{text[:half]} ... ({len(text) - 2 * half} characters more) ... {text[-half:]}"


class EnvguardError(Exception):
    """The root of all errors of envguard.

    *message* says what is wrong in one sentence without a period; *path*, *keys* and *line* say where; *hint* is the
    command or the edit that mends it. A *message* that is very long loses its middle. ``str()`` joins them: ``path:line: in 'key.path': message`` and a hint line.
    """

    def __init__(
        self,
        message: str,
        *,
        path: str | None = None,
        keys: Iterable[str | int] = (),
        line: int | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = readable(message)
        self.path = path
        self.keys = tuple(keys)
        self.line = line
        self.hint = hint

    def __str__(self) -> str:
        where = ""
        if self.path is not None:
            where = f"{self.path}:{self.line}: " if self.line is not None else f"{self.path}: "
        if self.keys:
            where += f"in '{key_path(self.keys)}': "
        hint = f"\nhint: {self.hint}" if self.hint else ""
        return f"{where}{self.message}{hint}"


class ConfigError(EnvguardError):
    """``[tool.envguard]``, the manifest around it, or an option of the caller cannot be used."""


class LockfileError(EnvguardError):
    """A lockfile cannot be read as what it claims to be."""


class BaselineError(EnvguardError):
    """``envguard.lock`` cannot be read or written."""


class EnvironmentNotFoundError(EnvguardError):
    """No Python environment is where one was named, or its facts cannot be read."""


class ReceiptError(EnvguardError):
    """A receipt of a run cannot be read."""


class RepositoryError(EnvguardError):
    """git is not there, or the repository does not have what was asked for."""


class StreamError(EnvguardError):
    """A random stream cannot be handed out: it was before, its name is reserved, or a data loader would share it."""


class ResumeError(EnvguardError):
    """A run cannot go on from a saved state bit for bit. *reasons* says what differs, one sentence each."""

    def __init__(self, message: str, reasons: Iterable[str] = (), *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.reasons = tuple(reasons)


class RanksError(EnvguardError):
    """The ranks of a job cannot come to an agreement: what their launcher says contradicts itself, or they are not heard."""


class UnreadableError(EnvguardError):
    """A file that is needed cannot be read: permissions, I/O errors, too large, changed while it was read."""


class WriteError(EnvguardError):
    """A file of ours could not be written; whatever stood there before still does."""


class RefusedError(EnvguardError, SystemExit):
    """``enforce()`` refuses to go on.

    Also a SystemExit, so that a script that does not catch it ends with the message on stderr and exit status 1, and
    without a traceback; a caller that wants to go on catches it as any other exception. *receipt* is the path of the receipt that
    the refusal has left, None where it left none.
    """

    def __init__(self, text: str) -> None:
        EnvguardError.__init__(self, text)
        self.message = self.code = text
        self.receipt: str | None = None
        # For that receipt: what the check saw, what the ranks of a job said, and whether another rank says all of it.
        self.answer: dict[str, Any] | None = None
        self.ranks: dict[str, Any] | None = None
        self.repeats = False

    def __str__(self) -> str:
        return self.message


class BrokenSealError(RefusedError):
    """What a run had set is not so any more. *changes* are what ``run.verify()`` found, those that are certain."""

    def __init__(self, text: str, changes: tuple[Change, ...]) -> None:
        super().__init__(text)
        self.changes = changes


class DriftError(RefusedError):
    """What is here differs from what was locked or recorded. *report* holds the findings; the text is the report."""

    def __init__(self, text: str, report: Report) -> None:
        super().__init__(text)
        self.report = report


class UndecidedError(RefusedError):
    """Nothing was recorded, or something could not be read, so that nobody can say "same". *report* says what."""

    def __init__(self, text: str, report: Report) -> None:
        super().__init__(text)
        self.report = report
