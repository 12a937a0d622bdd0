"""The rules: a code, a name, a text for people, and a function that reads values and yields findings."""

from __future__ import annotations

import enum
import importlib

from ..errors import ConfigError
from ..model import Finding, Impact, Severities, Severity
from ..values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from typing import Any

    from .evidence import Evidence


class Need(enum.StrEnum):
    """What must have been observed before a rule can be asked."""

    NOTHING = "nothing"
    LOCK = "lock"
    CHANGE = "change"
    RECORD = "record"
    ENVIRONMENT = "environment"
    BASELINE = "baseline"
    FILES = "files"
    CODE = "code"
    RANKS = "ranks"


# What the rules of each family look at: no more families are imported than a check asks.
FAMILIES = {
    "lock": (Need.LOCK,),
    "locks": (Need.LOCK,),
    "changes": (Need.CHANGE,),
    "staged": (Need.CHANGE, Need.RECORD),
    "packages": (Need.ENVIRONMENT,),
    "distributions": (Need.ENVIRONMENT, Need.BASELINE),
    "requirements": (Need.ENVIRONMENT,),
    "machine": (Need.BASELINE,),
    "libraries": (Need.ENVIRONMENT, Need.BASELINE),
    "canaries": (Need.BASELINE,),
    "files": (Need.FILES,),
    "data": (Need.BASELINE,),
    "code": (Need.CODE,),
    "imports": (Need.CODE,),
    "ranks": (Need.RANKS,),
    "own": (Need.NOTHING, Need.ENVIRONMENT, Need.BASELINE),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; *since* is the first version that has it."""

    code: str
    name: str
    summary: str
    since: str
    need: Need
    severities: Severities
    check: Callable[[Rule, Evidence], Iterator[Finding]]

    @property
    def doc(self) -> str:
        """Its text for people, in Markdown with fixed headings."""
        import inspect

        return inspect.cleandoc(self.check.__doc__ or "")

    def finding(self, subject: str, message: str, *, impact: Impact, why: str, **more: Any) -> Finding:
        """Return a finding of this rule; its severities are the rule's unless *more* says otherwise."""
        values = {"severities": self.severities, **more}
        return Finding(
            code=self.code, name=self.name, subject=subject, message=message, impact=impact, why=why, **values
        )


_RULES: list[Rule] = []


def rule(
    code: str, name: str, summary: str, *, since: str, need: Need, severities: Severities | Severity = Severity.ERROR
) -> Callable[[Callable[[Rule, Evidence], Iterator[Finding]]], Rule]:
    """Register the decorated function as the check of a new rule; its docstring becomes the rule's text."""

    def register(check: Callable[[Rule, Evidence], Iterator[Finding]]) -> Rule:
        made = Rule(
            code=code,
            name=name,
            summary=summary,
            since=since,
            need=need,
            severities=Severities.same(severities) if isinstance(severities, Severity) else severities,
            check=check,
        )
        _RULES.append(made)
        return made

    return register


def all_rules() -> tuple[Rule, ...]:
    """Return every rule, sorted by code."""
    return rules_for(tuple(Need))


def rules_for(needs: Collection[Need]) -> tuple[Rule, ...]:
    """Return the rules that look at one of *needs*, sorted by code."""
    for family, looks_at in FAMILIES.items():
        if any(need in needs for need in looks_at):
            importlib.import_module(f"{__package__}.{family}")
    return tuple(sorted((made for made in _RULES if made.need in needs), key=lambda made: made.code))


def get(word: str) -> Rule:
    """Return the rule with the code or name *word*; ConfigError, with the nearest names, where there is none."""
    rules = all_rules()
    for made in rules:
        if word in (made.name, made.code) or word.upper() == made.code:
            return made
    import difflib

    names = [text for made in rules for text in (made.name, made.code)]
    close = difflib.get_close_matches(word, names, n=2) or difflib.get_close_matches(word.upper(), names, n=2)
    hint = f"did you mean {' or '.join(close)}?" if close else "'envguard explain' lists all rules"
    raise ConfigError(f"there is no rule '{word}'", hint=hint)
