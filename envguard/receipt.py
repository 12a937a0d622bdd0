"""The receipt of a run: what was checked, what was seeded and set, and what was overridden; made to be kept with results."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import ReceiptError
from .json_text import parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .reader import Reader

SCHEMA = "envguard.receipt"
VERSION = 1
MAX_BYTES = 64 * 1024 * 1024


def read_receipt(reader: Reader, path: str) -> dict[str, Any]:
    """Return the receipt at *path* as plain JSON values; ReceiptError where it is none of a version that is known here."""
    read = parse_json(reader.read_text(path, limit=MAX_BYTES), path, ReceiptError)
    document: dict[str, Any] = read if isinstance(read, dict) else {}
    schema = document.get("schema")
    if not isinstance(schema, dict) or schema.get("name") != SCHEMA:
        raise ReceiptError("is no receipt of envguard", path=path, keys=("schema", "name"))
    if schema.get("version") != VERSION:
        message = f"schema version {schema.get('version')} is not known here, only {VERSION}"
        raise ReceiptError(message, path=path, keys=("schema", "version"), hint="update envguard")
    for key, kind, word in (
        ("observed", dict, "an object"),
        ("seed", str, "a string"),
        ("switches", dict, "an object"),
    ):
        if not isinstance(document.get(key), kind):
            raise ReceiptError(f"expected {word}", path=path, keys=(key,))
    return document


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The metadata of one run.

    *time* is UTC, ISO 8601. *mode* is ``enforce``, ``warn`` or ``off``; *verdict* ``clean``, ``drift``, ``undecided``, or
    ``not checked``. *levels* maps each level to whether it was reachable (None: cannot tell). *seed* is the root of all
    streams of *scheme*. *seeded* and *switches* say what was done, library by library and switch by switch. *observed* is
    what the check saw: lock, baseline, machine, selection, trees of data, facts, packages. *overridden* lists what a mode let
    pass.
    """

    envguard: str
    time: str
    mode: str
    verdict: str
    level: str
    levels: Mapping[str, bool | None]
    seed: int
    scheme: str
    seeded: Mapping[str, str]
    switches: Mapping[str, Mapping[str, str]]
    observed: Mapping[str, Any]
    waived: tuple[str, ...] = ()
    overridden: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the receipt as plain JSON values; the seed is text, since it may not fit a double."""
        return {
            "schema": {"name": SCHEMA, "version": VERSION},
            "envguard": self.envguard,
            "time": self.time,
            "mode": self.mode,
            "verdict": self.verdict,
            "level": self.level,
            "levels": dict(self.levels),
            "seed": str(self.seed),
            "scheme": self.scheme,
            "seeded": dict(self.seeded),
            "switches": {name: dict(values) for name, values in self.switches.items()},
            "observed": dict(self.observed),
            "waived": list(self.waived),
            "overridden": list(self.overridden),
        }

    def to_json(self) -> str:
        """Return the receipt as JSON with sorted keys."""
        return json.dumps(self.to_dict(), indent=2, sort_keys=True) + "\n"
