"""YAML as plain values: what is read, what is refused, and where."""

from __future__ import annotations

import datetime
import subprocess
import sys
import tracemalloc
from typing import Any

import pytest
import yaml

from envguard.errors import LockfileError
from envguard.yaml import MAX_ALIASED, MAX_DEPTH, parse_yaml


def parse(text: str) -> Any:
    return parse_yaml(text, "a.yml", LockfileError)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("# nothing\n", None),
        ("a: b\nc: [1, -2, 0x10, 1.5, true, null, ~, '1', \"x\\ty\"]\n", None),
        (
            "[no, On, y, 1_000, 0777, 0b11, 1:30, 1_0.5, TRUE]",
            ["no", "On", "y", "1_000", "0777", "0b11", "1:30", "1_0.5", True],
        ),
        ("- a\n- - b\n  - c: d\n", None),
        ("a: |\n  two\n  lines\nb: >\n  one\n  line\n", None),
        ("version: 1.10\nname: '1.10'\n", None),
        ("one: &a {x: 1}\ntwo: *a\n", None),
        ("\ufeffa: 1\n", None),
        (
            f"a: 1{'0' * 5000}\nb: {'1' * 64}\nc: 9223372036854775807\n",
            {"a": f"1{'0' * 5000}", "b": "1" * 64, "c": 2**63 - 1},
        ),
        ("a: .inf\nb: 1e3\nc: =\n", {"a": float("inf"), "b": "1e3", "c": "="}),
        ("a: 2024-01-01\nb: 2024-01-01T00:00:00Z\n", {"a": "2024-01-01", "b": "2024-01-01T00:00:00Z"}),
        ("on: 1\n3.10: 2\nnull: 3\n", {"on": 1, "3.10": 2, "null": 3}),
    ],
)
def test_documents_are_plain_values(text: str, value: Any) -> None:
    assert parse(text) == (yaml.safe_load(text) if value is None else value)


def test_a_date_stays_text() -> None:
    assert isinstance(yaml.safe_load("a: 2024-01-01")["a"], datetime.date)
    assert parse("a: 2024-01-01") == {"a": "2024-01-01"}


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 30)
)
REFUSED = {
    "a bracket that is not closed": ("a: [\n", "a.yml:2: is not valid YAML: did not find expected node content"),
    "two colons": ("a: b: c\n", "a.yml:1: is not valid YAML: mapping values are not allowed in this context"),
    "a control character": ("a: b\nc: \x01\n", "a.yml:2: is not valid YAML: control characters are not allowed"),
    "two documents": ("a: 1\n---\nb: 2\n", "a.yml:2: is not valid YAML: but found another document"),
    "an unknown alias": ("a: *b\n", "a.yml:1: is not valid YAML: found undefined alias"),
    "a key twice": ("a: 1\nb:\n  c: 1\n  c: 2\n", "a.yml:4: has the key 'c' twice in one mapping"),
    "a key twice, in braces": ("{a: 1, a: 2}", "a.yml:1: has the key 'a' twice in one mapping"),
    "a list as a key": ("? [a]\n: b\n", "a.yml:1: has a key that is no text"),
    "a merge key": ("x: &x {a: 1}\ny:\n  <<: *x\n", "a.yml:3: has a merge key, which is not read here"),
    "an object": (
        "a: 1\nb: !!python/object/apply:os.system [true]\n",
        "a.yml:2: has a tag, tag:yaml.org,2002:python/object/apply:os.system: nothing is made of what is read here",
    ),
    "a tag of its own": ("a: !thing {b: c}\n", "a.yml:1: has a tag, !thing: nothing is made of what is read here"),
    "binary": (
        "a: !!binary aGk=\n",
        "a.yml:1: has a tag, tag:yaml.org,2002:binary: nothing is made of what is read here",
    ),
    "an anchor within itself": ("a: &a [*a]\n", f"a.yml:1: has values nested deeper than {MAX_DEPTH} levels"),
    "aliases that explode": (
        BOMB,
        f"a.yml:1: has aliases that stand for more than {MAX_ALIASED} lists and mappings",
    ),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused_names_its_line(text: str, message: str) -> None:
    with pytest.raises(LockfileError) as caught:
        parse(text)
    assert str(caught.value) == message


def test_an_explosion_of_aliases_takes_no_memory() -> None:
    tracemalloc.start()
    with pytest.raises(LockfileError):
        parse(BOMB)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


NESTED = {
    "lists": ("[" * 100_000, 1),
    "lists that are closed": ("[" * 100_000 + "]" * 100_000, 1),
    "brackets beside brackets in texts": ("[ ']', " * 100_000, 1),
    "mappings in braces": ("{a: " * 100_000, 1),
    "a line of dashes": ("- " * 100_000 + "x", 1),
    "a line of question marks": ("? " * 100_000 + "x", 1),
    "both": ("- ? " * 100_000 + "x", 1),
    "indentation": ("".join(" " * n + "a:\n" for n in range(3000)), MAX_DEPTH + 1),
}


@pytest.mark.parametrize(("text", "line"), NESTED.values(), ids=NESTED.keys())
def test_absurd_nesting_is_an_error_and_not_the_end_of_the_process(text: str, line: int) -> None:
    with pytest.raises(LockfileError) as caught:
        parse(text)
    assert str(caught.value) == f"a.yml:{line}: has values nested deeper than {MAX_DEPTH} levels"


@pytest.mark.parametrize("depth", [MAX_DEPTH, MAX_DEPTH + 1])
def test_the_limit_is_the_same_for_every_way_of_nesting(depth: int) -> None:
    block = "".join(" " * n + "a:\n" for n in range(depth)) + " " * depth + "b"
    # More brackets than are trusted unseen, each of them closed: only their depth counts.
    many = "[" + "[[x], {a: b}], " * 1000 + "]"
    for text in ("[" * depth + "]" * depth, "- " * depth + "x", block):
        if depth > MAX_DEPTH:
            with pytest.raises(LockfileError, match="nested deeper"):
                parse(text)
        else:
            assert parse(text) == yaml.safe_load(text)
    assert parse(many) == yaml.safe_load(many)


def test_a_line_of_many_megabytes_is_read() -> None:
    assert parse(f"a: {'x' * 20_000_000}\n") == {"a": "x" * 20_000_000}


WITHOUT = """\
import sys
sys.modules["yaml"] = None
from envguard.errors import LockfileError
from envguard.yaml import parse_yaml
try:
    parse_yaml("a: 1", "pixi.lock", LockfileError)
except LockfileError as error:
    print(error)
"""


def test_without_pyyaml_the_error_says_how_to_get_it() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    assert done.stdout == (
        "pixi.lock: is YAML, which is read with PyYAML, and that is not installed\nhint: pip install 'envguard[conda]'\n"
    )


def test_without_its_c_loader_the_error_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CSafeLoader")
    with pytest.raises(LockfileError) as caught:
        parse("a: 1")
    assert str(caught.value) == (
        "a.yml: is YAML, which is read with PyYAML's C loader, and this PyYAML was built without it\n"
        "hint: pip install --force-reinstall --only-binary=:all: pyyaml"
    )
