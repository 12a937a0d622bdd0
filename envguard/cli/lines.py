"""The plain command lines, read without click, whose import takes as long as most of what they ask for.

This is no second grammar: what it does not know for certain it leaves to click, which then says the same, or what is wrong.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .console import Console

    Call = Callable[[Callable[[], Console]], int]


def plain(arguments: Sequence[str]) -> Call | None:
    """Return what *arguments* ask for, to be called with what makes the console; None where click has to look at them."""
    if "_ENVGUARD_COMPLETE" in os.environ:
        return None
    if os.environ.get("ENVGUARD_COLOR", "auto") not in ("auto", "always", "never"):
        return None
    if arguments[:1] == ["hash"]:
        from . import hash_line

        return hash_line.call(arguments[1:])
    if arguments[:1] == ["run"]:
        from . import run_line

        return run_line.call(arguments[1:])
    if arguments[:1] == ["staged"] and arguments[2:3] == ["--deleted"] and " ".join(arguments[:2]) in _MOST:
        names = arguments[3:]
        if not any(not name or name[0] == "-" for name in names):
            from .deleting import judged

            return lambda console: judged(arguments[1], names, console, also_deleted=True)
    for size in (1, 2):
        words, names = " ".join(arguments[:size]), arguments[size:]
        # An option, and what stands for standard input, are click's.
        if words in _MOST and len(names) <= _MOST[words] and not any(not name or name[0] == "-" for name in names):
            return lambda console: _run(words, console(), names)
    return None


# How many names each takes at most.
_ANY = 1 << 30
_MOST = {
    "check": 1,
    "diff": 2,
    "lock check": _ANY,
    "lock list": 1,
    "machine show": 0,
    "staged diff": _ANY,
    "staged lock": _ANY,
    "staged record": _ANY,
}


def _run(words: str, console: Console, names: Sequence[str]) -> int:
    match words:
        case "check":
            from .checking import check_project

            return check_project(console, *names)
        case "diff":
            from .diffing import diff

            return diff(console, *names)
        case "lock check":
            from .lock_checking import check_locks

            return check_locks(console, names)
        case "lock list":
            from .lock_listing import list_locked

            return list_locked(console, *names)
        case "machine show":
            from .machine_showing import show_machine

            return show_machine(console)
        case _:
            from .staging import judge

            return judge(words.removeprefix("staged "), console, names)
