"""JSON in, with errors that name the place, and nothing in it that could be read in two ways."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .errors import EnvguardError

    _Object = dict[str, Any]
else:
    _Object = dict

KINDS = {
    bool: "true or false",
    str: "a string",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
    type(None): "null",
}


def text_of(value: Any) -> str:
    """Return text as it is, and any other value of JSON as JSON."""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


class _Ambiguous(_Object):
    """An object in which *key* stood more than once, of which the last one is left."""

    key = ""


class _NoNumber(float):
    """A number that JSON does not have (RFC 8259, section 6), by the name with which Python writes it."""

    name = ""


def parse_json(text: str, path: str, error: type[EnvguardError], *, hint: str | None = None) -> Any:
    """Return the value of the JSON *text*, which was read from *path*.

    *error* is raised, with the line or the key path, where the text is no JSON, where an object has a key twice (RFC 8259
    leaves open which of the two counts), where a number is none, and where the values are nested too deeply.
    """
    odd: list[object] = []

    def keep(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        ambiguous = _Ambiguous(found)
        left = dict(found)  # a name that is met again is no longer in it
        ambiguous.key = next(name for name, _ in pairs if left.pop(name, left) is left)
        odd.append(ambiguous)
        return ambiguous

    def refuse(name: str) -> float:
        none = _NoNumber(name)
        none.name = name
        odd.append(none)
        return none

    try:
        document = json.loads(text, object_pairs_hook=keep, parse_constant=refuse)
    except json.JSONDecodeError as problem:
        message = f"is not valid JSON: {problem.msg.lower()}"
        raise error(message, path=path, line=problem.lineno, hint=hint) from None
    except RecursionError:
        raise error("is not valid JSON: nested too deeply", path=path, hint=hint) from None
    except ValueError:
        # The only other thing that the parser raises: Python converts no integers of so many digits.
        raise error("is not valid JSON: a number has too many digits", path=path, hint=hint) from None
    if odd:
        keys, message = next(_oddities(document))
        raise error(message, path=path, keys=keys, hint=hint)
    return document


def _oddities(document: object) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for keys, value in walk(document):
        if isinstance(value, _Ambiguous):
            yield (*keys, value.key), "the key is there twice, and nobody can tell which one counts"
        elif isinstance(value, _NoNumber):
            yield keys, f"expected a value of JSON, found {value.name}"


def walk(document: object) -> Iterator[tuple[tuple[str | int, ...], object]]:
    """Yield every value of *document*, itself first, with the route to it; as deep as it may be."""
    todo: list[tuple[tuple[str | int, ...], object]] = [((), document)]
    while todo:
        keys, value = todo.pop()
        yield keys, value
        inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        todo += reversed([((*keys, key), item) for key, item in inner])
