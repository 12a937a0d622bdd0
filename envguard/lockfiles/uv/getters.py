"""Typed access to parsed TOML from somebody else: each error names the file and the key path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import LockfileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HINT = "uv lock"


class Table:
    """A TOML table together with where it is."""

    __slots__ = ("keys", "path", "value")

    def __init__(self, path: str, keys: tuple[str | int, ...], value: object) -> None:
        self.path = path
        self.keys = keys
        if not isinstance(value, dict):
            raise LockfileError(f"expected a table, found {kind(value)}", path=path, keys=keys, hint=_HINT)
        self.value: Mapping[str, Any] = value

    def get(self, key: str, expected: type) -> Any:
        """Return the value of *key*, None where it is missing; LockfileError where it is no *expected*."""
        value = self.value.get(key)
        if value is not None and (not isinstance(value, expected) or (expected is int and isinstance(value, bool))):
            raise self.error(key, f"expected {_NAMES[expected]}, found {kind(value)}")
        return value

    def text(self, key: str) -> str | None:
        """Return the string *key*, None where it is missing."""
        return self.get(key, str)  # type: ignore[no-any-return]

    def required(self, key: str) -> str:
        """Return the string *key*; LockfileError where it is missing."""
        value = self.text(key)
        if value is None:
            raise LockfileError(f"the key '{key}' is missing", path=self.path, keys=self.keys, hint=_HINT)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the list of strings *key*, empty where it is missing."""
        values = self.get(key, list) or []
        for index, value in enumerate(values):
            if not isinstance(value, str):
                raise self.error(key, f"expected a string, found {kind(value)}", index)
        return tuple(values)

    def table(self, key: str) -> Table:
        """Return the table *key*, an empty one where it is missing."""
        return Table(self.path, (*self.keys, key), self.value.get(key, {}))

    def tables(self, key: str) -> Iterator[Table]:
        """Yield the tables of the list *key*, none where it is missing."""
        for index, value in enumerate(self.get(key, list) or []):
            yield Table(self.path, (*self.keys, key, index), value)

    def error(self, key: str, message: str, *more: int) -> LockfileError:
        """Return an error at *key*."""
        return LockfileError(message, path=self.path, keys=(*self.keys, key, *more), hint=_HINT)


_NAMES = {str: "a string", int: "a number", bool: "true or false", list: "a list", dict: "a table"}


def kind(value: object) -> str:
    """Return what *value* is, in words."""
    return {**_NAMES, float: "a number"}.get(type(value), "a date or time")
