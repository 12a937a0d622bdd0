"""Frozen values: classes as ``dataclasses.dataclass`` makes them, made in a tenth of the time.

That module writes the text of six methods for each class and compiles it, which for the classes of a hook took longer than
parsing its lock. Here the methods are the same functions for every class; one of which a lock has hundreds of values gets a
constructor that is compiled for it once it is seen to be one. What asks ``dataclasses`` or ``inspect`` about such
a class gets their own answer, made when it is asked for; type checkers see ``dataclasses`` itself.
"""

from __future__ import annotations

from operator import attrgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any, TypeVar

    T = TypeVar("T")

__all__ = ["dataclass", "field", "replace"]

_NONE: Any = object()
_REBUILT = ("__dict__", "__weakref__")
# Most classes of a process have fewer values.
_UNCOMPILED = 100


class _Default:
    """What a field has where nobody says: *default*, or what *factory* makes."""

    __slots__ = ("default", "factory")

    def __init__(self, default: Any, factory: Any) -> None:
        self.default = default
        self.factory = factory


class _Told:
    """An attribute of a class that ``dataclasses`` or ``inspect`` asks for, as they would have made it."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, value: object, owner: type) -> Any:
        import dataclasses
        import inspect

        cls = next(cls for cls in owner.__mro__ if cls.__dict__.get(self.name) is self)
        written: dict[str, Any] = {"__annotations__": cls.__annotations__, "__module__": cls.__module__}
        for name, (default, factory) in cls.__dict__["__defaults__"].items():
            if factory is not _NONE:
                written[name] = dataclasses.field(default_factory=factory)
            elif default is not _NONE:
                written[name] = dataclasses.field(default=default)
        made: type = dataclasses.dataclass(frozen=True, kw_only=True)(type(cls.__name__, (), written))
        for name in ("__dataclass_fields__", "__dataclass_params__"):
            setattr(cls, name, getattr(made, name))
        cls.__signature__ = inspect.signature(made)  # type: ignore[attr-defined]
        return getattr(cls, self.name)


def _field(*, default: Any = _NONE, default_factory: Any = _NONE) -> Any:
    return _Default(default, default_factory)


def _dataclass(*, frozen: bool, slots: bool, kw_only: bool) -> Callable[[type[T]], type[T]]:
    """Return the decorator of a class of values, which has no other bases and no other flags."""
    if not (frozen and slots and kw_only):
        raise TypeError("values are frozen, slotted and keyword-only")
    return _made


def _made(cls: type[T]) -> type[T]:
    if cls.__bases__ != (object,):
        raise TypeError("values have no bases")
    names = tuple(cls.__annotations__)
    written = cls.__dict__
    defaults: dict[str, tuple[Any, Any]] = {}
    for name in names:
        default = written.get(name, _NONE)
        defaults[name] = (default.default, default.factory) if type(default) is _Default else (default, _NONE)
    namespace = {name: value for name, value in written.items() if name not in defaults and name not in _REBUILT}
    values = _getter(names)
    # A class that says what is equal, or how it is told, keeps that.
    if "__eq__" not in written:
        namespace["__eq__"] = _equality(values)
    if written.get("__hash__") is None:
        namespace["__hash__"] = _hash(values)
    namespace.setdefault("__repr__", _repr)
    made: Any = type(
        cls.__name__,
        (object,),
        {
            **namespace,
            "__slots__": names,
            "__qualname__": cls.__qualname__,
            "__defaults__": defaults,
            "__match_args__": (),
            "__setattr__": _refuse_to_set,
            "__delattr__": _refuse_to_delete,
            "__getstate__": _state,
            "__setstate__": _restore,
            "__replace__": _replace,
            "__dataclass_fields__": _FIELDS,
            "__dataclass_params__": _PARAMS,
            "__signature__": _SIGNATURE,
        },
    )
    made.__places__ = {name: getattr(made, name).__set__ for name in names}
    made.__got__ = staticmethod(values)
    made.__init__ = _initializer(made, defaults)
    return made  # type: ignore[no-any-return]


def _initializer(cls: Any, defaults: Mapping[str, tuple[Any, Any]]) -> Callable[..., None]:
    needed = frozenset(name for name, (default, factory) in defaults.items() if default is factory is _NONE)
    factories = [(name, factory) for name, (_, factory) in defaults.items() if factory is not _NONE]
    usual = {name: default for name, (default, _) in defaults.items()}
    count, places, left = len(usual), tuple(cls.__places__.values()), _UNCOMPILED

    def __init__(self: object, /, **given: Any) -> None:  # noqa: N807
        nonlocal left
        values = usual | given
        if len(values) != count or not given.keys() >= needed:
            raise _wrong(cls, given, usual, needed)
        for name, factory in factories:
            if name not in given:
                values[name] = factory()
        for put, value in zip(places, values.values()):  # noqa: B905 - one for each, as was seen above
            put(self, value)
        left -= 1
        if left == 0:
            cls.__init__ = _compiled(cls, defaults)

    return __init__


def _compiled(cls: Any, defaults: Mapping[str, tuple[Any, Any]]) -> Any:
    """Return a constructor of *cls* alone, which takes half the time of the one for all, and as long as 200 values to be made."""
    names: dict[str, Any] = {"_none": _NONE}
    taken, lines = [], []
    for number, (name, (default, factory)) in enumerate(defaults.items()):
        names[f"_put{number}"] = cls.__places__[name]
        value = name
        if factory is not _NONE:
            names[f"_make{number}"] = factory
            taken.append(f"{name}=_none")
            value = f"_make{number}() if {name} is _none else {name}"
        elif default is not _NONE:
            names[f"_usual{number}"] = default
            taken.append(f"{name}=_usual{number}")
        else:
            taken.append(name)
        lines.append(f"    _put{number}(_self, {value})")
    text = f"def __init__(_self, /, *, {', '.join(taken)}):\n" + "\n".join(lines)
    exec(text, names)  # noqa: S102 - as dataclasses do: the names are those of the fields of a class
    made = names["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__module__ = cls.__module__
    return made


def _wrong(cls: type, given: Mapping[str, Any], known: Collection[str], needed: frozenset[str]) -> TypeError:
    if unknown := [name for name in given if name not in known]:
        return TypeError(f"{cls.__qualname__}.__init__() got an unexpected keyword argument '{unknown[0]}'")
    missing = ", ".join(f"'{name}'" for name in known if name in needed and name not in given)
    return TypeError(f"{cls.__qualname__}.__init__() missing required keyword-only arguments: {missing}")


def _getter(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """Return what gives the values of the fields *names* of an object."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


