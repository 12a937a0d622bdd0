"""Values come back from their columns as they were, or are refused."""

from __future__ import annotations

import datetime
import enum
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.columns import PLAIN, TEXTS, Lines, many, one, pack, shared, table, unpack, word


class Color(enum.StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    color: Color
    size: int | None = None
    name: str = ""
    good: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    first: Leaf | None
    leaves: tuple[Leaf, ...] = ()
    by_name: dict[str, tuple[Leaf, ...]] = field(default_factory=dict)
    sets: tuple[tuple[Leaf, ...], ...] = ()
    words: tuple[str | int, ...] | None = None
    rest: Any = None


SHAPES = {
    Leaf: {"color": word(Color)},
    Tree: {
        "first": one(Leaf),
        "leaves": many(shared(Leaf)),
        "by_name": table(Leaf),
        "sets": many(many(Leaf)),
        "words": TEXTS,
        "rest": PLAIN,
    },
}
TEXT = st.text(st.characters(exclude_categories=()), max_size=5)
LEAVES = st.builds(Leaf, color=st.sampled_from(Color), size=st.none() | st.integers(), name=TEXT, good=st.booleans())
ROWS = st.lists(LEAVES, max_size=3).map(tuple)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
TREES = st.builds(
    Tree,
    first=st.none() | LEAVES,
    leaves=ROWS,
    by_name=st.dictionaries(TEXT, ROWS, max_size=3),
    sets=st.lists(ROWS, max_size=2).map(tuple),
    words=st.none() | st.lists(TEXT | st.integers(), max_size=3).map(tuple),
    rest=st.none() | st.dictionaries(TEXT, VALUES, max_size=3),
)


def through_json(value: Any) -> Any:
    return json.loads(json.dumps(value, allow_nan=False))


def same(one: Any, other: Any) -> bool:
    """Return whether two values are equal and of equal types, all the way down: 1 and True and 1.0 are three values."""
    return one == other and repr(one) == repr(other)


class Other(str):
    __slots__ = ()


@given(st.lists(TREES, max_size=4))
def test_any_values_come_back_as_they_were(trees: list[Tree]) -> None:
    found = unpack(Tree, through_json(pack(Tree, trees, SHAPES)), SHAPES)
    assert same(found, trees)
    assert list(map(hash, [leaf for tree in found for leaf in tree.leaves])) == [
        hash(leaf) for tree in trees for leaf in tree.leaves
    ]


@given(st.lists(TREES, max_size=4), st.integers(min_value=0, max_value=40))
def test_any_values_come_back_with_their_long_columns_apart(trees: list[Tree], times: int) -> None:
    lines = Lines()
    packed = pack(Tree, trees * times, SHAPES, lines)
    found = unpack(Tree, through_json(packed), SHAPES, lines.text.split("\n"))
    assert same(found, trees * times)


def test_a_long_column_of_texts_is_put_apart() -> None:
    leaves = [Leaf(color=Color.RED, name=f"leaf {number}\r\u2028") for number in range(50)]
    lines = Lines()
    packed = pack(Leaf, leaves, SHAPES, lines)
    assert lines.text.count("leaf") == 50
    assert "leaf" not in json.dumps(packed)
    assert same(unpack(Leaf, through_json(packed), SHAPES, lines.text.split("\n")), leaves)
    # What is lost, or is there once more, is told by the number of values.
    for damaged in ([], lines.text.split("\n")[:-1]):
        with pytest.raises(ValueError, match="50 values, and"):
            unpack(Leaf, packed, SHAPES, damaged)


@pytest.mark.parametrize("odd", ["two\nlines", None, 3, Other("other")])
def test_a_column_with_an_odd_text_is_put_into_no_lines(odd: Any) -> None:
    leaves = [Leaf(color=Color.RED, name=f"leaf {number}") for number in range(50)]
    leaves[20] = Leaf(color=Color.RED, name=odd)
    lines = Lines()
    if isinstance(odd, Other):
        with pytest.raises(TypeError, match="cannot be packed: Other"):
            pack(Leaf, leaves, SHAPES, lines)
        return
    packed = pack(Leaf, leaves, SHAPES, lines)
    assert lines.text == ""
    assert same(unpack(Leaf, through_json(packed), SHAPES), leaves)


def test_what_comes_back_is_as_frozen_as_it_was() -> None:
    (leaf,) = unpack(Leaf, pack(Leaf, [Leaf(color=Color.RED)], SHAPES), SHAPES)
    assert leaf.color is Color.RED
    with pytest.raises(AttributeError):
        leaf.size = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    "tree",
    [
        Tree(first=None, rest={"when": datetime.date(2026, 1, 1)}),
        Tree(first=None, rest={1: "one"}),
        Tree(first=None, rest={"a": {"b": {2: "two"}}}),
        Tree(first=None, rest={"a": {"b": [datetime.date(2026, 1, 1)]}}),
        Tree(first=None, rest=(1, 2)),
        Tree(first=None, rest={"a": Other("x")}),
        Tree(first=None, rest={"a": (1, 2)}),
        Tree(first=None, rest={"a": [Color.RED]}),
        Tree(first=None, words=["a list"]),  # type: ignore[arg-type]
        Tree(first=None, words=(1.5,)),  # type: ignore[arg-type]
        Tree(first=None, leaves=[Leaf(color=Color.RED)]),  # type: ignore[arg-type]
        Tree(first=None, leaves=("leaf",)),  # type: ignore[arg-type]
        Tree(first=Leaf(color="red")),  # type: ignore[arg-type]
        Tree(first=Leaf(color=Color.RED, name=Other("x"))),
        Tree(first=Leaf(color=Color.RED, name=b"x")),  # type: ignore[arg-type]
        Tree(first=None, by_name={1: ()}),  # type: ignore[dict-item]
    ],
    ids=repr,
)
def test_what_json_would_change_is_refused(tree: Tree) -> None:
    with pytest.raises(TypeError, match="cannot be packed"):
        pack(Tree, [tree], SHAPES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    leaf: Leaf


def test_a_field_that_nobody_described_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot be packed: Leaf"):
        pack(Grown, [Grown(leaf=Leaf(color=Color.RED))], SHAPES)


@pytest.mark.parametrize(
    "packed",
    [
        [],
        [1],
        [2, ["red"], [None], [""], [True]],
        [1, ["red"], [None], [""]],
        [1, ["green"], [None], [""], [True]],
        [1, 2, 3, 4, 5],
    ],
    ids=repr,
)
def test_what_is_no_packed_value_is_an_error(packed: list[Any]) -> None:
    with pytest.raises((ValueError, TypeError, KeyError, IndexError)):
        unpack(Leaf, packed, SHAPES)


def test_what_is_the_same_everywhere_is_written_once_and_shared_by_no_two_values() -> None:
    values = [Tree(first=None, leaves=(), words=("a",)) for _ in range(50)]
    packed = pack(Tree, values, SHAPES)
    assert len(json.dumps(packed)) < 600
    found = unpack(Tree, through_json(packed), SHAPES)
    assert same(found, values)
    assert len({id(value.by_name) for value in found}) == 50
    # 1 and True are equal, and two values.
    for mixed in ([1, True, 1], [None, "", None], ["a", "a", "b"]):
        values = [Tree(first=None, rest=None, words=None, leaves=(Leaf(color=Color.RED, size=size),)) for size in mixed]  # type: ignore[arg-type]
        assert same(unpack(Tree, through_json(pack(Tree, values, SHAPES)), SHAPES), values)


@pytest.mark.parametrize("damage", [{}, {"all": []}, {"all": [1, 2]}, {"all": [[1]]}, {"some": [1]}])
def test_a_column_that_was_written_once_and_is_damaged_is_refused(damage: dict[str, Any]) -> None:
    count, color, _, *rest = pack(Leaf, [Leaf(color=Color.RED), Leaf(color=Color.RED)], SHAPES)
    with pytest.raises((ValueError, TypeError, KeyError)):
        unpack(Leaf, [count, color, damage, *rest], SHAPES)


def test_what_is_one_object_is_written_once_and_is_one_again() -> None:
    leaf, alike = Leaf(color=Color.RED), Leaf(color=Color.RED)
    values = [Tree(first=leaf, leaves=(leaf, alike, leaf)) for _ in range(50)]
    packed = pack(Tree, values, SHAPES)
    assert len(json.dumps(packed)) < 1500
    found = unpack(Tree, through_json(packed), SHAPES)
    assert same(found, values)
    assert len({id(each) for value in found for each in value.leaves}) == 2
    assert len({id(value.first) for value in found}) == 1
