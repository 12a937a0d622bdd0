"""Many frozen values of one kind as columns of plain JSON values, and back.

A column is read and written by C code of the interpreter, a value at a time is not: of thousands of values that is a fifth of
the time. One that holds the same everywhere (most do: few entries of a lock have a part of every kind) is written once, and the lines of a
long one of texts can be put apart, where they take a fifth of what strings of JSON take. What has no faithful form in JSON is
refused when it is packed, never changed on the way.
"""

from __future__ import annotations

from collections import deque
from itertools import chain, count, islice, repeat
from operator import attrgetter, is_

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any, TypeVar

    Shape = tuple[str, Any]
    Shapes = Mapping[type, Mapping[str, Shape]]

    T = TypeVar("T")


# What a field holds that is no plain scalar. The second part is the type of the values inside of it.
TEXTS: Shape = ("texts", None)  # a tuple of scalars, or None
PLAIN: Shape = ("plain", None)  # a mapping of plain JSON values, or None


def one(of: type) -> Shape:
    """Return the shape of a field that holds a value of the type *of*, or None."""
    return "one", of


def many(of: type | Shape) -> Shape:
    """Return the shape of a field that holds a tuple of values of the type or shape *of*."""
    return "many", of


def shared(of: type) -> Shape:
    """Return the shape of a field that holds a value of the type *of* that is often the very same object in several places."""
    return "shared", of


def table(of: type) -> Shape:
    """Return the shape of a field that maps names to tuples of values of the type *of*."""
    return "table", of


def word(of: type) -> Shape:
    """Return the shape of a field that holds a member of the string enumeration *of*."""
    return "word", of


_SCALARS = {str, int, bool, type(None)}
# Fewer texts are not worth a place of their own.
_LONG = 32


class Lines:
    """The long columns of texts of what is packed, a line for each."""

    __slots__ = ("_blocks", "_count")

    def __init__(self) -> None:
        self._blocks: list[str] = []
        self._count = 0

    def take(self, column: list[str]) -> Any:
        """Return what stands for *column*: itself where it is not long, or one of its texts has several lines."""
        count = len(column)
        if count < _LONG:
            return column
        block = "\n".join(column)
        if block.count("\n") != count - 1:
            return column
        self._blocks.append(block)
        self._count += count
        return {"lines": [self._count - count, count]}

    @property
    def text(self) -> str:
        """All of them as one text, of which ``unpack`` wants the lines, split at nothing but line feeds."""
        return "\n".join(self._blocks)


def pack(of: type, values: Sequence[object], shapes: Shapes, lines: Lines | None = None) -> list[Any]:
    """Return *values*, slotted dataclasses of exactly the type *of*, as plain JSON values.

    *shapes* tell of each type what its fields hold that are no plain scalars; long columns of texts go into *lines*, where there
    are any. TypeError where a value is of another kind than that, so that what comes back could not be the same.
    """
    return _Packing(shapes, lines).values(of, values)


def unpack(of: type[T], packed: list[Any], shapes: Shapes, lines: Sequence[str] = ()) -> list[T]:
    """Return the values that ``pack`` made *packed* and *lines* from. ValueError, TypeError or another of the kind where it is none."""
    return _Unpacking(shapes, lines).values(of, packed)


def made(of: type[T], count: int, columns: Mapping[str, Sequence[Any]]) -> list[T]:
    """Return *count* values, slotted dataclasses of the type *of*, whose fields are in *columns*, all of them.

    ValueError where a column has another number of values.
    """
    # A frozen value is filled by the descriptors of its slots, since its constructor would take five times as long.
    values = list(map(object.__new__, repeat(of, count)))
    for name in _names(of):
        column = columns[name]
        if len(column) != count:
            raise ValueError(f"{count} values, and {len(column)} of their {name}")
        deque(map(getattr(of, name).__set__, values, column), maxlen=0)
    return values


def _names(of: type) -> tuple[str, ...]:
    return of.__slots__  # type: ignore[attr-defined,no-any-return]


def _only(values: Iterable[object], types: set[type]) -> None:
    _refuse(set(map(type, values)) - types)


def _refuse(odd: set[type]) -> None:
    if odd:
        raise TypeError(f"cannot be packed: {', '.join(sorted(each.__name__ for each in odd))}")


