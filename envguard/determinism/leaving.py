"""Which switches ``enforce(leave=...)`` can leave out, and what is said where a name is none of them.

A name that means nothing would leave nothing out: the switch would be set after all, and nobody would be told.
"""

from __future__ import annotations

from ..errors import RefusedError
from . import frameworks, torch_knobs
from .start import WORKSPACE
from .switches import FIRST_CALLS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

NAMES = (*torch_knobs.SET, WORKSPACE, FIRST_CALLS, frameworks.OP_DETERMINISM, *frameworks.VARIABLES)


def check(names: Collection[str], where: str) -> None:
    """Raise RefusedError where one of *names*, which *where* gives, is no switch that ``enforce()`` sets."""
    if isinstance(names, str):
        raise _error(f"{where} is the text {names!r}, expected names in a list", f"{where}=[{names!r}]")
    for name in names:
        if name not in NAMES:
            import difflib

            close = difflib.get_close_matches(str(name), NAMES, n=2)
            known = " or ".join(repr(word) for word in close) if close else ", ".join(NAMES)
            hint = f"did you mean {known}?" if close else f"what can be left out is {known}"
            raise _error(f"{where} names {name!r}, which is no switch that enforce() sets", hint)


def _error(told: str, hint: str) -> RefusedError:
    return RefusedError(
        f"{told}\nwhy: nothing would be left out, and the switch that was meant would be set\nhint: {hint}"
    )
