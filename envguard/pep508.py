"""Requirements (PEP 508) and their markers in the form that ``packaging`` gives them, told without importing it.

Locks and manifests spell nearly all of them in a few ways, which a few expressions take apart; whatever is spelled otherwise is
left to ``packaging``, and so is saying what is wrong with one. Ranges and markers are taken apart once for all requirements that
share them.
"""

from __future__ import annotations

import functools
import re

from . import pep440
from .patterns import late
from .values import dataclass

_WORD = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*+(?<=[A-Za-z0-9]))?"
# Each part stands there once, since it takes as long to compile as hundreds of requirements to be taken apart. So it lets a comma be
# missing, too: then the range is none, which is for those who take it apart to say.
_RANGE = r"(?:(?:~=|===?|!=|<=|>=|<|>)[ \t]*+[A-Za-z0-9.*+!_-]++(?:[ \t]*+,[ \t]*+(?=[~=!<>]))?+)++"
_PLAIN = late(
    rf"(?P<name>{_WORD})[ \t]*+(?:\[[ \t]*+(?P<extras>(?:{_WORD}(?:[ \t]*+,[ \t]*+(?=[A-Za-z0-9]))?+)++)[ \t]*+\][ \t]*+)?"
    rf"(?:(?P<open>\([ \t]*+)?(?P<range>{_RANGE})(?(open)[ \t]*+\)))?[ \t]*+(?:;(?P<marker>[^;\n]*+))?"
)
_VARIABLES = (
    "python_full_version|python_version|os_name|sys_platform|platform_machine|platform_python_implementation|"
    "platform_release|platform_system|platform_version|implementation_name|implementation_version"
)
_TEXT = r"""(?:'[^'"\\]*+'|"[^'"\\]*+")"""
_TOKENS = late(
    rf"""[ \t]*+(?:
      (?P<variable>{_VARIABLES})[ \t]*+(?P<op>===|==|~=|!=|<=|>=|<|>|in\b|not[ \t]++in\b)[ \t]*+(?P<text>{_TEXT})
    | extra[ \t]*+(?P<only>==|!=)[ \t]*+(?P<extra>['"][A-Za-z0-9._-]++['"])
    | (?P<word>and|or)\b | (?P<open>\() | (?P<close>\))
    )[ \t]*+""",
    re.VERBOSE,
)
_SEPARATORS = late(r"[-_.]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """The parts of a requirement; *name* and *extras* as they are written, *specifier* empty where any version will do."""

    name: str
    extras: frozenset[str]
    specifier: str = ""
    url: str | None = None
    marker: str | None = None


def parse(text: str) -> Requirement:
    """Return the parts of the requirement *text*; ValueError, or RecursionError, where it is none."""
    return _plain(text) or _parsed(text)


@functools.lru_cache(maxsize=4096)
def marker(text: str) -> str:
    """Return the marker *text* as ``packaging`` spells it; ValueError, or RecursionError, where it is none."""
    plain = _plain_marker(text)
    if plain is not None:
        return plain
    from packaging.markers import Marker

    return str(Marker(text))


def _plain(text: str) -> Requirement | None:
    match = _PLAIN.fullmatch(text)
    if match is None:
        return None
    written = match["marker"]
    try:
        specifier = pep440.spelled(match["range"] or "")
        spelled = marker(written) if written is not None else None
    except (ValueError, RecursionError):
        # What is wrong with it is said of the whole.
        return None
    extras = match["extras"]
    chosen = frozenset(part.strip() for part in extras.split(",")) if extras is not None else frozenset[str]()
    return Requirement(name=match["name"], extras=chosen, specifier=specifier, marker=spelled)


def _parsed(text: str) -> Requirement:
    from packaging.requirements import Requirement as Parsed

    parsed = Parsed(text)
    spelled = str(parsed.marker) if parsed.marker is not None else None
    return Requirement(
        name=parsed.name,
        extras=frozenset(parsed.extras),
        specifier=str(parsed.specifier),
        url=parsed.url,
        marker=spelled,
    )


def _plain_marker(text: str) -> str | None:
    """Return the marker *text* in its usual spelling; None where only the full grammar can tell."""
    found: list[str] = []
    wanted, depth, at = True, 0, 0
    while at < len(text):
        match = _TOKENS.match(text, at)
        if match is None:
            return None
        at = match.end()
        kind = match.lastgroup
        # A comparison or a parenthesis stands where a part is wanted, "and" and "or" between two of them.
        if (kind in ("word", "close")) is wanted:
            return None
        match kind:
            case "text":
                words = " ".join(match["op"].split())
                found.append(f'{match["variable"]} {words} "{match["text"][1:-1]}"')
            case "extra":
                name = match["extra"]
                if name[0] != name[-1]:
                    return None
                found.append(f'extra {match["only"]} "{_SEPARATORS.sub("-", name[1:-1]).lower()}"')
            case "open":
                found.append("(")
                depth += 1
            case "close":
                depth -= 1
                found.append(")")
            case _:
                found.append(match["word"])
        wanted = kind in ("word", "open")
        if depth < 0 or depth > 1:
            # packaging leaves out parentheses that enclose nothing but others.
            return None
    if wanted or depth:
        return None
    return _joined(found)


def _joined(words: list[str]) -> str | None:
    """Return *words* with a space between them; None where a pair of parentheses encloses all of it, or one comparison."""
    text = " ".join(words).replace("( ", "(").replace(" )", ")")
    for number, word in enumerate(words):
        if word == "(" and (words[number + 2] == ")" or (number == 0 and words.index(")") == len(words) - 1)):
            return None
    return text
