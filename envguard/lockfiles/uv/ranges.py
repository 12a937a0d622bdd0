"""Ranges of Python versions by their bounds, as uv compares them.

A bound is a cut between versions: a release without trailing zeros, and whether the cut lies before (0) or after it (1).
uv keeps nothing of a range but its outer bounds: what ``!=`` takes out of the middle changes no resolution.
"""

from __future__ import annotations

import functools
import math

from ... import pep440

Cut = tuple[tuple[float, ...], int]
Bounds = tuple[Cut, Cut]

_LOWEST: Cut = ((), 0)
_HIGHEST: Cut = ((math.inf,), 0)
EVERYTHING: Bounds = (_LOWEST, _HIGHEST)


@functools.lru_cache(maxsize=1024)
def bounds(*texts: str) -> Bounds | None:
    """Return the outer bounds of the versions that are in all ranges *texts* (PEP 440), None where there are none.

    Raises ValueError where a text is no range.
    """
    parts: list[Bounds] = [EVERYTHING]
    for text in texts:
        try:
            clauses = pep440.clauses(text)
        except ValueError as error:
            raise ValueError(str(error)) from None
        for operator, version in clauses:
            parts = _intersection(parts, _parts(operator, version))
    return (parts[0][0], parts[-1][1]) if parts else None


def _parts(operator: str, text: str) -> list[Bounds]:
    """Return the versions that one clause means, as intervals in order."""
    try:
        release = pep440.release_of(text.removesuffix(".*"))
    except ValueError as error:
        raise ValueError(str(error)) from None
    before: Cut = (pep440.stripped(release), 0)
    after: Cut = (before[0], 1)
    if operator == "~=":
        return [(before, (_next(release[:-1]), 0))]
    if text.endswith(".*"):
        after = (_next(release), 0)
    match operator:
        case "==" | "===":
            return [(before, after)]
        case "!=":
            return [(_LOWEST, before), (after, _HIGHEST)]
        case ">=":
            return [(before, _HIGHEST)]
        case ">":
            return [(after, _HIGHEST)]
        case "<=":
            return [(_LOWEST, after)]
        case _:
            return [(_LOWEST, before)]


def _next(release: tuple[int, ...]) -> tuple[float, ...]:
    return (*release[:-1], release[-1] + 1)


def _intersection(one: list[Bounds], other: list[Bounds]) -> list[Bounds]:
    met = [(max(a[0], b[0]), min(a[1], b[1])) for a in one for b in other]
    return sorted((low, high) for low, high in met if low < high)


def contains(inside: Bounds, release: tuple[int, ...]) -> bool:
    """Return whether the version *release* lies in *inside*."""
    return inside[0] <= (pep440.stripped(release), 0) < inside[1]


def spelled(inside: Bounds) -> str:
    """Return a range that has these bounds."""
    return ",".join(operator + version for operator, version in _clauses(inside)) or "any version"


def as_marker(inside: Bounds) -> str | None:
    """Return a marker that holds in these bounds, None where all versions are."""
    clauses = [f"python_full_version {operator} '{version}'" for operator, version in _clauses(inside)]
    return " and ".join(clauses) or None


def _clauses(inside: Bounds) -> list[tuple[str, str]]:
    (low, above), (high, closed) = inside
    clauses = []
    if inside[0] != _LOWEST:
        clauses.append((">" if above else ">=", _text(low)))
    if inside[1] != _HIGHEST:
        clauses.append(("<=" if closed else "<", _text(high)))
    return clauses


def _text(release: tuple[float, ...]) -> str:
    numbers = [str(int(number)) for number in release] or ["0"]
    return ".".join(numbers)
