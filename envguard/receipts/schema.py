"""The schemas that come with envguard, and what in a document is against one.

Of JSON Schema (draft 2020-12) as much is understood as these schemas use: ``type``, ``const``, ``enum``, ``pattern`` (anchored at both
ends), ``minimum``, ``maxLength``, ``properties``, ``required``, ``additionalProperties``, ``items`` and ``$ref`` to ``#/$defs``. So there is one
description of a receipt, for us and for others, and no dependency for it.
"""

from __future__ import annotations

import functools
import json
import os
import re

from ..json_text import KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    Keys = tuple[str | int, ...]

_FOLDER = os.path.join(os.path.dirname(os.path.dirname(__file__)), "schemas")
_TYPES: Mapping[str, type] = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "null": type(None),
    "object": dict,
    "string": str,
}
_NO_TYPE = frozenset(
    ("$defs", "$ref", "$schema", "additionalProperties", "description", "items", "properties", "title")
)
KNOWN = _NO_TYPE | {"const", "enum", "maxLength", "minimum", "pattern", "required", "type"}
"""The keywords that are understood; a schema of ours has no others."""


@functools.cache
def schema(version: int) -> dict[str, Any]:
    """Return the schema of receipts of *version*, 1 or 2."""
    with open(os.path.join(_FOLDER, f"receipt-v{version}.json"), encoding="utf-8") as file:
        found: dict[str, Any] = json.load(file)
    return found


def faults(document: object, version: int) -> Iterator[tuple[Keys, str]]:
    """Yield what is wrong with a *document* that claims to be a receipt of *version*: the route to it, and what."""
    root = schema(version)
    yield from _faults(document, root, root.get("$defs", {}), ())


def _faults(value: Any, rule: Mapping[str, Any], defs: Mapping[str, Any], keys: Keys) -> Iterator[tuple[Keys, str]]:
    if "$ref" in rule:
        yield from _faults(value, defs[rule["$ref"].rpartition("/")[2]], defs, keys)
        return
    if "type" in rule and not _is(value, rule["type"]):
        words = [KINDS[_TYPES[name]] for name in _names(rule["type"])]
        yield keys, f"expected {' or '.join(words)}, found {KINDS[type(value)]}"
        return
    problem = _wrong(value, rule)
    if problem is not None:
        yield keys, problem
    elif isinstance(value, dict):
        yield from _inside(value, rule, defs, keys)
    elif isinstance(value, list) and "items" in rule:
        for index, item in enumerate(value):
            yield from _faults(item, rule["items"], defs, (*keys, index))


def _inside(
    value: dict[str, Any], rule: Mapping[str, Any], defs: Mapping[str, Any], keys: Keys
) -> Iterator[tuple[Keys, str]]:
    for key in rule.get("required", ()):
        if key not in value:
            yield keys, f"the key '{key}' is missing"
    known, others = rule.get("properties", {}), rule.get("additionalProperties", True)
    for key, item in value.items():
        if key in known:
            yield from _faults(item, known[key], defs, (*keys, key))
        elif others is False:
            yield (*keys, key), "this key is not known"
        elif others is not True:
            yield from _faults(item, others, defs, (*keys, key))


def _wrong(value: Any, rule: Mapping[str, Any]) -> str | None:
    choices = [rule["const"]] if "const" in rule else rule.get("enum")
    if choices is not None and not any(type(value) is type(choice) and value == choice for choice in choices):
        return f"expected {' or '.join(map(json.dumps, choices))}, found {_shown(value)}"
    if isinstance(value, str):
        if "pattern" in rule and not re.fullmatch(rule["pattern"].removeprefix("^").removesuffix("$"), value):
            return f"expected text like {rule['pattern']}, found {_shown(value)}"
        if len(value) > rule.get("maxLength", len(value)):
            return f"expected at most {rule['maxLength']} characters, found {len(value)}"
    if isinstance(value, int) and value < rule.get("minimum", value):
        return f"expected at least {rule['minimum']}, found {value}"
    return None


def _is(value: Any, wanted: str | list[str]) -> bool:
    return any(type(value) is _TYPES[name] for name in _names(wanted))


def _names(wanted: str | list[str]) -> list[str]:
    return [wanted] if isinstance(wanted, str) else wanted


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