class _Packing:
    """One call of ``pack``."""

    __slots__ = ("_lines", "_shapes")

    def __init__(self, shapes: Shapes, lines: Lines | None) -> None:
        self._shapes = shapes
        self._lines = lines

    def values(self, of: type, values: Sequence[object]) -> list[Any]:
        _only(values, {of})
        fields = self._shapes.get(of, {})
        columns = [list(map(attrgetter(name), values)) for name in _names(of)]
        named = zip(_names(of), columns, strict=True)
        return [len(values), *(self._written(column, fields.get(name)) for name, column in named)]

    def _written(self, column: list[Any], shape: Shape | None) -> Any:
        """Return *column* packed: its one value in a mapping, where there is no other in it and none inside of it."""
        if len(column) > 1 and not any(column) and set(map(type, column)) == {dict}:
            return {"empty": len(column)}
        if len(column) > 1 and _is_bare(column[0]) and all(map(is_, column, repeat(column[0]))):
            return {"all": self._packed(column[:1], shape)}
        return self._packed(column, shape)

    def _packed(self, column: list[Any], shape: Shape | None) -> Any:
        if shape is None:
            types = set(map(type, column))
            if types == {str} and self._lines is not None:
                return self._lines.take(column)
            _refuse(types - _SCALARS)
            return column
        kind, of = shape
        if kind == "texts":
            _only(column, {tuple, type(None)})
            _only(chain.from_iterable(filter(None, column)), _SCALARS)
            return column
        if kind == "plain":
            tables = [value for value in column if type(value) is dict]
            # Nearly all are of one level, which is looked at at once.
            inside = list(chain.from_iterable(map(dict.values, tables)))
            _only(chain.from_iterable(tables), {str})
            for value in chain(inside, filter(lambda value: type(value) is not dict, column)):
                if type(value) not in _SCALARS:
                    _plain(value)
            return column
        if kind == "word":
            _only(column, {of})
            return list(map(str, column))
        if kind in ("one", "shared"):
            identities = list(map(id, column))
            several = dict(zip(identities, column, strict=True))
            if kind == "shared":
                numbers = dict(zip(several, count(), strict=False))
                return [list(map(numbers.__getitem__, identities)), self.values(of, list(several.values()))]
            places: dict[object, int] = {None: -1}
            numbers = {identity: places.setdefault(value, len(places) - 1) for identity, value in several.items()}
            return [list(map(numbers.__getitem__, identities)), self.values(of, list(places)[1:])]
        if kind == "many":
            _only(column, {tuple})
            inside = list(chain.from_iterable(column))
            packed = self.values(of, inside) if isinstance(of, type) else self._packed(inside, of)
            return [list(map(len, column)), packed]
        _only(column, {dict})
        names = [list(tables) for tables in column]
        _only(chain.from_iterable(names), {str})
        return [names, self._packed([tables[name] for tables in column for name in tables], many(of))]


class _Unpacking:
    """One call of ``unpack``."""

    __slots__ = ("_lines", "_shapes")

    def __init__(self, shapes: Shapes, lines: Sequence[str]) -> None:
        self._shapes = shapes
        self._lines = lines

    def values(self, of: type[T], packed: list[Any]) -> list[T]:
        length, *columns = packed
        fields = self._shapes.get(of, {})
        named = zip(_names(of), columns, strict=True)
        return made(of, length, {name: self._read(length, column, fields.get(name)) for name, column in named})

    def _read(self, count: int, column: Any, shape: Shape | None) -> Sequence[Any]:
        if type(column) is not dict:
            return list(self._unpacked(column, shape))
        if "lines" in column:
            start, length = column["lines"]
            return self._lines[start : start + length]
        if "empty" in column:
            return [{} for _ in range(count)]
        (value,) = self._unpacked(column["all"], shape)
        if not _is_bare(value):
            raise ValueError("what was written once is no bare value")
        return [value] * count

    def _unpacked(self, column: Any, shape: Shape | None) -> Iterable[Any]:
        if shape is None or shape[0] == "plain":
            return column  # type: ignore[no-any-return]
        kind, of = shape
        if kind == "texts":
            return [None if value is None else tuple(value) for value in column]
        if kind == "word":
            words = {str(member): member for member in of}
            return [words[value] for value in column]
        if kind in ("one", "shared"):
            indexes, packed = column
            values = [*self.values(of, packed), None]
            return list(map(values.__getitem__, indexes))
        if kind == "many":
            return self._shared_out(column, of)
        names, packed = column
        inside = self._shared_out(packed, of)
        return [dict(zip(keys, islice(inside, len(keys)), strict=True)) for keys in names]

    def _shared_out(self, column: Any, of: type | Shape) -> Iterator[tuple[Any, ...]]:
        counts, packed = column
        values = iter(self.values(of, packed) if isinstance(of, type) else self._unpacked(packed, of))
        return (tuple(islice(values, count)) for count in counts)


def _is_bare(value: object) -> bool:
    """Return whether *value* is one that several places may share: nothing, a scalar, an empty tuple."""
    return type(value) in _SCALARS or value == ()


def _plain(value: Any) -> None:
    """Raise TypeError where *value* would come back from JSON as something else."""
    if type(value) is dict:
        _only(value, {str})
        for each in value.values():
            _plain(each)
    elif type(value) is list:
        for each in value:
            _plain(each)
    else:
        _only((value,), {*_SCALARS, float})
