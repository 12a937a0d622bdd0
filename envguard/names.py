"""Names and texts that others wrote, in a form that can be compared and one that can be shown."""

from __future__ import annotations

import functools

from .patterns import late

_RUN = late(r"[-_.]+")


@functools.lru_cache(maxsize=16384)
def normalize(name: str) -> str:
    """Return the name of a package, extra or group in its normal form (PEP 503); ``*`` stays what it is."""
    return _RUN.sub("-", name).lower()


def printable(text: str) -> str:
    """Return *text* with every control character and lone surrogate escaped.

    Names and versions come out of files that anybody may have written; none of them may move the cursor of a terminal.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
