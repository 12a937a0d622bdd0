"""Standard output and standard error, on bad days too. On the path of every clean check: imports nothing heavy."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO


def prepare() -> None:
    """Make sure that no text can fail to be encoded: names of files are any bytes, and locales may be ASCII."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def emit(text: str) -> bool:
    """Write *text* to standard output; return False, with a message on standard error, where it cannot be written.

    A reader that went away (``envguard check | head``) wants no more: that is no failure.
    """
    stream = sys.stdout
    if stream is None:
        return True
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        _silence(stream)
    except OSError as error:
        unwritable(error)
        return False
    return True


def emit_bytes(data: bytes) -> bool:
    """Write *data* to standard output as it is: names of files are any bytes. The rest is as for ``emit``."""
    stream = sys.stdout
    if stream is None:
        return True
    try:
        stream.flush()
        stream.buffer.write(data)
        stream.buffer.flush()
    except BrokenPipeError:
        _silence(stream)
    except OSError as error:
        unwritable(error)
        return False
    return True


def unwritable(error: OSError) -> None:
    """Say that standard output cannot be written, and write nothing more to it."""
    if sys.stdout is not None:
        _silence(sys.stdout)
    say(f"error: standard output cannot be written: {(error.strerror or str(error)).lower()}")


def say(text: str) -> None:
    """Write *text* and a newline to standard error; nothing is left to do where even that fails."""
    stream = sys.stderr
    if stream is None:
        return
    try:
        stream.write(f"{text}\n")
        stream.flush()
    except OSError:
        _silence(stream)


def _silence(stream: TextIO) -> None:
    # What is still in the buffer would be flushed, and fail again, when the interpreter ends.
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
    except OSError:
        pass
