"""How a receipt is put together: ``envguard.receipt`` version 2, whose schema is ``envguard/schemas/receipt-v2.json``.

On the path of every clean check: imports nothing heavy.
"""

from __future__ import annotations

import json
import time

from .. import __version__
from ..redact import redact_text
from . import place, process
from .canonical import DIGEST, digest_of, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .ledger import Ledger

NAME = "envguard.receipt"
VERSION = 2
REFUSED = "refused"
"""The verdict of a receipt whose run ``enforce()`` did not let begin."""
_VARIABLE = "variable."


def assemble(ledger: Ledger, *, milliseconds: int) -> dict[str, Any]:
    """Return what *ledger* knows as a receipt: plain JSON values, sealed by a digest. *milliseconds* is how long the run has taken."""
    answer = ledger.answer
    facts = answer["observed"].get("facts") or {}
    named = [key.removeprefix(_VARIABLE) for key in facts if key.startswith(_VARIABLE)]
    found = {
        "schema": {"name": NAME, "version": VERSION},
        "id": ledger.id,
        "envguard": __version__,
        "time": place.utc(ledger.started),
        "written": place.utc(time.time()),
        "milliseconds": milliseconds,
        "end": ledger.end,
        "mode": ledger.mode,
        "level": answer["level"],
        "verdict": answer["verdict"],
        "recalled": answer.get("recalled", False),
        "levels": answer["levels"],
        "findings": answer["findings"],
        "waived": answer["waived"],
        "overridden": answer["overridden"],
        "observed": answer["observed"],
        "process": process.process(named),
        "libraries": process.libraries(ledger.loaded),
        "rank": ledger.rank,
        "audit": {"hostname": process.hostname()},
        "events": clean(ledger.events),
        "files": dict(ledger.files),
        "notes": list(ledger.notes),
        **{section: clean(plain(ask())) for section, ask in ledger.sections.items()},
    }
    try:
        return {**found, DIGEST: digest_of(found)}
    except ValueError:
        # A name of a file that is not UTF-8, or a number too large for JSON, is somewhere in it: rare, and slow to look for.
        found = plain(found)
        return {**found, DIGEST: digest_of(found)}


def render(document: dict[str, Any]) -> bytes:
    """Return the bytes of a receipt's file: JSON with sorted keys, indented by two, in ASCII."""
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode("ascii")


def clean(value: Any) -> Any:
    """Return plain JSON values without the secrets that texts in them hold."""
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, dict):
        return {key: clean(item) for key, item in value.items()}
    return [clean(item) for item in value] if isinstance(value, list) else value
