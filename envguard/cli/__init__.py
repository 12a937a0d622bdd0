"""The command line. Only this folder knows click, prints, or ends the process.

``main`` first asks whether the very same ``envguard check``, ``lock check``, ``lock list`` or ``data verify`` was answered before
and nothing that the answer was derived from has changed. So a clean check neither imports click nor parses anything. Other
plain command lines do without click, too.
"""

from __future__ import annotations

import gc
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
