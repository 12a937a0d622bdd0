"""Environment markers, with `extra` as a set.

The grammar and the comparisons are those of "Dependency specifiers" (packaging.python.org, from PEP 508, and PEP 751 for
`extras` and `dependency_groups`). One thing is different: uv writes the extras, groups and projects that a selection
activates as `extra == '...'` atoms, so several can hold at once, and `extra` is compared with a set of names. Version
comparisons are left to ``packaging``.
"""

from __future__ import annotations

import functools
import re

from .. import pep440
from ..names import normalize
from ..patterns import late
from ..values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MAX_DEPTH = 200
_VERSIONS = frozenset(("python_version", "python_full_version", "implementation_version", "platform_release"))
_ALIASES = {
    "os.name": "os_name",
    "sys.platform": "sys_platform",
    "platform.machine": "platform_machine",
    "platform.version": "platform_version",
    "platform.python_implementation": "platform_python_implementation",
    "python_implementation": "platform_python_implementation",
}
VARIABLES = frozenset(
    (
        "os_name",
        "sys_platform",
        "platform_machine",
        "platform_python_implementation",
        "platform_release",
        "platform_system",
        "platform_version",
        "python_version",
        "python_full_version",
        "implementation_name",
        "implementation_version",
        "extra",
        "extras",
        "dependency_groups",
    )
)
# What lock files add: sets of names, in which a text is or is not.
SETS = ("extras", "dependency_groups")
_TOKEN = late(
    r"""\s*(?:
      (?P<open>\() | (?P<close>\)) | (?P<text>'[^']*'|"[^"]*")
    | (?P<op>===|==|~=|!=|<=|>=|<|>) | (?P<word>not\s+in\b|[A-Za-z_][A-Za-z0-9_.]*)
    )""",
    re.VERBOSE,
)


