"""A text that is read beside another means what it means alone, whatever the two have in common."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from envguard.entries import Entries, toml_spans, yaml_spans
from envguard.yaml_lines import read_lines

if TYPE_CHECKING:
    from collections.abc import Callable

CORPORA = Path(__file__).parent / "corpora"
TOML = sorted(
    path
    for path in CORPORA.rglob("*")
    if path.name in ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml") and path.stat().st_size > 32 * 1024
)
YAML = sorted(path for path in CORPORA.rglob("*") if path.name in ("pixi.lock", "conda-lock.yml"))


class Parser:
    """A parser that keeps what it was given."""

    def __init__(self, parse: Callable[..., Any]) -> None:
        self.parse = parse
        self.seen: list[str] = []

    def __call__(self, text: str, *more: object) -> Any:
        self.seen.append(text)
        return self.parse(text, *more)


def outcome(read: Callable[[], Any]) -> Any:
    """Return what *read* returns, or what it raises in words."""
    try:
        return read()
    except (ValueError, RecursionError) as error:
        return f"{type(error).__name__}: {error}"


def beside(kind: str, named: str, old: str, new: str) -> tuple[Any, Any, list[str]]:
    """Return what *new* means alone, what it means once *old* was read, and what the parser was given for that."""
    parser = Parser(tomli.loads if kind == "toml" else read_lines)
    entries = Entries()
    read = getattr(entries, kind)
    outcome(lambda: read("a", named, old, parser))
    parser.seen.clear()
    found = outcome(lambda: read("a", named, new, parser))
    return outcome(lambda: parser.parse(new)), found, parser.seen


def means_the_same(kind: str, named: str, old: str, new: str) -> bool:
    """Return whether *new* means the same beside *old* as alone, down to types and the order of keys."""
    alone, found, _ = beside(kind, named, old, new)
    return bool(alone == found) and repr(alone) == repr(found)


def named_in(path: Path) -> str:
    return "packages" if path.name in ("pixi.lock", "pylock.toml") else "package"


@pytest.mark.parametrize("path", [*TOML, *YAML], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_of_a_lock_of_which_one_entry_changed_that_entry_is_read(path: Path) -> None:
    old = path.read_text(encoding="utf-8").replace("\r\n", "\n")
    kind, named = ("toml" if path in TOML else "yaml"), named_in(path)
    spans = (toml_spans if kind == "toml" else yaml_spans)(old, named)
    assert spans
    start, end = spans[len(spans) // 2]
    changed = old[start:end].replace("sha256", "sha512")
    new = old[:start] + changed + old[end:]
    alone, found, seen = beside(kind, named, old, new)
    assert repr(found) == repr(alone)
    # Some have everything about files behind the entries, and lists of what each environment installs before them.
    entries = sum(end - start for start, end in spans)
    assert len(seen) == 1
    assert len(seen[0]) < len(new) - entries + len(changed) + 200


HEAD = 'version = 1\n\n[[package]]\nname = "a"\nfiles = [\n    {file = "x"},\n]\n\n'
SECOND = '[[package]]\nname = "b"\n\n[package.more]\nx = 1\n\n[[package.list]]\ny = 2\n\n'
TAIL = "[metadata]\nz = 3\n"
OTHERS = {
    "the same": HEAD + SECOND + TAIL,
    "one less": HEAD + TAIL,
    "none": f"version = 1\n{TAIL}",
    "the other way round": HEAD.replace('"a"', '"c"') + SECOND + HEAD[13:] + TAIL,
    "twice": HEAD + SECOND + SECOND + TAIL,
    "another end": HEAD + SECOND,
    "another beginning": f"version = 2\n{(HEAD + SECOND + TAIL)[12:]}",
    "a table that goes on": HEAD + SECOND + "[package.further]\nx = 1\n" + TAIL,
    "a table that goes on after another": HEAD + SECOND + TAIL + "[package.further]\nx = 1\n",
    "a table that goes on, with blanks": HEAD + SECOND + "[ package.further]\nx = 1\n" + TAIL,
    "a table that goes on, with blanks inside": HEAD + SECOND + "[package . further]\nx = 1\n" + TAIL,
    "a table that goes on, in quotes": HEAD + SECOND + '["package".further]\nx = 1\n' + TAIL,
    "a table that goes on, further in": HEAD + SECOND + "  [package.further]\nx = 1\n" + TAIL,
    "another table, further in": HEAD + SECOND + "  [other]\nx = 1\n" + TAIL,
    "an entry with a comment": HEAD + SECOND.replace("[[package]]", "[[package]] # b") + TAIL,
    "an entry in quotes": HEAD + SECOND.replace("[[package]]", '[["package"]]') + TAIL,
    "an open list": HEAD + '[[package]]\nname = "c"\nlist = [\n' + SECOND + TAIL,
    "an open list that goes on": HEAD + '[[package]]\nname = "c"\nlist = [\n[1]\n]\n' + SECOND + TAIL,
    "an open list of lists": HEAD + '[[package]]\nname = "c"\nlist = [\n[[true]],\n]\n' + SECOND + TAIL,
    "an open text": HEAD + '[[package]]\nname = """\n' + SECOND + TAIL,
    "a text of several lines": f"{HEAD}[[package]]\nname = '''\n{SECOND}'''\n{TAIL}",
    "a text in the beginning": f'x = """\n{HEAD}{SECOND}"""\n{TAIL}',
    "no such list": f"package = 1\n{HEAD}{SECOND}{TAIL}",
    "a list in a line": f'package = [{{name = "a"}}]\n{TAIL}',
    "a key of the list": f"package.x = 1\n{HEAD}{SECOND}{TAIL}",
    "a comment": f"{HEAD}# {SECOND}{SECOND}{TAIL}",
    "a table twice": HEAD + SECOND + TAIL + TAIL,
    "a table inside of one twice": HEAD + SECOND + "[package.more]\nx = 1\n" + TAIL,
    "no line end at the end": (HEAD + SECOND).rstrip("\n"),
    "an entry at once": HEAD[13:] + SECOND + TAIL,
    "nothing": "",
    "no TOML": "[[package]\n",
}


