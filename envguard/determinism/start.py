"""What a process must be started with, because nothing inside of it can set it any more.

Sources: Python, "Command line and environment", PYTHONHASHSEED; NVIDIA, cuBLAS documentation, "Results reproducibility".
A variable that a library reads later than this is a switch of the running process (``switches``), not of its start.
"""

from __future__ import annotations

import os

from ..errors import ConfigError, RefusedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

HASH_SEED = "PYTHONHASHSEED"
WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"
WORKSPACES = (":4096:8", ":16:8")
SEED_VARIABLE = "ENVGUARD_SEED"
LEVEL_VARIABLE = "ENVGUARD_LEVEL"
MACHINE_VARIABLE = "ENVGUARD_MACHINE"
LEAVE_VARIABLE = "ENVGUARD_LEAVE"
_MOST = (1 << 32) - 1
_SEED_BYTES = 32


def missing(environ: Mapping[str, str], *, bitwise: bool) -> dict[str, str]:
    """Return the variables that a process must be started with, beside those that *environ* has already.

    *bitwise* asks for the same bits, and so for a deterministic cuBLAS. What the user has set is kept where it does what is
    wanted; ConfigError, with the command that mends it, where it contradicts that.
    """
    added = {}
    seed = environ.get(HASH_SEED, "")
    if not seed:
        added[HASH_SEED] = "0"
    elif not is_hash_seed(seed):
        raise ConfigError(
            f"{HASH_SEED} is '{seed}', which does not fix the order of sets of text: expected a whole number from 0 to {_MOST}",
            hint=f"unset {HASH_SEED}, and it will be 0, or export another number",
        )
    workspace = environ.get(WORKSPACE)
    if bitwise and not workspace:
        added[WORKSPACE] = WORKSPACES[0]
    elif bitwise and workspace not in WORKSPACES:
        raise ConfigError(
            f"{WORKSPACE} is '{workspace}', with which cuBLAS may add up in another order from one call to the next: "
            f"expected {' or '.join(WORKSPACES)}",
            hint=f"unset {WORKSPACE}, and it will be {WORKSPACES[0]}",
        )
    return added


def is_hash_seed(text: str) -> bool:
    """Return whether *text* is a value of ``PYTHONHASHSEED`` that fixes the hashes of text."""
    return text.isascii() and text.isdigit() and len(text) <= len(str(_MOST)) and int(text) <= _MOST


def parse_seed(text: str, where: str) -> int:
    """Return the seed that *text*, which was given by *where*, means: decimal, or hexadecimal after ``0x``.

    ConfigError where it is no whole number from 0 to 2**256 - 1.
    """
    digits = text[2:] if text[:2] in ("0x", "0X") else text
    hexadecimal = digits is not text
    known = digits.isascii() and (
        digits.isdigit() or (hexadecimal and all(c in "0123456789abcdefABCDEF" for c in digits))
    )
    # Digits without end are refused before they are read: that takes time that grows with their square.
    if known and digits and len(digits) <= 80:
        value = int(digits, 16 if hexadecimal else 10)
        if value < 1 << (8 * _SEED_BYTES):
            return value
    raise ConfigError(f"{where} is '{text}', which is no seed: expected a whole number from 0 to 2**256 - 1")


def left_out(leave: Collection[str]) -> frozenset[str]:
    """Return the switches that ``enforce(leave=...)`` and the variable, with commas between them, leave out.

    RefusedError where one of them is no switch that ``enforce()`` sets.
    """
    told = [name for word in os.environ.get(LEAVE_VARIABLE, "").split(",") if (name := word.strip())]
    if leave or told:
        from . import leaving  # only where somebody leaves something out

        leaving.check(leave, "leave")
        leaving.check(told, LEAVE_VARIABLE)
    return frozenset((*leave, *told))


def agreed_seed(seed: int | None) -> int | None:
    """Return the seed that ``enforce(seed=...)`` was given, or ``envguard run`` was; RefusedError where they were given two."""
    text = os.environ.get(SEED_VARIABLE)
    if not text:
        return seed
    try:
        started = parse_seed(text, SEED_VARIABLE)
    except ConfigError as error:
        raise RefusedError(str(error)) from None
    if seed is not None and seed != started:
        raise _two("seed", str(seed), SEED_VARIABLE, text)
    return started


def agreed(word: str | None, variable: str, what: str) -> str | None:
    """Return the *word* for *what* that ``enforce()`` was given, or else the *variable* has; RefusedError where they differ."""
    started = os.environ.get(variable) or None
    if word is not None and started is not None and word != started:
        raise _two(what, f"'{word}'", variable, started)
    return word if word is not None else started


def _two(what: str, given: str, variable: str, started: str) -> RefusedError:
    return RefusedError(
        f"enforce({what}={given}) and {variable}={started} disagree\n"
        f"why: the run was started for one {what}, and its script asks for another\n"
        f"hint: leave {what}= out of enforce(), or start without it: unset {variable}, or envguard run without --{what}"
    )
