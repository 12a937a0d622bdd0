"""Whether to use colour. On the path of every clean check: imports nothing heavy."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO


def wanted(option: str | None, stream: TextIO | None) -> bool:
    """Return whether to write ANSI colours to *stream*.

    The first that says something decides: the ``--color`` *option*, ``ENVGUARD_COLOR``, ``NO_COLOR``, ``FORCE_COLOR``
    and ``CLICOLOR_FORCE``, ``CLICOLOR=0``, ``TERM=dumb``, and whether the stream is a terminal. See
    https://no-color.org and https://bixense.com/clicolors.
    """
    chosen = option or os.environ.get("ENVGUARD_COLOR")
    if chosen in ("always", "never"):
        return chosen == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if any(os.environ.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    if os.environ.get("CLICOLOR") == "0" or os.environ.get("TERM") == "dumb":
        return False
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False
