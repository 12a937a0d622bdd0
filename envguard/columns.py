"""Many frozen values of one kind as columns of plain JSON values, and back.

A column is read and written by C code of the interpreter, a value at a time is not: of thousands of values that is a fifth of
the time. One that holds the same everywhere (most do: few entries of a lock have a part of every kind) is written once. What has no faithful form in JSON is refused when it is packed, never changed on the way.
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


def pack(of: type, values: Sequence[object], shapes: Shapes) -> list[Any]:
    """Return *values*, slotted dataclasses of exactly the type *of*, as plain JSON values.

    *shapes* tell of each type what its fields hold that are no plain scalars. TypeError where a value is of another kind than
    that, so that what comes back could not be the same.
    """
    _only(values, {of})
    fields = shapes.get(of, {})
    columns = [list(map(attrgetter(name), values)) for name in _names(of)]
    named = zip(_names(of), columns, strict=True)
    return [len(values), *(_written(column, fields.get(name), shapes) for name, column in named)]


def unpack(of: type[T], packed: list[Any], shapes: Shapes) -> list[T]:
    """Return the values that ``pack`` made *packed* from. ValueError, TypeError or another of the kind where it is none."""
    length, *columns = packed
    fields = shapes.get(of, {})
    named = zip(_names(of), columns, strict=True)
    return made(of, length, {name: _read(length, column, fields.get(name), shapes) for name, column in named})


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
    if odd := set(map(type, values)) - types:
        raise TypeError(f"cannot be packed: {', '.join(sorted(each.__name__ for each in odd))}")


def _written(column: list[Any], shape: Shape | None, shapes: Shapes) -> Any:
    """Return *column* packed: its one value in a mapping, where there is no other in it and none inside of it."""
    if len(column) > 1 and not any(column) and set(map(type, column)) == {dict}:
        return {"empty": len(column)}
    if len(column) > 1 and _is_bare(column[0]) and all(map(is_, column, repeat(column[0]))):
        return {"all": _packed(column[:1], shape, shapes)}
    return _packed(column, shape, shapes)


def _is_bare(value: object) -> bool:
    """Return whether *value* is one that several places may share: nothing, a scalar, an empty tuple."""
    return type(value) in _SCALARS or value == ()


def _read(count: int, column: Any, shape: Shape | None, shapes: Shapes) -> Sequence[Any]:
    if type(column) is not dict:
        return list(_unpacked(column, shape, shapes))
    if "empty" in column:
        return [{} for _ in range(count)]
    (value,) = _unpacked(column["all"], shape, shapes)
    if not _is_bare(value):
        raise ValueError("what was written once is no bare value")
    return [value] * count


def _packed(column: list[Any], shape: Shape | None, shapes: Shapes) -> Any:
    if shape is None:
        _only(column, _SCALARS)
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
            return [list(map(numbers.__getitem__, identities)), pack(of, list(several.values()), shapes)]
        places: dict[object, int] = {None: -1}
        numbers = {identity: places.setdefault(value, len(places) - 1) for identity, value in several.items()}
        return [list(map(numbers.__getitem__, identities)), pack(of, list(places)[1:], shapes)]
    if kind == "many":
        _only(column, {tuple})
        inside = list(chain.from_iterable(column))
        packed = pack(of, inside, shapes) if isinstance(of, type) else _packed(inside, of, shapes)
        return [list(map(len, column)), packed]
    _only(column, {dict})
    names = [list(tables) for tables in column]
    _only(chain.from_iterable(names), {str})
    return [names, _packed([tables[name] for tables in column for name in tables], many(of), shapes)]


def _unpacked(column: Any, shape: Shape | None, shapes: Shapes) -> Iterable[Any]:
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
        values = [*unpack(of, packed, shapes), None]
        return list(map(values.__getitem__, indexes))
    if kind == "many":
        return _shared_out(column, of, shapes)
    names, packed = column
    inside = _shared_out(packed, of, shapes)
    return [dict(zip(keys, islice(inside, len(keys)), strict=True)) for keys in names]


def _shared_out(column: Any, of: type | Shape, shapes: Shapes) -> Iterator[tuple[Any, ...]]:
    counts, packed = column
    values = iter(unpack(of, packed, shapes) if isinstance(of, type) else _unpacked(packed, of, shapes))
    return (tuple(islice(values, count)) for count in counts)


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
