"""Ranks and hosts as people read them: ``ranks 0-3, 7 (node-a)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_HOSTS = 3


def ranges(ranks: Iterable[int]) -> str:
    """Return numbers as ``0-3,7,9-11``: neighbours, three or more, are joined."""
    parts: list[list[int]] = []
    for rank in sorted(set(ranks)):
        if parts and parts[-1][-1] == rank - 1:
            parts[-1].append(rank)
        else:
            parts.append([rank])
    return ",".join(f"{part[0]}-{part[-1]}" if len(part) > 2 else ",".join(map(str, part)) for part in parts)


def parsed(text: str) -> list[int]:
    """Return the numbers that ``ranges`` wrote as *text*; ValueError where it wrote no such text."""
    found: list[int] = []
    for part in text.split(",") if text else ():
        first, dash, last = part.partition("-")
        found += range(int(first), int(last) + 1) if dash else [int(first)]
    return found


def named(ranks: str, hosts: Sequence[str] = ()) -> str:
    """Return ``rank 3 (node-a)`` or ``ranks 0-3, 7 (node-a, node-b and 2 more hosts)``."""
    one = ranks.isdecimal()
    text = f"rank {ranks}" if one else f"ranks {ranks.replace(',', ', ')}"
    if not hosts:
        return text
    more = len(hosts) - _HOSTS
    listed = ", ".join(hosts[:_HOSTS]) + (f" and {more} more host{'s' * (more > 1)}" if more > 0 else "")
    return f"{text} ({listed})"
