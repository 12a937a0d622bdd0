"""Receipts to test with: of this version, as the ledger makes them, and of the first."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from envguard.receipts.canonical import DIGEST, digest_of
from envguard.receipts.document import render
from envguard.receipts.ledger import Ledger

if TYPE_CHECKING:
    from pathlib import Path

ROOT = "blake3:" + "5d" * 32

ANSWER: dict[str, Any] = {
    "verdict": "clean",
    "level": "host-to-host",
    "levels": {
        "run-to-run": {"reachable": None, "blockers": [], "unknowns": ["EG305 nvidia.driver"], "waived": []},
        "host-to-host": {"reachable": True, "blockers": [], "unknowns": [], "waived": ["EG203 pillow"]},
        "cross-hardware": {"reachable": True, "blockers": [], "unknowns": [], "waived": []},
    },
    "findings": [],
    "waived": [
        {
            "code": "EG203",
            "name": "version-mismatch",
            "subject": "pillow",
            "message": "pillow 12.0 is installed, the lock pins 11.0",
            "severities": {"host-to-host": "error"},
            "impact": "not known to compute numbers, but code that differs can behave differently",
            "why": "another version can compute, load or default differently",
            "expected": "11.0",
            "found": "12.0",
            "place": {"path": "/app/uv.lock", "keys": ["package", 3, "version"]},
            "hint": "uv sync --locked",
            "unknown": False,
            "reason": "compared by hand",
            "until": "2027-01-31",
        }
    ],
    "overridden": [],
    "observed": {
        "project": "/app",
        "environment": "/app/.venv",
        "lock": {"path": "uv.lock", "digest": "blake3:" + "1c" * 32},
        "baseline": {"digest": "blake3:" + "ba" * 32, "machine": "default"},
        "selection": {"packages": [], "extras": ["cu130"], "groups": [], "default-groups": True},
        "data": {
            "verified": True,
            "left-out": None,
            "trees": {
                "raw": {
                    "path": "/app/data/raw",
                    "named": "data/raw",
                    "ignore": [],
                    "root": ROOT,
                    "recorded": ROOT,
                    "files": 2,
                    "bytes": 11,
                    "assurance": "stat-cache",
                }
            },
        },
        "files": None,
        "facts": {"cpu.vendor": "GenuineIntel", "interpreter.version": "3.11.7", "variable.MKL_CBWR": "AVX2"},
        "packages": {"attrs": "26.1.0", "numpy": "2.4.6", "pillow": "12.0"},
    },
}
SECTIONS: dict[str, Any] = {
    "seed": "42",
    "seeds": "derived",
    "scheme": "envguard.rng.v1",
    "seeded": {"random": "seeded", "numpy": "seeded", "torch": "not installed"},
    "switches": {"PYTHONHASHSEED": {"wanted": "any", "found": "0", "when": "before Python starts"}},
}


def ledger(
    folder: Path, answer: dict[str, Any] | None = None, said: list[str] | None = None, **sections: Any
) -> Ledger:
    """Return the ledger of a run of the project *folder*; what it says to people is added to *said*."""
    answer = copy.deepcopy(ANSWER if answer is None else answer)
    if "project" in answer["observed"]:
        answer["observed"]["project"] = str(folder)
    made = Ledger(answer=answer, mode="enforce", start=str(folder), say=(said if said is not None else []).append)
    for name, value in {**SECTIONS, **sections}.items():
        made.tells(name, lambda value=value: value)  # type: ignore[misc]
    return made


def document(folder: Path, **changes: Any) -> dict[str, Any]:
    """Return a receipt with *changes* at its top, sealed again."""
    return sealed({**ledger(folder).document(), **changes})


def sealed(found: dict[str, Any]) -> dict[str, Any]:
    """Return a receipt with the digest that belongs to it."""
    rest = {key: value for key, value in found.items() if key != DIGEST}
    return {**rest, DIGEST: digest_of(rest)}


def written(path: Path, found: dict[str, Any]) -> Path:
    """Write a receipt to *path*."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(render(found))
    return path


def first_version(**changes: Any) -> str:
    """Return a receipt of version 1, as ``run.receipt.to_json()`` gave it to users."""
    found = {
        "schema": {"name": "envguard.receipt", "version": 1},
        "envguard": "0.1.0",
        "time": "2026-11-24T00:00:00+00:00",
        "mode": "enforce",
        "verdict": "clean",
        "level": "host-to-host",
        "levels": {"run-to-run": None, "host-to-host": True, "cross-hardware": True},
        "seed": "42",
        "scheme": "envguard.rng.v1",
        "seeded": {"random": "seeded"},
        "switches": {},
        "observed": {"packages": {"numpy": "2.4.6"}, "project": "/app"},
        "waived": ["EG203 pillow: compared"],
        "overridden": [],
        **changes,
    }
    return json.dumps(found, indent=2, sort_keys=True) + "\n"
