"""The command line. Only this folder knows click, prints, or ends the process.

``main`` first asks whether the very same ``envguard check``, ``lock check``, ``lock list`` or ``data verify`` was answered before
and nothing that the answer was derived from has changed. So a clean check neither imports click nor parses anything. Other
plain command lines do without click, too.
"""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .console import Console
    from .lines import Call

INTERRUPTED = 130
_ANSWERED = (["data", "verify"], ["lock", "check"], ["lock", "list"])
# They read and compare, and end. What they make is nearly all alive until then, and little of it is in cycles.
_SHORT = ("check", "diff", "lock", "staged")
# What calls somebody when the interpreter ends, or tells then what it has seen of the process.
_AT_THE_END = frozenset(("_lsprof", "atexit", "concurrent.futures.thread", "multiprocessing.util"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line *arguments* (default: those of the process) and return the exit status."""
    if arguments is not None:
        return _main(list(arguments))
    # A process of our own, soon over: looking for cycles in what was just parsed takes a twentieth of its time.
    if sys.argv[1:2] and sys.argv[1] in _SHORT:
        gc.disable()
    else:
        gc.set_threshold(50_000, 20, 100)
    try:
        return _main(sys.argv[1:])
    finally:
        # Nor is there anything to be found in what the process leaves.
        gc.freeze()


def program() -> int:
    """Be the whole of this process: as ``main`` without arguments, but that a short command ends it as soon as all is said.

    To take down the interpreter takes as long as reading a small lock. That is done where anybody waits for it.
    """
    status = main()
    if sys.argv[1:2] and sys.argv[1] in _SHORT and not _is_awaited():
        os._exit(status)
    return status


def _is_awaited() -> bool:
    """Return whether anything is to happen when the interpreter ends, or standard output or error cannot be written."""
    if not _AT_THE_END.isdisjoint(sys.modules) or sys.getprofile() is not None or sys.gettrace() is not None:
        return True
    threading = sys.modules.get("threading")
    if threading is not None and threading.active_count() > 1:
        return True
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except (OSError, ValueError):
        # That is said by the interpreter.
        return True
    return False


def _main(arguments: list[str]) -> int:
    try:
        from .streams import prepare

        prepare()
        if arguments[:1] == ["check"] or arguments[:2] in _ANSWERED:
            from .answered import answered

            answer = answered(arguments)
            if answer is not None:
                from .streams import emit

                status, text = answer
                return status if emit(text) else 2
        from .lines import plain

        call = plain(arguments)
        if call is not None:
            return _plainly(call, arguments)
        from .commands import run

        return run(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED


def _plainly(call: Call, arguments: Sequence[str]) -> int:
    """Do what a plain command line asks for and return the exit status; whatever goes wrong is said on standard error."""

    def console() -> Console:
        from .console import Console

        return Console(arguments)

    try:
        return call(console)
    except KeyboardInterrupt:
        console().say("\ninterrupted")  # the terminal has put ^C on the line
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last line of defence, as in commands.run
        from .console import settle

        return settle(console(), error)
