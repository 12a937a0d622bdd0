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
    from ..installed.model import Environment
    from ..machine.model import Observation
    from ..model import Fact


def show_machine(console: Console, *, python: str | None = None, form: str = "text") -> int:
    """Show the facts of this machine in the format *form*, and return the exit status."""
    reader = Reader()
    environment = find_environment(reader, start_folder(), python)
    observation = observe(reader, environment)
    console.emit(_json(environment, observation) if form == "json" else _text(environment, observation))
    return 0


def _text(environment: Environment, observation: Observation) -> str:
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
    return "\n".join(lines).rstrip() + "\n"


def _word(fact: Fact) -> str:
    return f"unknown: {printable(fact.reason)}" if isinstance(fact, Unknown) else printable(fact)


def _json(environment: Environment, observation: Observation) -> str:
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
    }
    return json.dumps(document, indent=2) + "\n"


def _entry(key: str, fact: Fact) -> dict[str, Any]:
    entry = table().entry(key)
    told: dict[str, Any] = {"class": str(entry.fact_class) if entry is not None else None}
    return {**told, "unknown": fact.reason} if isinstance(fact, Unknown) else {**told, "value": fact}