def _equality(values: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any, object], bool]:
    def __eq__(self: Any, other: object) -> bool:  # noqa: N807
        if other.__class__ is not self.__class__:
            return NotImplemented
        return values(self) == values(other)

    return __eq__


def _hash(values: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any], int]:
    def __hash__(self: Any) -> int:  # noqa: N807
        return hash(values(self))

    return __hash__


def _repr(self: Any) -> str:
    words = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
    return f"{type(self).__qualname__}({words})"


def _refuse_to_set(_self: object, name: str, _value: object) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_self: object, name: str) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__slots__]


def _restore(self: Any, state: list[Any]) -> None:
    for name, value in zip(self.__slots__, state, strict=True):
        object.__setattr__(self, name, value)


def _replace(self: T, /, **changes: Any) -> T:
    """Return *self*, a value of this module or a dataclass of another, with other values in the fields that *changes* names."""
    if "__defaults__" not in type(self).__dict__:
        import dataclasses

        return dataclasses.replace(self, **changes)  # type: ignore[type-var]
    cls: Any = type(self)
    places = cls.__places__
    if not changes.keys() <= places.keys():
        raise _wrong(cls, changes, places, frozenset())
    made: T = object.__new__(cls)
    for put, value in zip(places.values(), cls.__got__(self)):  # noqa: B905 - one for each field, in their order
        put(made, value)
    for name, value in changes.items():
        places[name](made, value)
    return made


_FIELDS, _PARAMS, _SIGNATURE = _Told("__dataclass_fields__"), _Told("__dataclass_params__"), _Told("__signature__")
if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace
else:
    dataclass, field, replace = _dataclass, _field, _replace
