"""Whether a file called ``requirements.txt`` is a lock.

Most of them are not: they say what somebody wants, in ranges, or pin what is required directly and leave the rest to the day.
Only what a tool wrote as the result of a resolution is taken for a lock by itself; the settings may name any other.
"""

from __future__ import annotations

from ...errors import EnvguardError
from .files import read_text
from .tables import written_by_a_tool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...reader import Reader


def is_lock(reader: Reader, path: str) -> bool:
    """Return whether the file at *path* is one that a tool wrote as a lock; a file that cannot be read is none."""
    try:
        return written_by_a_tool(read_text(reader, path))
    except EnvguardError:
        return False
