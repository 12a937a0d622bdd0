"""Poetry's version constraints (``^1.2``, ``~1.2``, ``1.*``, ``<2 || >=3``) in the words of PEP 440.

The grammar is the one of poetry-core, "poetry.core.constraints.version.parser".
"""

from __future__ import annotations

import functools

from ... import pep440
from ...patterns import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_ANY = late(r"v?[xX*](?:\.[xX*])*")
_OR = late(r"\s*\|\|?\s*")
_AND = late(r"(?<!^)(?<![\^~=>< ,]) *(?<!-)[, ](?!-) *(?!,|$)")
_CLAUSE = late(r"(?P<op>\^|~=|~|===|!=|>=|<=|==|=|>|<)?\s*(?P<version>[^\s<>=!~^]+)")
_WILDCARD = late(r"(?P<release>v?\d+(?:\.\d+){0,2})(?:\.\*)+")
_SYSTEM = late(r"(?P<op>==|!=|=)?\s*(?P<value>[A-Za-z0-9_-]+)")


@functools.lru_cache(maxsize=4096)
def alternatives(text: str) -> tuple[str, ...] | None:
    """Return the ranges (PEP 440) of which a version must be in one, None where *text* cannot be said in such words.

    An empty range takes every version.
    """
    if _ANY.fullmatch(text.strip()) or not text.strip():
        return ("",)
    found = []
    for part in _OR.split(text.strip()):
        clauses = [_clause(clause) for clause in _AND.split(part.rstrip(",").rstrip())]
        if None in clauses:
            return None
        found.append(",".join(clause for clause in clauses if clause))
    return ("",) if "" in found else tuple(dict.fromkeys(found))


def specifier(text: str) -> str | None:
    """Return the range (PEP 440) that *text* is, None where one range cannot say it."""
    if pep440.is_spelled(text):
        return text
    ranges = alternatives(text)
    return ranges[0] if ranges is not None and len(ranges) == 1 else None


def satisfied(version: str, text: str) -> bool | None:
    """Return whether *version* is in the constraint *text*, None where that cannot be told."""
    ranges = alternatives(text)
    if ranges is None:
        return None
    try:
        return any(pep440.contains(part, version) for part in ranges)
    except ValueError:
        return None


def _clause(text: str) -> str | None:
    if _ANY.fullmatch(text):
        return ""
    match = _CLAUSE.fullmatch(text)
    if match is None:
        return None
    op, written = match["op"] or "==", match["version"]
    op = "==" if op == "=" else op
    wildcard = _WILDCARD.fullmatch(written)
    if wildcard is not None:
        return f"{op}{wildcard['release'].removeprefix('v')}.*" if op in ("==", "!=") else None
    try:
        version = pep440.normal(written)
        if op in ("^", "~"):
            return f">={version},<{_next_breaking(version) if op == '^' else _next_minor(version)}"
        return pep440.spelled(f"{op}{version}")
    except ValueError:
        return None


def _next_breaking(version: str) -> str:
    """Return the first version that ``^version`` leaves out: the leftmost number that is not zero counts one up."""
    numbers = pep440.release_of(version)
    at = next((place for place, number in enumerate(numbers[:3]) if number), len(numbers[:3]) - 1)
    return _bumped(version, at)


def _next_minor(version: str) -> str:
    return _bumped(version, min(1, len(pep440.release_of(version)) - 1))


def _bumped(version: str, place: int) -> str:
    """Return the first release after all that have the numbers of *version* up to *place*."""
    numbers = pep440.release_of(version)
    epoch, mark, _ = version.rpartition("!")
    return epoch + mark + ".".join(map(str, (*numbers[:place], numbers[place] + 1)))


def python_marker(text: str) -> str | None:
    """Return the marker that holds in the versions of Python that the constraint *text* takes, None where it cannot be said."""
    ranges = alternatives(text)
    if ranges is None:
        return None
    return _either(" and ".join(_python_atom(clause) for clause in part.split(",") if part) for part in ranges)


def _python_atom(clause: str) -> str:
    match = _CLAUSE.fullmatch(clause)
    op, version = (match["op"], match["version"]) if match is not None else ("==", clause)
    precision = version.removesuffix(".*").count(".") + 1
    if precision < 3 and op in (">", "<="):
        # The minor version alone would take its patch releases in, or leave them out.
        return f"python_full_version {op} '{version}{'.0' * (3 - precision)}'"
    return f"python_{'version' if precision < 3 else 'full_version'} {op} '{version}'"


def platform_marker(text: str) -> str | None:
    """Return the marker that ``platform = "text"`` of a requirement means, None where it cannot be said."""
    parts = []
    for alternative in _OR.split(text.strip()):
        matches = [_SYSTEM.fullmatch(clause.strip()) for clause in alternative.split(",")]
        parts.append(
            " and ".join(
                f"sys_platform {'!=' if match['op'] == '!=' else '=='} '{match['value']}'"
                for match in matches
                if match is not None
            )
        )
        if None in matches:
            return None
    return _either(parts)


def _either(parts: Iterable[str]) -> str:
    found = list(parts)
    return found[0] if len(found) == 1 else " or ".join(f"({part})" for part in found)
