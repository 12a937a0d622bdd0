"""A receipt as flat tags, for trackers that keep text under text.

What fits everywhere (sources: MLflow, ``mlflow/utils/validation.py``: keys of word characters, dots, dashes and spaces, at most 250 of
them, 100 tags a request, values of 500 characters on old servers and 5,000 to 8,000 on new ones; W&B takes any key of a run's config;
ClearML any parameter): at most 60 tags, keys of at most 200 characters, values of at most 500. What is longer is told by its digest.
"""

from __future__ import annotations

import hashlib
import re

from .canonical import canonical

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

PREFIX = "envguard."
MOST_VALUE = 500
MOST_KEY = 200
_MOST_TREES = 20
_REACHABLE = {True: "reachable", False: "not reachable", None: "cannot tell"}
_FACTS = ("interpreter.version", "cpu.model", "nvidia.gpus", "amd.gpus", "nvidia.driver", "torch.version", "torch.cuda")
_NONE = "none"


def tags(document: Mapping[str, Any]) -> dict[str, str]:
    """Return what a receipt of version 2 says as tags; a key stands for the same thing in every run, and one that has nothing to say is left out."""
    found: dict[str, str] = {}
    for key, value in _tags(document):
        name = re.sub(r"[^A-Za-z0-9_.\- ]", "_", PREFIX + key)[:MOST_KEY]
        found.setdefault(name, value if len(value) <= MOST_VALUE else f"{_digest(value)} ({len(value)} characters)")
    return found


def _tags(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    observed = document["observed"]
    for key in ("id", "verdict", "level", "mode", "seed", "scheme"):
        if document[key] is not None:
            yield key, document[key]
    yield "version", document["envguard"]
    for level, told in document["levels"].items():
        yield f"level.{level}", _REACHABLE[told["reachable"]]
    for key in ("findings", "waived"):
        if document[key]:
            yield key, ", ".join(sorted({f"{item['code']} {item['subject']}" for item in document[key]}))
    if document["overridden"]:
        yield "overridden", str(len(document["overridden"]))
    yield from _observed(observed)
    facts = observed.get("facts") or {}
    for key in _FACTS:
        if facts.get(key, _NONE) != _NONE:
            yield key, facts[key]


def _observed(observed: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key in ("lock", "baseline"):
        if observed.get(key):
            yield key, observed[key]["digest"]
    if (observed.get("baseline") or {}).get("machine"):
        yield "machine", observed["baseline"]["machine"]
    if observed.get("packages"):
        yield "packages", _digest({"packages": observed["packages"], "conda": observed.get("conda") or {}})
    trees = (observed.get("data") or {}).get("trees") or {}
    if trees:
        yield "data", _digest({name: tree["root"] for name, tree in trees.items()})
    for name, tree in sorted(trees.items())[:_MOST_TREES]:
        yield f"data.{name}", tree["root"] or "unknown"
    code = observed.get("code") or {}
    for key in ("commit", "branch", "tree"):
        if isinstance(code.get(key), str):
            yield f"code.{key}", code[key]
    if isinstance(code.get("clean"), bool):
        yield "code.clean", str(code["clean"]).lower()


def _digest(value: Any) -> str:
    return f"sha256:{hashlib.sha256(canonical(value)).hexdigest()}"
