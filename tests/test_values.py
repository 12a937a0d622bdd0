"""Values are what ``dataclasses`` would have made of the same class, for whoever makes, compares, copies or asks about them."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle  # noqa: TID251 - a caller may
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from envguard import values
from envguard.lockfiles.model import Edge
from envguard.model import Report, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@values.dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """A value."""

    name: str
    size: int | None = None
    parts: tuple[str, ...] = ()
    table: dict[str, int] = values.field(default_factory=dict)
    level: int = values.field(default=3)

    @property
    def double(self) -> int:
        return 2 * (self.size or 0)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """A value."""

    name: str
    size: int | None = None
    parts: tuple[str, ...] = ()
    table: dict[str, int] = dataclasses.field(default_factory=dict)
    level: int = dataclasses.field(default=3)

    @property
    def double(self) -> int:
        return 2 * (self.size or 0)


@values.dataclass(frozen=True, slots=True, kw_only=True)
class One:
    text: str


GIVEN = [{"name": "a"}, {"name": "b", "size": 4, "parts": ("x",), "table": {"y": 1}, "level": 0}]


@pytest.fixture(autouse=True, params=["few", "many"])
def _made_before(request: pytest.FixtureRequest) -> Iterator[None]:
    """Have each test twice: of classes of which few values were made, and of ones of which many were."""
    classes: tuple[Any, ...] = (Ours, One, Edge)
    made = [(cls, cls.__init__) for cls in classes]
    for cls, general in made:
        if request.param == "many":
            cls.__init__ = values._compiled(cls, cls.__defaults__)
            assert cls.__init__ is not general
    yield
    for cls, general in made:
        cls.__init__ = general


def test_a_class_of_which_many_values_are_made_gets_a_constructor_of_its_own() -> None:
    @values.dataclass(frozen=True, slots=True, kw_only=True)
    class Frequent:
        name: str
        table: dict[str, int] = values.field(default_factory=dict)

    first = Frequent.__init__
    made = [Frequent(name=str(number)) for number in range(150)]
    assert Frequent.__init__ is not first
    assert [value.name for value in made] == [str(number) for number in range(150)]
    assert len({id(value.table) for value in made}) == 150
    assert made[7] == Frequent(name="7")


@pytest.mark.parametrize("given", GIVEN)
def test_a_value_is_made_told_and_compared_as_a_dataclass_is(given: dict[str, object]) -> None:
    ours, theirs = Ours(**given), Theirs(**given)  # type: ignore[arg-type]
    assert repr(ours) == repr(theirs).replace("Theirs", "Ours")
    assert [getattr(ours, name) for name in Ours.__slots__] == [getattr(theirs, name) for name in Theirs.__slots__]
    assert ours.double == theirs.double
    assert ours == Ours(**given)  # type: ignore[arg-type]
    assert ours != Ours(name="c")
    assert ours != theirs  # type: ignore[comparison-overlap]
    assert not hasattr(ours, "__dict__")
    assert Ours.__slots__ == Theirs.__slots__
    assert Ours.__match_args__ == Theirs.__match_args__ == ()
    assert (Ours.__doc__, Ours.__module__, Ours.__qualname__) == ("A value.", __name__, "Ours")


def test_equal_values_have_one_hash_and_what_cannot_be_hashed_says_so() -> None:
    assert hash(Edge(name="a", extras=("x",))) == hash(Edge(name="a", extras=("x",)))
    assert {One(text="a"), One(text="a")} == {One(text="a")}
    assert One(text="a") != ("a",)  # type: ignore[comparison-overlap]
    with pytest.raises(TypeError, match="unhashable"):
        hash(Ours(name="a"))


def test_every_value_gets_a_default_of_its_own() -> None:
    assert Ours(name="a").table is not Ours(name="a").table
    with pytest.raises(AttributeError):
        _ = Ours.missing  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, r"Ours.__init__\(\) missing (1 )?required keyword-only arguments?: 'name'"),
        ({"size": 3}, r"Ours.__init__\(\) missing (1 )?required keyword-only arguments?: 'name'"),
        ({"name": "a", "other": 1}, r"Ours.__init__\(\) got an unexpected keyword argument 'other'"),
    ],
)
def test_wrong_arguments_are_refused_by_their_names(given: dict[str, object], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        Ours(**given)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="positional"):
        Ours("a")  # type: ignore[call-arg]


def test_a_value_cannot_be_changed() -> None:
    ours = Ours(name="a")
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'name'"):
        ours.name = "b"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'name'"):
        del ours.name
    with pytest.raises(dataclasses.FrozenInstanceError):
        ours.more = 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("replace", [values.replace, dataclasses.replace])
def test_a_value_with_other_fields_is_another_value(replace: Callable[..., Any]) -> None:
    ours = Ours(name="a", size=1)
    assert replace(ours, size=2) == Ours(name="a", size=2)
    assert ours.size == 1
    assert replace(Theirs(name="a"), name="b") == Theirs(name="b")
    with pytest.raises(TypeError, match="other"):
        replace(ours, other=2)


def test_values_are_copied_and_pickled() -> None:
    ours = Ours(name="a", table={"x": 1})
    assert copy.copy(ours) == copy.deepcopy(ours) == pickle.loads(pickle.dumps(ours)) == ours
    assert copy.deepcopy(ours).table is not ours.table
    assert pickle.loads(pickle.dumps(One(text="a"), protocol=2)) == One(text="a")


def test_who_asks_what_a_value_is_made_of_is_told_as_of_a_dataclass() -> None:
    def told(of: type) -> list[tuple[object, ...]]:
        fields = dataclasses.fields(of)
        return [(f.name, f.type, f.default, f.default_factory, f.kw_only, f.init, f.compare) for f in fields]

    assert dataclasses.is_dataclass(Ours)
    assert told(Ours) == told(Theirs)
    assert inspect.signature(Ours) == inspect.signature(Theirs)
    assert dataclasses.asdict(Ours(name="a")) == dataclasses.asdict(Theirs(name="a"))
    assert Ours.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert [field.name for field in dataclasses.fields(Report)] == list(Report.__slots__)


def test_a_class_keeps_what_it_says_itself() -> None:
    assert Unknown(reason="a") != Unknown(reason="a")
    assert hash(Unknown(reason="a")) == hash("a")


@pytest.mark.parametrize("flags", [{"frozen": False}, {"slots": False}, {"kw_only": False}])
def test_there_are_no_other_values(flags: dict[str, bool]) -> None:
    with pytest.raises(TypeError, match="frozen, slotted and keyword-only"):
        values.dataclass(**{"frozen": True, "slots": True, "kw_only": True, **flags})

    with pytest.raises(TypeError, match="no bases"):

        @values.dataclass(frozen=True, slots=True, kw_only=True)
        class Below(Ours):
            more: int = 0


def test_making_values_imports_nothing_that_makes_code() -> None:
    code = (
        "import sys; before = set(sys.modules)\n"
        "from envguard.lockfiles.model import Edge; from envguard.model import Report\n"
        "from envguard.values import replace\n"
        "assert replace(Edge(name='a'), name='b') == Edge(name='b')\n"
        "print(sorted({'dataclasses', 'inspect'} & (set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
