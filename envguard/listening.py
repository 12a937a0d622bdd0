"""Listening to the numeric canaries where a look at environment and machine is to include them, and telling what was heard."""

from __future__ import annotations

from .values import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .canaries.model import Canaries
    from .observe import Request
    from .reader import Reader
    from .rules.evidence import Evidence


def with_canaries(reader: Reader, evidence: Evidence, request: Request) -> Evidence:
    """Return *evidence* with what the canaries say, where *request* asks for them.

    In a running script they are those of what it has imported, wherever some are recorded: a probe of this process, which a kept
    answer of a check depends on like on any other. Elsewhere they are run in a process of the environment's interpreter.
    """
    return replace(evidence, canaries=_canaries(reader, evidence, request))


def _canaries(reader: Reader, evidence: Evidence, request: Request) -> Canaries | None:
    if request.running:
        if request.canaries is False or evidence.machine is None or evidence.machine.canaries is None:
            return None
        from .canaries.model import parse

        return parse(reader.probe("canaries"))
    if not request.canaries:
        return None
    from .canaries.asking import ask

    # Nothing that could be looked at again vouches for what another process said.
    reader.trace.unsettle()
    return ask(evidence.environment.executable)


def notes(evidence: Evidence) -> dict[str, str]:
    """Return what a report says of the canaries beside its findings; nothing where none are recorded."""
    if evidence.machine is None or evidence.machine.canaries is None:
        return {}
    from .rules.canaries import note

    text = note(evidence)
    return {"canaries": text} if text is not None else {}


def told(evidence: Evidence) -> dict[str, Any] | None:
    """Return what a receipt says of the recorded canaries, group by group; None where none are recorded."""
    machine = evidence.machine
    if machine is None or machine.canaries is None:
        return None
    from .canaries.model import told_of
    from .model import fact_text
    from .rules.canaries import outcome

    found = outcome(evidence)
    groups = {group.name: told_of(group) for group in found}
    digests = {key: fact_text(value) for key, value in machine.canaries.digests.items()}
    heard = evidence.canaries.digests if evidence.canaries is not None else {}
    # Of what is as recorded the record says it.
    others = [f"{group.name}.{short}" for group in found for short in group.other]
    seen = {key: fact_text(heard[key]) for key in others if key in heard}
    return {"scheme": machine.canaries.scheme, "recorded": digests, "groups": groups, "seen": seen}
