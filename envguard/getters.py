"""Typed access to parsed TOML, JSON or YAML from somebody else: each error names the file and the key path."""

from __future__ import annotations

from . import json_text, toml
from .errors import LockfileError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, Self

    from .errors import EnvguardError

_TEXT = frozenset((str,))


class Table:
    """A TOML table together with where it is; a subclass says what is raised where it is not as it should be.

    *kinds* are the words of its format for the types that a value may have.
    """

    __slots__ = ("keys", "path", "value")
    raises: type[EnvguardError] = LockfileError
    hint: str | None = None
    kinds: Mapping[type, str] = toml.KINDS

    def __init__(self, path: str, keys: tuple[str | int, ...], value: object) -> None:
        self.path = path
        self.keys = keys
        if not isinstance(value, dict):
            message = f"expected {self.kinds[dict]}, found {self.kind(value)}"
            raise self.raises(message, path=path, keys=keys, hint=self.hint)
        self.value: Mapping[str, Any] = value

    def get(self, key: str, expected: type) -> Any:
        """Return the value of *key*, None where it is missing; LockfileError where it is no *expected*."""
        value = self.value.get(key)
        if value is not None and (not isinstance(value, expected) or (expected is int and isinstance(value, bool))):
            raise self.error(key, f"expected {self.kinds[expected]}, found {self.kind(value)}")
        return value

    def text(self, key: str) -> str | None:
        """Return the string *key*, None where it is missing."""
        value = self.value.get(key)
        # What nearly every one is needs no second look.
        return value if type(value) is str else self.get(key, str)

    def needed(self, key: str, expected: type) -> Any:
        """Return the value of *key*; LockfileError where it is missing or no *expected*."""
        value = self.get(key, expected)
        if value is None and key in self.value:
            raise self.error(key, f"expected {self.kinds[expected]}, found {self.kind(value)}")
        if value is None:
            raise self.raises(f"the key '{key}' is missing", path=self.path, keys=self.keys, hint=self.hint)
        return value

    def required(self, key: str) -> str:
        """Return the string *key*; LockfileError where it is missing."""
        value = self.value.get(key)
        return value if type(value) is str else self.needed(key, str)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the list of strings *key*, empty where it is missing."""
        values = self.get(key, list) or []
        if not _TEXT.issuperset(map(type, values)):
            for index, value in enumerate(values):
                if not isinstance(value, str):
                    raise self.error(key, f"expected a string, found {self.kind(value)}", index)
        return tuple(values)

    def table(self, key: str) -> Self:
        """Return the table *key*, an empty one where it is missing."""
        return type(self)(self.path, (*self.keys, key), self.value.get(key, {}))

    def tables(self, key: str) -> Iterator[Self]:
        """Yield the tables of the list *key*, none where it is missing."""
        for index, value in enumerate(self.get(key, list) or []):
            yield type(self)(self.path, (*self.keys, key, index), value)

    def kind(self, value: object) -> str:
        """Return what *value* is, in the words of the format."""
        return self.kinds.get(type(value), "a date or time")

    def error(self, key: str, message: str, *more: int) -> EnvguardError:
        """Return an error at *key*."""
        return self.raises(message, path=self.path, keys=(*self.keys, key, *more), hint=self.hint)


class Object(Table):
    """A JSON object together with where it is."""

    __slots__ = ()
    kinds = json_text.KINDS