@pytest.mark.parametrize("old", OTHERS)
@pytest.mark.parametrize("new", OTHERS)
def test_two_texts_of_any_kind_mean_what_they_mean_alone(old: str, new: str) -> None:
    assert means_the_same("toml", "package", OTHERS[old], OTHERS[new])


FIRST_ITEM = "- name: a\n  depends:\n  - x\n"
SECOND_ITEM = "- name: b\n  depends:\n"
YAML_HEAD, YAML_TAIL = "version: 1\npackage:\n", "metadata:\n  c: d\n"
OTHER_YAML = {
    "the same": YAML_HEAD + FIRST_ITEM + SECOND_ITEM + YAML_TAIL,
    "one less": YAML_HEAD + SECOND_ITEM + YAML_TAIL,
    "none": YAML_HEAD + YAML_TAIL,
    "an empty list": YAML_HEAD.replace("package:", "package: []") + YAML_TAIL,
    "the other way round": YAML_HEAD + SECOND_ITEM + FIRST_ITEM,
    "twice": YAML_HEAD + FIRST_ITEM + FIRST_ITEM + SECOND_ITEM,
    "a list of its own behind": YAML_HEAD + FIRST_ITEM + SECOND_ITEM + "more:\n" + FIRST_ITEM,
    "a list of its own before": "more:\n" + FIRST_ITEM + YAML_HEAD + FIRST_ITEM + SECOND_ITEM,
    "further in": YAML_HEAD + "  - name: a\n    depends:\n    - x\n",
    "a text over several lines": f'x: "\n{YAML_HEAD}{FIRST_ITEM}"\n{YAML_HEAD.replace("version", "v")}{SECOND_ITEM}',
    "an open text": YAML_HEAD + "- name: 'c\n" + FIRST_ITEM + SECOND_ITEM,
    "a block of text": YAML_HEAD + "- name: |\n    - x\n" + FIRST_ITEM,
    "an anchor": YAML_HEAD + FIRST_ITEM.replace("x", "&x y") + SECOND_ITEM,
    "the key twice": YAML_HEAD + FIRST_ITEM + "package:\n" + SECOND_ITEM,
    "a comment inside": YAML_HEAD + FIRST_ITEM + "# more\n" + SECOND_ITEM,
    "a blank line": YAML_HEAD + FIRST_ITEM + "\n" + SECOND_ITEM,
    "no line end": (YAML_HEAD + FIRST_ITEM).rstrip("\n"),
    "the list at once": YAML_HEAD[len("version: 1\n") :] + FIRST_ITEM + SECOND_ITEM,
    "a text for an element": YAML_HEAD + "- a\n" + FIRST_ITEM,
    "a key for an element": YAML_HEAD + FIRST_ITEM + "b: c\n" + SECOND_ITEM,
    "nothing": "",
}


