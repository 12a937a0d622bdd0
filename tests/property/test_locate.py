"""Every value of a random TOML, JSON or YAML document is found, whatever the style it is written in.

Each scalar is a token that occurs once in the text, so the text itself says where it is; that the document means what
the test thinks is checked with a real parser.
"""

from __future__ import annotations

import itertools
import json
import tomllib
from typing import TYPE_CHECKING, Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from envguard.report.locate import Document
from envguard.report.locate_yaml import YamlDocument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Draw = Callable[[st.SearchStrategy[Any]], Any]

KEYS = st.sampled_from(
    [
        "a",
        "b",
        "name",
        "package",
        "tool",
        "1",
        "x-y",
        "a.b",
        "é",
        "",
        'q"q',
        "it's",
        "[a]",
        "k = [",
        "# no",
        "tab\t",
        "\\",
    ]
)
TREES: st.SearchStrategy[Any] = st.recursive(
    st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=25,
)
NOISE = ["", "# [package]\n", '# "unclosed [ {\n', "# '''\n", "\n", "   \n"]


class Writer:
    """Writes a tree as TOML, each choice of style drawn; leaves become tokens."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.numbers = itertools.count(1000)
        self.text = ""

    def choose(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def key(self, key: str) -> str:
        bare = key != "" and all(c.isascii() and (c.isalnum() or c in "-_") for c in key)
        styles = [json.dumps(key), json.dumps(key, ensure_ascii=False)]
        if "'" not in key and "\t" not in key:
            styles.append(f"'{key}'")
        return str(self.choose(*styles, *([key, key, key] if bare else [])))

    def path(self, keys: list[str]) -> str:
        separator: str = self.choose(".", " . ")
        return separator.join(self.key(key) for key in keys)

    def leaf(self) -> tuple[Any, str]:
        token = f"t{next(self.numbers)}t"
        styles = [
            (int(token[1:-1]), token[1:-1]),
            (token, f'"{token}"'),
            (token, f"'{token}'"),
            (f"{token} ] # [\n[a]\nname = '", f'"""{token} ] # [\n[a]\nname = \'"""'),
            (f'{token}\n[[package]]\n"""\n', f"'''{token}\n[[package]]\n\"\"\"\n'''"),
            (f'{token}""', f'"""{token}"""""'),
            (f'{token}\\"]', f'"{token}\\\\\\"]"'),
        ]
        chosen: tuple[Any, str] = self.choose(*styles)
        return chosen

    def inline(self, tree: Any) -> tuple[Any, str]:
        if tree is None:
            return self.leaf()
        if isinstance(tree, list):
            separator = self.choose(", ", ",", ",\n    ", " # ] [ \" '\n , # {\n")
            values = [self.inline(inner) for inner in tree]
            tail = self.choose("", "\n", ",\n", ", # ]\n") if values else self.choose("", "\n")
            return [v for v, _ in values], "[" + self.choose("", "\n  ") + separator.join(
                t for _, t in values
            ) + tail + "]"
        entries = {key: self.inline(inner) for key, inner in tree.items()}
        inside = ", ".join(f"{self.key(k)}{self.choose('=', ' = ')}{t}" for k, (_, t) in entries.items())
        return {k: v for k, (v, _) in entries.items()}, "{ " + inside + " }"

    def statements(self, tree: dict[str, Any], prefix: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Write the part of *tree* that stands in its own table; return the values, and what needs a header."""
        values: dict[str, Any] = {}
        deferred: dict[str, Any] = {}
        for key, inner in tree.items():
            self.text += self.choose(*NOISE)
            tables = isinstance(inner, dict) or (
                isinstance(inner, list) and inner and all(isinstance(i, dict) for i in inner)
            )
            if tables and not prefix and self.choose(True, False):
                deferred[key] = inner
            elif isinstance(inner, dict) and inner and self.choose(True, False):
                # Below a dotted key no table may have a header of its own.
                values[key], _ = self.statements(inner, [*prefix, key])
            else:
                value, text = self.inline(inner)
                self.text += f"{self.choose('', '  ')}{self.path([*prefix, key])} = {text}{self.choose('', ' # [x]')}\n"
                values[key] = value
        return values, deferred

    def table(self, tree: dict[str, Any], path: list[str]) -> dict[str, Any]:
        values, deferred = self.statements(tree, [])
        for key, inner in deferred.items():
            header = self.path([*path, key])
            if isinstance(inner, dict):
                self.text += f"{self.choose('', ' ')}[{header}]{self.choose('', ' # ]')}\n"
                values[key] = self.table(inner, [*path, key])
            else:
                values[key] = []
                for element in inner:
                    self.text += f"[[ {header} ]]\n"
                    values[key].append(self.table(element, [*path, key]))
        return values


def leaves(value: Any, keys: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*keys, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*keys, index))
    else:
        yield keys, str(value)[: 4 if isinstance(value, int) else 6]


def check(text: str, value: Any, document: Document | YamlDocument | None = None) -> None:
    document = document or Document(text)
    lines = text.split("\n")
    for keys, token in leaves(value):
        position = document.locate(keys)
        assert position is not None, keys
        assert token in lines[position.line - 1], (keys, position)
        before_value = lines[position.line - 1][position.column - 1 :].split(token)[0]
        # From the position on, the next scalar is this one: no other token lies between.
        assert not any(t in before_value for _, t in leaves(value) if t != token), (keys, position)


@settings(max_examples=400, deadline=None)
@given(st.data(), st.dictionaries(KEYS, TREES, max_size=5))
def test_every_value_of_a_toml_document_is_found(data: st.DataObject, tree: dict[str, Any]) -> None:
    writer = Writer(data.draw)
    value = writer.table(tree, [])
    assert tomllib.loads(writer.text) == value
    check(writer.text, value)
    check(writer.text.replace("\n", "\r\n"), value)


@settings(max_examples=200, deadline=None)
@given(TREES, st.sampled_from([None, 0, 2]), st.booleans())
def test_every_value_of_a_json_document_is_found(tree: Any, indent: int | None, ascii_only: bool) -> None:
    numbers = itertools.count(1000)

    def fill(inner: Any) -> Any:
        if isinstance(inner, dict):
            return {key: fill(value) for key, value in inner.items()}
        return [fill(value) for value in inner] if isinstance(inner, list) else f't{next(numbers)}t "[{{'

    value = {"root": fill(tree)}
    check(json.dumps(value, indent=indent, ensure_ascii=ascii_only, sort_keys=True), value)


@settings(max_examples=300, deadline=None)
@given(TREES, st.sampled_from([2, 3, 6]), st.sampled_from(["", "# a: b\n", "---\n"]), st.booleans())
def test_every_value_of_a_yaml_document_is_found(tree: Any, indent: int, before: str, indented: bool) -> None:
    numbers = itertools.count(1000)

    def fill(inner: Any) -> Any:
        if isinstance(inner, dict):
            # The empty key is written as no tool writes one: behind a question mark.
            return {key or "none": fill(value) for key, value in inner.items()}
        if isinstance(inner, list):
            return [fill(value) for value in inner]
        number = next(numbers)
        # A text over several lines whose lines look like keys and elements.
        return f"t{number}t: [{{" if number % 3 else f"t{number}t\na: b\n- c\n"

    class Dumper(yaml.SafeDumper):
        def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
            # Some tools put the dashes of a list under its key, some further in.
            return super().increase_indent(flow, indentless and not indented)

        def represent_text(self, text: str) -> Any:
            return self.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)

    Dumper.add_representer(str, Dumper.represent_text)
    value = {"root": fill(tree)}
    text = before + yaml.dump(value, Dumper=Dumper, indent=indent, width=10**6, allow_unicode=True)
    assert yaml.safe_load(text) == value
    document = YamlDocument(text)
    for keys, token in leaves(value):
        position = document.locate(keys)
        assert position is not None
        line = text.split("\n")[position.line - 1]
        assert token in line or line.rstrip().endswith(("|", "|-", "|+", "|2", "|2-")), (keys, line)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab=[]{}\"'\\#.,:|-?\n 1", max_size=60))
def test_no_text_makes_it_fail(text: str) -> None:
    for document in (Document(text), YamlDocument(text)):
        for keys in (("a",), ("a", "b"), ("a", 0), ("a", 0, "b", 1), ("b", "a", "a")):
            position = document.locate(keys)
            assert position is None or 1 <= position.line <= text.count("\n") + 1
