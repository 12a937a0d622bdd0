"""The plain command line of ``envguard hash``, read without click, whose import takes longer than most hashing.

This is no second grammar: what it does not know for certain it leaves to click, which then says the same, or what is wrong.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from .console import Console

_FLAGS = ("--root", "--manifest", "--no-cache")
_JOBS_DIGITS = 4


def call(arguments: Sequence[str]) -> Callable[[Callable[[], Console]], int] | None:
    """Return what *arguments* ask for, to be called with what makes the console; None where click has to look at them."""
    asked = plain(arguments)
    if asked is None:
        return None
    from .hashing import hash_paths

    return lambda console: hash_paths(**asked, console=console)


def plain(arguments: Sequence[str]) -> dict[str, Any] | None:
    """Return the keyword arguments of ``hash_paths`` that *arguments* ask for; None where click has to look at them."""
    paths: list[str] = []
    asked: dict[str, Any] = {"manifest": False, "ignore": (), "jobs": None, "cache": True}
    rest = iter(arguments)
    for word in rest:
        if not word.startswith("-"):
            paths.append(word)
        elif word == "--jobs" or word.startswith("--jobs="):
            count = next(rest, "") if word == "--jobs" else word.removeprefix("--jobs=")
            if not (count.isascii() and count.isdigit() and len(count) <= _JOBS_DIGITS and int(count) > 0):
                return None
            asked["jobs"] = int(count)
        elif word == "--no-cache":
            asked["cache"] = False
        elif word in _FLAGS:
            asked["manifest"] = word == "--manifest"
        else:
            return None
    # Standard input, and what is refused, are click's.
    return {"paths": paths, **asked} if paths and not (asked["manifest"] and len(paths) != 1) else None
