"""What is read line by line is what the loader of the whole language reads; what is not for sure is left to it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envguard.errors import LockfileError
from envguard.yaml import _loaded
from envguard.yaml_lines import MAX_DEPTH, read_lines

CORPORA = Path(__file__).parent / "corpora"
LOCKS = sorted(path for path in CORPORA.rglob("*") if path.name in ("pixi.lock", "conda-lock.yml"))


def loaded(text: str) -> Any:
    """Return what the loader makes of *text*; the word ``error`` where that is no YAML that is read here."""
    try:
        return _loaded(text, "a.yml", LockfileError, None)
    except LockfileError:
        return "error"


def agrees(text: str) -> bool:
    """Return whether *text* is left to the loader, or read as the loader reads it."""
    found = read_lines(text)
    if found is None:
        return True
    whole = loaded(text)
    # 1, True and 1.0 are equal and three values; the order of keys is kept, too.
    return bool(found == whole) and repr(found) == repr(whole)


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.parent.name)
def test_every_lock_of_the_corpora_is_read_line_by_line(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert read_lines(text) is not None
    assert agrees(text)


READ = {
    "a mapping": "a: b\nc: 1\nd: true\ne: null\nf: 'g: h'\ni: \"j # k\"\n",
    "a mapping in a mapping": "a:\n  b: c\n  d:\n      e: f\n  g: h\ni: j\n",
    "a list": "a:\n- b\n- c\nd:\n  - e\n  - f\n",
    "a list of mappings": "a:\n- b: c\n  d: e\n- b: f\n  d:\n    g: h\n",
    "a list in a list's mapping": "a:\n- b:\n  - c\n  - d\n  e: f\n- g: h\n",
    "nothing": "a:\nb:\n  c:\nd:\n- e:\n- f:\ng:\n",
    "empty ones": "a: []\nb: {}\nc: ''\nd: \"\"\n- \n".replace("- \n", ""),
    "a header": "# made by\n#\n# a tool\nversion: 1\n",
    "URLs and ranges": "a: https://u@index.example/a#b?c=d\nb: '>=1,<2'\nc: python >=3.9,<3.10.0a0\nd: <15\ne: ==1\nf: blas 2.306   openblas\n",
    "comments": "t: # u\na: b # c\nd:  # e\n  - f  # g\n  # h\n  - 'i'   #\n# j\nk: [] # l\nm: n# o\np: q#r\n#s\n",
    "empty lines": "a: b\n\nc:\n   \n- d\n\n- e\n\n",
    "a comment before and behind": "# a\n\nb: c\n# d\n",
    "numbers": "a: 0\nb: 12\nc: 007\nd: 1733752134123\ne: 9223372036854775807\nf: 12345678901234567890123\ng: 1_000\nh: 1:30\ni: 1e5\nj: 2024-01-01\n",
    "words": "a: yes\nb: No\nc: on\nd: y\ne: TRUE\nf: Null\ng: trUe\nh: inf\ni: nan\n",
    "keys": "3.10: a\ntrue: b\nnull: c\na-b.c+d_e: f\n1: g\n",
    "colons inside": "a: b:c\nd: e::f\ng: h:i:\nj: k\n".replace("g: h:i:\n", ""),
}
LEFT = {
    "an anchor": "a: &x b\nc: *x\n",
    "a tag": "a: !!str b\n",
    "a merge": "a: <<\n",
    "a key that merges": "<<: a\n",
    "a comment behind a dash": "a:\n-  # b\n- c\n",
    "a comment behind an element that follows": "a:\n- # b\n  c\n",
    "a comment in other letters": "a: b\n# é\nc: d\n",
    "a comment behind a value in other letters": "a: b # é\n",
    "a comment with a tab": "a: b\n#\tc\n",
    "a tab before a comment": "a: b\n\t# c\n",
    "a text that goes on behind a comment": "a: b\n# c\n  d\n",
    "a literal with a comment": "a: |\n  # b\n  c\n",
    "a quoted text with a comment": "a: 'b\n# c\n  d'\n",
    "comments alone": "# a\n\n# b\n",
    "a tab in an empty line": "a: b\n\t\nc: d\n",
    "no line end": "a: b",
    "nothing at all": "",
    "a list at the top": "- a\n",
    "a scalar at the top": "a\n",
    "a text over two lines": "a: b\n  c\nd: e\n",
    "an element over two lines": "a:\n- b\n  c\n",
    "an element that looks like two": "a:\n- b\n  - c\n",
    "a literal": "a: |\n  b\n",
    "a quoted text over two lines": "a: 'b\n  c'\n",
    "an escape": 'a: "b\\n"\n',
    "a doubled quote": "a: 'b''c'\n",
    "a quote in the middle": "a: 'b' c\n",
    "a flow mapping": "a: {b: c}\n",
    "a flow list": "a: [b, c]\n",
    "a tab": "a:\tb\n",
    "a tab inside": "a: b\tc\n",
    "a space at the end": "a: b \n",
    "a carriage return": "a: b\r\n",
    "two documents": "a: b\n---\nc: d\n",
    "a directive": "%YAML 1.2\n---\na: b\n",
    "an end": "a: b\n...\n",
    "a key twice": "a: b\na: c\n",
    "no space after the colon": "a:b\n",
    "two colons": "a: b: c\n",
    "a colon at the end": "a: b:\n",
    "a complex key": "? a\n: b\n",
    "a quoted key": "'a': b\n",
    "two dashes": "a:\n- - b\n",
    "a dash alone": "a:\n-\n- b\n",
    "floats": "a: 1.5\n",
    "a float without an end": "a: 1.\n",
    "infinity": "a: .inf\n",
    "hexadecimal": "a: 0x10\n",
    "a negative number": "a: -1\n",
    "a tilde": "a: ~\n",
    "other columns": "a:\n    b: c\n  d: e\n",
    "too deep after a scalar": "a: b\n  c: d\n",
    "a dash too far left": "a:\n  b:\n - c\n",
    "a list where a mapping is": "a: b\n- c\n",
    "a mapping where a list is": "a:\n  - b\n  c: d\n",
    "a byte order mark": "\ufeffa: b\n",
    "other letters": "a: é\n",
    "a line separator": "a: b\u2028c\n",
    "a control character": "a: \x01\n",
}  # fmt: skip


@pytest.mark.parametrize("kind", READ)
def test_what_tools_write_is_read(kind: str) -> None:
    assert read_lines(READ[kind]) is not None
    assert agrees(READ[kind])


@pytest.mark.parametrize("kind", LEFT)
def test_what_is_not_for_sure_is_left_to_the_loader(kind: str) -> None:
    assert read_lines(LEFT[kind]) is None
    assert read_lines(f"z: y\n{LEFT[kind]}") is None or kind in ("nothing at all", "comments alone")


def test_absurd_depth_is_left_to_the_loader() -> None:
    def nested(depth: int) -> str:
        return "".join(" " * level + "a:\n" for level in range(depth))

    assert read_lines(nested(MAX_DEPTH)) is not None
    assert agrees(nested(MAX_DEPTH))
    assert read_lines(nested(MAX_DEPTH + 1)) is None
    assert read_lines(nested(3000)) is None


def test_hostile_texts_are_read_to_their_end() -> None:
    size = 200_000
    for text in (
        "a: " + "b " * size + "\n",
        "a: " + "b: " * size + "\n",
        "a" * size + ": b\n",
        "a:\n" * size,
        "- " * size + "\n",
        " " * size + "a: b\n",
        "a: '" + "b" * size + "\n",
        "a: " + "b:c" * size + ":\n",
        "a:\n" + "- b\n" * size,
        "#" * size + "\n" + "# \n" * size,
    ):
        read_lines(text)


PIECES = st.sampled_from(
    ["a:", "b: c", "d: ", "- ", "-", "  ", " ", "\n", "\n", "\n", "\n  ", "\n    ", "\n- ", "\n  - ", "e", "'f'", '"g"', "[]", "{}", ": ",
     ":", " #", "#", "\n# v\n", " # w\n", "\n\n", "1", "1.5", "true", "null", "~", ".", "<", "<<", "&x", "*x", "|", ">", "?", "!", "%", "@", "`", "''", "\\", "---", "...",
     "h:\n  i: j\n", "k:\n- l: m\n  n: o\n", "p:\n- q\n", "0", "0x1", "-1", "1e5", "=", "\t", "é", "  r: s\n", "- t: u\n"]
)  # fmt: skip


@settings(max_examples=1000, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join).map(lambda text: f"{text}\n"))
def test_any_text_is_read_as_the_loader_reads_it(text: str) -> None:
    assert agrees(text)


@given(st.lists(st.lists(PIECES, max_size=14).map("".join).map(lambda text: f"{text}\n"), min_size=2, max_size=3))
@settings(max_examples=300, deadline=None)
def test_a_text_is_read_behind_another_as_it_is_read_alone(texts: list[str]) -> None:
    known: dict[str, Any] = {}
    for text in texts:
        assert repr(read_lines(text, known)) == repr(read_lines(text))


@st.composite
def written(draw: st.DrawFn, depth: int = 0) -> list[str]:
    """Return the lines of a mapping as a tool writes it, now and then with columns that it would not write."""
    lines: list[str] = []
    for number in range(draw(st.integers(1, 3))):
        key = draw(st.sampled_from(["a", "b.c", "3", f"k{number}"]))
        shape = draw(
            st.sampled_from(["scalar", "scalar", "nothing", "mapping", "list", "mappings"] if depth < 3 else ["scalar"])
        )
        if shape == "scalar":
            value = draw(
                st.sampled_from(
                    ["x", "1", "'y: z'", '"#"', "https://h/a#b", "true", "[]", "{}", "a  b", "1.5", "x:y", "-"]
                )
            )
            lines.append(f"{key}: {value}")
            continue
        lines.append(f"{key}:")
        indent = " " * draw(st.sampled_from([2, 2, 2, 4, 1, 0]))
        if shape == "mapping":
            lines += [f"{indent}{line}" for line in draw(written(depth + 1))]
        elif shape == "list":
            lines += [
                f"{indent}- {draw(st.sampled_from(['x', '2', 'y z', 'a: b']))}" for _ in range(draw(st.integers(1, 2)))
            ]
        elif shape == "mappings":
            for _ in range(draw(st.integers(1, 2))):
                first, *rest = draw(written(depth + 1))
                lines += [
                    f"{indent}- {first}",
                    *(f"{indent}{draw(st.sampled_from(['  ', '  ', '  ', ' ', '   ']))}{line}" for line in rest),
                ]
    return lines


@settings(max_examples=500, deadline=None)
@given(written())
def test_any_document_that_a_tool_could_write_is_read_as_the_loader_reads_it(lines: list[str]) -> None:
    assert agrees("\n".join(lines) + "\n")


def test_reading_line_by_line_needs_no_loader() -> None:
    code = "import sys; from envguard.yaml import parse_yaml; from envguard.errors import LockfileError\n"
    code += "print(parse_yaml('a:\\n- b: 1\\n', '', LockfileError), 'yaml' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "{'a': [{'b': 1}]} False\n"
