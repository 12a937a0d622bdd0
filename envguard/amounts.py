"""Amounts as people read them: the same words in every report, message and line of progress."""

from __future__ import annotations

_UNITS = ("kB", "MB", "GB", "TB", "PB")


def plural(count: int, noun: str) -> str:
    """Return ``1 error``, ``20,000 files``."""
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"


def size(count: float) -> str:
    """Return a number of bytes as ``17 bytes``, ``1.2 GB``: units of a thousand, as disks and ``ls --si`` have them."""
    if count < 1000:
        return plural(int(count), "byte")
    unit = ""
    for unit in _UNITS:  # noqa: B007 - the last one stays, whatever is left
        count /= 1000
        if count < 999.5:
            break
    return f"{count:.1f} {unit}" if count < 99.95 else f"{count:,.0f} {unit}"


def duration(seconds: float) -> str:
    """Return a time as ``0:07``, ``12:34``, ``3:05:00``."""
    minutes, rest = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
