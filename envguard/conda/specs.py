"""Match specs: what a conda package or a manifest asks for (conda: ``conda.models.match_spec``, CEP 29).

The forms in which locks and manifests write nearly all of them are decided here: a name with exact versions, ranges, wildcards, and
globs for the build. What is not one of them has no answer, which is not the same as no.
"""

from __future__ import annotations

import functools
import re

from ..patterns import late
from ..values import dataclass
from .versions import VersionError, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .versions import Version

_SPEC = late(
    r"""\s*(?:(?P<channel>[^\s\[\]=<>!~]+?)::)?
    (?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]*)
    (?P<rest>[^\[\];]*?)
    (?:\[(?P<brackets>.*)\])?\s*""",
    re.VERBOSE,
)
# What nearly every one is: a name, and what follows it behind a space.
_PLAIN_SPEC = late(r"(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]*+)(?: (?P<rest>[!-:<-Z^-~]++(?: [!-:<-Z^-~]++)?+))?+")
_BRACKET = late(r"""\s*([a-z0-9_-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s,"']+))\s*(?:,|$)""")
_CLAUSE = late(r"\s*(?P<op>==|!=|~=|>=|<=|=|>|<)?\s*(?P<version>[^\s=<>!~|,()^$]+)\s*")
_PAIR = late(r"(.*[^=<>!~|,\s])=([^=<>!~|,]+)")
_PLAIN = late(r"[^*]+")
_PREFIX = late(r"(?P<prefix>[^*]+?)\.?\*")
# What besides the version may stand in brackets and can be compared with a locked package.
_KNOWN = frozenset(("version", "build", "build_number", "subdir", "channel", "sha256", "md5"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A match spec: a *name*, the *version* and the *build* that are asked for (empty: any), and *more* keys of brackets.

    *text* is the whole of it, *readable* false where there is more in it than is known here.
    """

    name: str
    version: str = ""
    build: str = ""
    more: tuple[tuple[str, str], ...] = ()
    text: str = ""
    readable: bool = True

    @property
    def virtual(self) -> bool:
        """Whether it asks for something of the machine, such as ``__cuda``, and not for a package."""
        return self.name.startswith("__")


@functools.lru_cache(maxsize=16384)
def parse_spec(text: str) -> Spec | None:
    """Return the match spec *text*, None where not even its name can be told."""
    plain = _PLAIN_SPEC.fullmatch(text)
    if plain is not None:
        version, build = _version_and_build(plain["rest"])
        return Spec(name=plain["name"].lower(), version=version, build=build, text=text)
    bare, _, condition = text.partition(";")
    match = _SPEC.fullmatch(bare)
    if match is None:
        return None
    more = dict(_brackets(match["brackets"]))
    readable = not condition and more.keys() <= _KNOWN and "" not in more
    if match["channel"]:
        more["channel"] = match["channel"]
    version, build = _version_and_build(match["rest"])
    return Spec(
        name=match["name"].lower(),
        version=more.pop("version", version),
        build=more.pop("build", build),
        more=tuple(sorted(more.items())),
        text=text.strip(),
        readable=readable,
    )


def _brackets(text: str | None) -> list[tuple[str, str]]:
    found, at = [], 0
    text = (text or "").strip()
    while at < len(text):
        match = _BRACKET.match(text, at)
        if match is None or match.end() == at:
            return [("", text)]
        found.append((match[1].replace("-", "_"), match[2] or match[3] or match[4] or ""))
        at = match.end()
    return found


def _version_and_build(rest: str | None) -> tuple[str, str]:
    """Return the version and the build in what follows a name: ``>=1,<2``, ``1.0 py_0``, ``=1.0=py_0``."""
    text = (rest or "").strip()
    if len(text.split()) > 1:
        # Blanks around an operator or a comma separate nothing.
        text = re.sub(r"\s*([,|])\s*", r"\1", re.sub(r"(==|!=|~=|>=|<=|=|>|<)\s+", r"\1", text))
    version, _, build = text.partition(" ")
    if build:
        return version, build.strip()
    pair = _PAIR.fullmatch(version) if "=" in version else None
    if pair is None:
        return version, ""
    # With a build beside it a version with one equals sign is exact.
    plain = pair[1].startswith("=") and not pair[1].startswith("==") and "*" not in pair[1]
    return f"={pair[1]}" if plain else pair[1], pair[2]


@functools.lru_cache(maxsize=65536)
def satisfies(version: str, wanted: str) -> bool | None:
    """Return whether *version* is one of those that *wanted* asks for (``>=1.2,<2|3.*``), None where that cannot be told."""
    try:
        here = parse(version)
        return _any(here, wanted.strip())
    except VersionError:
        return None


def _any(here: Version, wanted: str) -> bool | None:
    if wanted in ("", "*"):
        return True
    if "(" in wanted or "^" in wanted or "$" in wanted:
        return None
    answers = [_all(here, part) for part in wanted.split("|")]
    return True if True in answers else None if None in answers else False


def _all(here: Version, wanted: str) -> bool | None:
    answers = [_clause(here, clause) for clause in wanted.split(",")]
    return False if False in answers else None if None in answers else True


def _clause(here: Version, text: str) -> bool | None:
    if text.strip() in ("*", "=*", "==*", ".*"):
        return True
    match = _CLAUSE.fullmatch(text)
    if match is None:
        return None
    op, written = match["op"] or "", match["version"]
    if _PLAIN.fullmatch(written) is None:
        prefix = _PREFIX.fullmatch(written)
        # What a wildcard means beside these, conda and rattler do not agree about.
        if prefix is None or op in ("~=", "==", ">"):
            return None
        if op in (">=", "<=", "<"):
            return _ordered(here, op, parse(prefix["prefix"]))
        begins = here.starts_with(parse(prefix["prefix"]))
        return not begins if op == "!=" else begins
    there = parse(written)
    match op:
        case "" | "==":
            return here == there
        case "!=":
            return here != there
        case "=":
            return here.starts_with(there)
        case "~=":
            upper, dot, _ = written.rpartition(".")
            plain = dot and not any(mark in written for mark in "+-_!")
            return here >= there and here.starts_with(parse(upper)) if plain else None
        case _:
            return _ordered(here, op, there)


def _ordered(here: Version, op: str, there: Version) -> bool:
    order = here.order(there)
    match op:
        case ">=":
            return order >= 0
        case "<=":
            return order <= 0
        case ">":
            return order > 0
        case _:
            return order < 0


def build_matches(build: str, wanted: str) -> bool | None:
    """Return whether the *build* of a package is one that *wanted* names, with ``*`` for anything; None where that cannot be told."""
    if wanted in ("", "*"):
        return True
    if wanted.startswith("^") or any(mark in wanted for mark in "?[]|,="):
        return None
    first, *middle = wanted.split("*")
    if not middle:
        return build == wanted
    # What stands between two stars is found as far left as it can be; the last of it is the end.
    last = middle.pop()
    if len(build) < len(first) + len(last) or not build.startswith(first) or not build.endswith(last):
        return False
    at, end = len(first), len(build) - len(last)
    for piece in middle:
        found = build.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True
