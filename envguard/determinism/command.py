"""The command that starts this very run as it has to be started: what every refusal of something too late ends with."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def right_command(variables: Mapping[str, str | None], *, seed: int | None, level: str | None) -> str:
    """Return ``NAME=value envguard run --seed S --level L -- python train.py ...`` for the running command.

    *variables* are to be set to those values, None: not at all.
    """
    import shlex

    words = [f"{name}={shlex.quote(value)}" for name, value in variables.items() if value is not None]
    unset = [f"-u {name}" for name, value in variables.items() if value is None]
    if unset:
        words = ["env", *unset, *words]
    if in_notebook():
        return (
            f"start Jupyter with this: {' '.join(words)} jupyter lab"
            if words
            else "restart the kernel, and call enforce() first"
        )
    words += ["envguard", "run"]
    words += ["--seed", str(seed)] if seed is not None else []
    words += ["--level", level] if level else []
    return " ".join([*words, "--", *map(shlex.quote, _running())])


def in_notebook() -> bool:
    """Return whether this is a kernel of Jupyter, which its own server starts."""
    return "ipykernel" in sys.modules


def _running() -> Iterable[str]:
    return getattr(sys, "orig_argv", None) or ["python", "..."]