class MarkerError(ValueError):
    """A text is no marker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Atom:
    """One comparison. *variable* is a marker variable, *value* a text; *reversed* where the text stood on the left."""

    variable: str
    operator: str
    value: str
    reversed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """A marker: an atom, or *parts* that must all hold (``and``) or of which one must (``or``)."""

    operator: str
    parts: tuple[Marker, ...] = ()
    atom: Atom | None = None

    def holds(
        self,
        environment: Mapping[str, str],
        extras: frozenset[str] = frozenset(),
        groups: frozenset[str] = frozenset(),
    ) -> bool:
        """Return whether the marker is true in *environment* while *extras* and *groups*, normalised, are active.

        Raises MarkerError where *environment* does not say what the marker asks for.
        """
        if self.atom is not None:
            return _holds(self.atom, environment, extras, groups)
        if self.operator == "and":
            return all(part.holds(environment, extras, groups) for part in self.parts)
        return any(part.holds(environment, extras, groups) for part in self.parts)

    def atoms(self) -> Iterator[Atom]:
        """Yield every comparison in the marker."""
        if self.atom is not None:
            yield self.atom
        for part in self.parts:
            yield from part.atoms()


@functools.lru_cache(maxsize=16384)
def parse(text: str) -> Marker:
    """Return the marker that *text* spells; MarkerError where it spells none."""
    parser = _Parser(text)
    marker = parser.either(0)
    if parser.at < len(parser.tokens):
        raise MarkerError(f"unexpected {parser.tokens[parser.at][1]!r} in marker {text!r}")
    return marker


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.tokens: list[tuple[str, str]] = []
        position = 0
        stripped = text.rstrip()
        while position < len(stripped):
            match = _TOKEN.match(stripped, position)
            if match is None or match.lastgroup is None:
                raise MarkerError(f"unexpected character {stripped[position]!r} in marker {text!r}")
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            position = match.end()

    def take(self, kind: str, *values: str) -> str | None:
        if self.at < len(self.tokens):
            found, value = self.tokens[self.at]
            if found == kind and (not values or value in values):
                self.at += 1
                return value
        return None

    def either(self, depth: int) -> Marker:
        return self.chain("or", functools.partial(self.chain, "and", self.single), depth)

    def chain(self, word: str, part: Callable[[int], Marker], depth: int) -> Marker:
        parts = [part(depth)]
        while self.take("word", word):
            parts.append(part(depth))
        return parts[0] if len(parts) == 1 else Marker(operator=word, parts=tuple(parts))

    def single(self, depth: int) -> Marker:
        if depth > MAX_DEPTH:
            raise MarkerError("a marker is nested too deeply")
        if self.take("open"):
            marker = self.either(depth + 1)
            if not self.take("close"):
                raise MarkerError(f"a parenthesis is not closed in marker {self.text!r}")
            return marker
        left, operator, right = self.operand(), self.comparison(), self.operand()
        if left[0] == right[0]:
            raise MarkerError(f"a marker compares a variable with a text, not so in {self.text!r}")
        if left[0]:
            atom = Atom(variable=left[1], operator=operator, value=right[1])
        else:
            atom = Atom(variable=right[1], operator=operator, value=left[1], reversed=True)
        return Marker(operator="atom", atom=atom)

    def operand(self) -> tuple[bool, str]:
        """Return whether the operand is a variable, and its name or text."""
        text = self.take("text")
        if text is not None:
            return False, text[1:-1]
        word = self.take("word")
        name = _ALIASES.get(word, word) if word is not None else None
        if name not in VARIABLES:
            raise MarkerError(f"{word or 'nothing'!r} is no variable of markers, in {self.text!r}")
        return True, str(name)

    def comparison(self) -> str:
        operator = self.take("op") or self.take("word", "in")
        if operator is not None:
            return operator
        if self.at < len(self.tokens) and self.tokens[self.at][1].split() == ["not", "in"]:
            self.at += 1
            return "not in"
        raise MarkerError(f"a comparison is missing in marker {self.text!r}")


def _holds(atom: Atom, environment: Mapping[str, str], extras: frozenset[str], groups: frozenset[str]) -> bool:
    if atom.variable == "extra":
        return _extra_holds(atom, extras)
    if atom.variable in SETS:
        return _is_in(atom, extras if atom.variable == "extras" else groups)
    if atom.variable not in environment:
        raise MarkerError(f"the environment does not say what {atom.variable} is")
    here = environment[atom.variable]
    if atom.reversed:
        return _compare(atom.variable, atom.value, atom.operator, here)
    return _compare(atom.variable, here, atom.operator, atom.value)


def _extra_holds(atom: Atom, extras: frozenset[str]) -> bool:
    # Extra names compare in normalised form; uv's encoded ones are normalised already.
    active = atom.value in extras or normalize(atom.value) in extras
    if atom.operator in ("==", "===", "in"):
        return active
    if atom.operator in ("!=", "not in"):
        return not active
    raise MarkerError(f"an extra cannot be compared with {atom.operator}")


def _is_in(atom: Atom, names: frozenset[str]) -> bool:
    if not atom.reversed or atom.operator not in ("in", "not in"):
        raise MarkerError(f"a name is in {atom.variable} or not in it, and nothing else can be asked")
    return (normalize(atom.value) in names) is (atom.operator == "in")


def _compare(variable: str, left: str, operator: str, right: str) -> bool:
    if variable in _VERSIONS and operator not in ("in", "not in"):
        verdict = _compare_versions(left, operator, right)
        if verdict is not None:
            return verdict
    match operator:
        case "in":
            return left in right
        case "not in":
            return left not in right
        case "==" | "<=" | ">=":
            # Texts have no order; the specification lets "at most" and "at least" mean "equal".
            return left == right
        case "!=":
            return left != right
        case "<" | ">":
            return False
        case _:
            raise MarkerError(f"{left!r} and {right!r} cannot be compared with {operator}")


@functools.lru_cache(maxsize=16384)
def _compare_versions(left: str, operator: str, right: str) -> bool | None:
    """Return the answer of version comparison, None where *right* is no version specifier."""
    clause = operator + right
    try:
        # A comma would be another clause, and a marker has one.
        if "," in right or len(pep440.clauses(clause)) != 1:
            return None
    except ValueError:
        return None
    try:
        return pep440.contains(clause, left)
    except ValueError:
        # A number of more digits than Python converts.
        return False