@pytest.mark.parametrize("old", OTHER_YAML)
@pytest.mark.parametrize("new", OTHER_YAML)
def test_two_texts_of_yaml_mean_what_they_mean_alone(old: str, new: str) -> None:
    assert means_the_same("yaml", "package", OTHER_YAML[old], OTHER_YAML[new])


PIECES = [
    "[[package]]\n",
    "[package.a]\n",
    "[[package.b]]\n",
    "[metadata]\n",
    "[ package.a]\n",
    "  [package.c]\n",
    '["package".d]\n',
    "x = [\n",
    "[1]\n",
    "[[true]],\n",
    "]\n",
    "],\n",
    "y = 1\n",
    "z = '''\n",
    "'''\n",
    '"""\n',
    "# c\n",
    "\n",
    "[package]\n",
]
documents = st.lists(st.sampled_from(PIECES), max_size=9).map("".join)


@settings(deadline=None, max_examples=600)
@given(documents, documents, documents)
def test_whatever_two_texts_are_made_of(start: str, old: str, new: str) -> None:
    entry = "[[package]]\nn = 1\n"
    assert means_the_same("toml", "package", start + entry + old, start + entry + new)
    assert means_the_same("toml", "package", old + entry + start, new + entry + start)
    assert means_the_same("toml", "package", entry + old + entry, entry + new + entry)


LINES = ["package:\n", "- a: b\n", "  c: d\n", "  e:\n", "  - f\n", "- g\n", "h: i\n", "    j: k\n", "- 'l\n", "m: [\n"]
yaml_documents = st.lists(st.sampled_from(LINES), max_size=9).map("".join)


@settings(deadline=None, max_examples=600)
@given(yaml_documents, yaml_documents)
def test_whatever_two_texts_of_yaml_are_made_of(old: str, new: str) -> None:
    entry = "x: y\npackage:\n- a: b\n"
    assert means_the_same("yaml", "package", entry + old, entry + new)
    assert means_the_same("yaml", "package", f"{old}{entry}  c: d\n", f"{new}{entry}  c: d\n")


@pytest.mark.parametrize("lost", [0, -1])
def test_a_stand_in_that_is_not_taken_for_an_entry_is_no_entry(lost: int) -> None:
    # A parser that loses one of them, as none should.
    old = HEAD + SECOND + TAIL
    new = HEAD + '[[package]]\nname = "c"\n' + SECOND + TAIL
    entries = Entries()
    entries.toml("a", "package", old, tomli.loads)
    parsed: list[str] = []

    def forgetful(text: str) -> Any:
        parsed.append(text)
        document = tomli.loads(text)
        if len(parsed) == 1:
            del document["package"][lost]
        return document

    assert entries.toml("a", "package", new, forgetful) == tomli.loads(new)
    assert len(parsed) == 2


def test_what_was_read_from_another_place_or_is_called_otherwise_says_nothing() -> None:
    text = HEAD + SECOND + TAIL
    for place, named in (("b", "package"), ("a", "packages")):
        parser = Parser(tomli.loads)
        entries = Entries()
        entries.toml("a", "package", text, parser)
        entries.toml(place, named, text, parser)
        assert parser.seen == [text, text]


def test_what_is_made_of_a_value_is_made_once_for_the_same_value_and_the_same_givens() -> None:
    entries, one, made = Entries(), {"a": 1}, []

    def make() -> int:
        made.append(1)
        return len(made)

    assert entries.made(one, "x", 1, make) == 1
    assert entries.made(one, "x", 1, make) == 1
    assert entries.made(one, "y", 1, make) == 2
    assert entries.made(one, "x", 2, make) == 3
    # An equal value is another one.
    assert entries.made({"a": 1}, "x", 2, make) == 4
