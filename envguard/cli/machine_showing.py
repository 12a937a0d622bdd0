"""What ``envguard machine show`` does, once it is known what is asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..facts import table
from ..installed import find_environment
from ..machine import observe
from ..model import Unknown
from ..names import printable
from ..reader import Reader
from .console import Console, start_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..canaries.model import Canaries
    from ..installed.model import Environment
    from ..machine.model import Observation
    from ..model import Fact


def show_machine(console: Console, *, python: str | None = None, form: str = "text", canaries: bool = False) -> int:
    """Show the facts of this machine in the format *form*, with *canaries* what those say, and return the exit status."""
    reader = Reader()
    environment = find_environment(reader, start_folder(), python)
    observation = observe(reader, environment)
    write = _json if form == "json" else _text
    console.emit(write(environment, observation, _ask(environment) if canaries else None))
    return 0


def _ask(environment: Environment) -> Canaries:
    from ..canaries.asking import ask

    return ask(environment.executable)


def _text(environment: Environment, observation: Observation, canaries: Canaries | None) -> str:
    lines = [f"environment  {printable(environment.prefix)} ({environment.chosen_by})"]
    width = max(map(len, observation.facts))
    family = ""
    absent: list[str] = []
    for key, fact in [*sorted(observation.facts.items()), ("", "")]:
        head, _, _ = key.partition(".")
        if head != family:
            lines += [f"{family}: none of {', '.join(absent)}"] if absent else []
            lines.append("")
            family, absent = head, []
        if fact == "none":
            absent.append(key.partition(".")[2])
        elif key:
            lines.append(f"{key:{width}}  {_word(fact)}")
    for item in observation.disagreements:
        lines += [
            f"{item.library}: {printable(item.message)}",
            f"  expected  {item.expected}",
            f"  found     {item.found}",
        ]
    return "\n".join([*lines, *_canaries(canaries)]).rstrip() + "\n"


def _canaries(canaries: Canaries | None) -> Iterator[str]:
    if canaries is None:
        return
    yield f"canaries ({canaries.scheme})"
    told = {**canaries.conditions, **canaries.digests}
    width = max(map(len, told), default=0)
    for facts in (canaries.conditions, canaries.digests):
        yield ""
        yield from (f"{key:{width}}  {_word(fact)}" for key, fact in sorted(facts.items()))


def _word(fact: Fact) -> str:
    return f"unknown: {printable(fact.reason)}" if isinstance(fact, Unknown) else printable(fact)


def _json(environment: Environment, observation: Observation, canaries: Canaries | None) -> str:
    document = {
        "schema": {"name": "envguard.machine", "version": 1},
        "environment": {"prefix": environment.prefix, "chosen-by": environment.chosen_by},
        "facts": {key: _entry(key, fact) for key, fact in sorted(observation.facts.items())},
        "disagreements": [
            {
                "kind": str(item.kind),
                "library": item.library,
                "message": item.message,
                "expected": item.expected,
                "found": item.found,
            }
            for item in observation.disagreements
        ],
        **({"canaries": _canaries_document(canaries)} if canaries is not None else {}),
    }
    return json.dumps(document, indent=2) + "\n"


def _canaries_document(canaries: Canaries) -> dict[str, Any]:
    tables = {"conditions": canaries.conditions, "digests": canaries.digests}
    return {
        "scheme": canaries.scheme,
        **{
            name: {
                key: {"unknown": fact.reason} if isinstance(fact, Unknown) else {"value": fact}
                for key, fact in sorted(facts.items())
            }
            for name, facts in tables.items()
        },
    }


def _entry(key: str, fact: Fact) -> dict[str, Any]:
    entry = table().entry(key)
    told: dict[str, Any] = {"class": str(entry.fact_class) if entry is not None else None}
    return {**told, "unknown": fact.reason} if isinstance(fact, Unknown) else {**told, "value": fact}
