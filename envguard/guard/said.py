"""What is said on stderr, and kept for the receipt: what ``ENVGUARD=warn`` and ``off`` let pass, and that nobody knows the code of a run.

This is the one module of the library that writes to a stream, because a warning can be filtered and a log can be unconfigured,
and then nobody would know.
"""

from __future__ import annotations

import sys

from ..errors import RefusedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MODE_VARIABLE = "ENVGUARD"
MODES = ("enforce", "warn", "off")
_NOT_CHECKED = "not checked"
_UNKNOWN_CODE = "EG611"


class Refusals:
    """What is called with what stands in the way: it raises, or in the other modes says and keeps what was let *passed*."""

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.passed: list[str] = []

    def __call__(self, text: str) -> None:
        """Let *text*, what stands in the way, pass; RefusedError where the mode lets nothing pass."""
        if self.mode == "enforce":
            raise RefusedError(text)
        if self.mode == "warn":
            say_passed(f"envguard: {text}")
        self.passed.append(text)


def unchecked(level: str) -> dict[str, Any]:
    """Return the answer of a check that did not take place; *level* is the one that was asked for, empty for the usual one."""
    return {
        "verdict": _NOT_CHECKED,
        "level": level or "host-to-host",
        "levels": {},
        "findings": [],
        "observed": {},
        "waived": [],
        "overridden": ["everything: nothing was checked"],
    }


def say_off() -> None:
    """Say that nothing is checked."""
    say(f"envguard: {MODE_VARIABLE}=off: nothing is checked; the receipt of this run says so")


def say_passed(text: str) -> None:
    """Say *text*, and that the run goes on all the same."""
    say(f"{text}\nenvguard: {MODE_VARIABLE}=warn: going on all the same; the receipt of this run says so")


def say_unknown_code(answer: dict[str, Any]) -> None:
    """Say what the *answer* of a clean check could not tell of the code: no commit stands behind such a run, and trackers keep that quiet."""
    for finding in answer["findings"] if answer["verdict"] == "clean" else ():
        if finding["code"] == _UNKNOWN_CODE and finding["severities"].get(answer["level"]) == "warning":
            hint = f"\nhint: {finding['hint']}" if finding["hint"] else ""
            say(f"envguard: {finding['message']}; the receipt of this run names no commit for it{hint}")


def say(text: str) -> None:
    """Write *text* to stderr, where there is one."""
    if sys.stderr is not None:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
