"""A text of which the rows were taken out means what it meant: to tomli, and to the parser of the standard library."""

from __future__ import annotations

import tomllib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from envguard import toml_rows
from envguard.errors import LockfileError
from envguard.toml import parse_toml

if TYPE_CHECKING:
    from collections.abc import Callable

CORPORA = sorted(path for path in (Path(__file__).parent / "corpora").rglob("*") if path.suffix in (".lock", ".toml"))
LOCKS = [path for path in CORPORA if path.suffix == ".lock" and path.read_bytes().lstrip()[:1] not in (b"{", b"v")]


def outcome(read: Callable[[str], Any], text: str) -> Any:
    """Return what *read* makes of *text*; the word ``error`` where that is no TOML."""
    try:
        return read(text)
    except (tomli.TOMLDecodeError, tomllib.TOMLDecodeError, RecursionError):
        return "error"


def means_the_same(text: str) -> bool:
    """Return whether *text* without its rows is read as the whole of it, to each parser as far as it goes.

    tomli knows TOML 1.1, the standard library of some versions of Python only 1.0.
    """
    for parse in (tomli.loads, tomllib.loads):
        whole, parts = outcome(parse, text), outcome(partial(toml_rows.loads, parse=parse), text)
        if whole != parts or repr(whole) != repr(parts):
            return False
    return True


def taken(text: str) -> int:
    """Return how many rows the parser did not have to read."""
    seen: list[str] = []

    def parse(left: str) -> dict[str, Any]:
        seen.append(left)
        return tomli.loads(left)

    toml_rows.loads(text, parse)
    return text.count("\n") - seen[-1].count("\n")


@pytest.mark.parametrize("path", CORPORA, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_text_of_the_corpora_means_the_same(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert means_the_same(text)


@pytest.mark.parametrize(
    "path", [path for path in LOCKS if path.stat().st_size > 100_000], ids=lambda path: path.parent.name
)
def test_most_of_a_lock_need_not_be_parsed(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert taken(text) > text.count('hash = "') * 0.95


HEAD = 'a = 1\n[[package]]\nname = "x"\n'
ROWS = 'files = [\n    {file = "a", hash = "b"},\n    {file = "c", hash = "d"},\n]\n'
LIKE = {
    "plain": ROWS,
    "spaces inside": 'wheels = [\n    { url = "a", size = 12 },\n]\n',
    "one key": 'files = [\n  {file = "a"},\n]\n',
    "a later table": f"{ROWS}[package.more]\n{ROWS}",
    "after a comment": f"# {ROWS}",
    "an inline table over several lines": f"x = {{\n{ROWS}}}\n",
    "an array around it": f"x = [\n{ROWS}]\n",
    "a text over several lines": f'x = """\n{ROWS}"""\n',
    "a literal over several lines": f"x = '''\n{ROWS}'''\n",
    "twice": f"{ROWS}{ROWS}",
    "a key twice in a row": 'files = [\n  {file = "a", file = "b"},\n]\n',
    "a comma is missing": 'files = [\n  {file = "a"}\n  {file = "b"},\n]\n',
    "no comma at the end": 'files = [\n  {file = "a"},\n  {file = "b"}\n]\n',
    "two commas": 'files = [\n  {file = "a"},,\n]\n',
    "a comma inside": 'files = [\n  {file = "a", },\n]\n',
    "an escape": 'files = [\n  {file = "a\\nb"},\n]\n',
    "a broken escape": 'files = [\n  {file = "a\\q"},\n]\n',
    "a quote": 'files = [\n  {file = "a"b"},\n]\n',
    "a control character": 'files = [\n  {file = "a\x01"},\n]\n',
    "a delete": 'files = [\n  {file = "a\x7f"},\n]\n',
    "a tab": 'files = [\n  {file = "a\tb"},\n]\n',
    "a line separator": 'files = [\n  {file = "a\u2028b\x85c\u2029"},\n]\n',
    "a carriage return": 'files = [\r\n  {file = "a"},\n]\n',
    "a number that begins with 0": "files = [\n  {size = 012},\n]\n",
    "a negative number": "files = [\n  {size = -1},\n]\n",
    "an underscore": "files = [\n  {size = 1_000},\n]\n",
    "a large number": "files = [\n  {size = 9999999999999999999999},\n]\n",
    "other digits": "files = [\n  {size = \u0661},\n]\n",
    "a float": "files = [\n  {size = 1.5},\n]\n",
    "a date": "files = [\n  {size = 2026-01-01},\n]\n",
    "another order": 'files = [\n  {file = "a", hash = "b"},\n  {hash = "b", file = "a"},\n]\n',
    "a key less": 'files = [\n  {file = "a", hash = "b"},\n  {file = "a"},\n]\n',
    "a dotted key": 'files = [\n  {file.name = "a"},\n]\n',
    "a quoted key": 'files = [\n  {"file" = "a"},\n]\n',
    "a table of texts inside": 'w = [\n  {a = "1", hashes = {sha256 = "x", md5 = "y"}},\n  {a = "2", hashes = {sha256 = "z", md5 = "w"}},\n]\n',
    "a table inside and more after it": 'w = [\n  { h = { s = "x" }, a = 1 },\n  { h = { s = "y" }, a = 2 },\n]\n',
    "a table in a table inside": 'w = [\n  {h = {s = {t = "x"}}},\n]\n',
    "a number in a table inside": "w = [\n  {h = {s = 1}},\n]\n",
    "a key twice in a table inside": 'w = [\n  {h = {s = "x", s = "y"}},\n]\n',
    "a key in a table and beside it": 'w = [\n  {h = {s = "x"}, s = "y", h2 = {s = "z"}},\n]\n',
    "an empty table inside": "w = [\n  {h = {}},\n]\n",
    "tables that are closed too often": 'w = [\n  {h = {s = "x"}}},\n]\n',
    "tables that are not closed": 'w = [\n  {h = {s = "x"},\n]\n',
    "another table inside": 'w = [\n  {h = {s = "x"}},\n  {h = {t = "x"}},\n]\n',
    "times": "w = [\n  {a = 2026-09-02T14:19:51Z},\n  {a = 2026-09-02T14:19:50.189861Z},\n]\n",
    "times and more": 'w = [\n  {a = 2026-09-02T14:19:51Z, b = "x"},\n  {a = 2024-02-29T23:59:59Z, b = "y"},\n]\n',
    "a day that is none": "w = [\n  {a = 2026-02-31T14:19:51Z},\n]\n",
    "the second after the last": "w = [\n  {a = 2026-02-01T23:59:60Z},\n]\n",
    "the hour after the last": "w = [\n  {a = 2026-02-01T24:00:00Z},\n]\n",
    "the year 0": "w = [\n  {a = 0000-02-01T00:00:00Z},\n]\n",
    "a time with milliseconds": "w = [\n  {a = 2026-09-02T14:19:51.123Z},\n]\n",
    "a time with nanoseconds": "w = [\n  {a = 2026-09-02T14:19:51.123456789Z},\n]\n",
    "a time somewhere": "w = [\n  {a = 2026-09-02T14:19:51+02:00},\n]\n",
    "a local time": "w = [\n  {a = 2026-09-02T14:19:51},\n]\n",
    "a time with a space": "w = [\n  {a = 2026-09-02 14:19:51Z},\n]\n",
    "a day": "w = [\n  {a = 2026-09-02},\n]\n",
    "a list inside": 'files = [\n  {file = ["a", "b"]},\n]\n',
    "a table inside": 'files = [\n  {file = {name = "a"}},\n]\n',
    "a comment in a row": 'files = [\n  {file = "a"}, # first\n]\n',
    "a comment between": 'files = [\n  {file = "a"},\n  # second\n  {file = "b"},\n]\n',
    "an empty row": "files = [\n  {},\n]\n",
    "something after": 'files = [\n  {file = "a"},\n] x\n',
    "a comment after": 'files = [\n  {file = "a"},\n] # files\n',
    "no end": 'files = [\n  {file = "a"},\n',
    "more keys after": f'{ROWS}groups = ["main"]\n',
    "a list in a list": 'x = [[\n  {file = "a"},\n]]\n',
    "a key that is there as a table": f"[package.files]\na = 1\n[package]\n{ROWS}",
    "last line": ROWS[:-1],
}


@pytest.mark.parametrize("kind", LIKE)
def test_what_looks_like_rows_means_what_it_means_to_a_parser(kind: str) -> None:
    for text in (HEAD + LIKE[kind], LIKE[kind], HEAD + LIKE[kind] + ROWS.replace("files", "last")):
        assert means_the_same(text), text


def test_rows_are_taken_wherever_they_stand() -> None:
    assert taken(HEAD + ROWS) == 3
    assert taken(f"{HEAD}{LIKE['spaces inside']}{ROWS}[package.more]\n{ROWS}") == 8
    assert taken(HEAD + LIKE["an escape"]) == 0
    assert taken(f"{HEAD}{LIKE['a text over several lines']}{ROWS}") == 0


ALONE = {
    "plain": 'sdist = { url = "a", size = 12 }\n',
    "no spaces": 'sdist = {url = "a", size = 12}\n',
    "one key": 'source = { registry = "a" }\n',
    "a table inside": 'vcs = { type = "git", hashes = { sha256 = "a" } }\n',
    "a time": "made = { at = 2026-09-02T14:19:51Z }\n",
    "a comma at the end": 'sdist = { url = "a", }\n',
    "a comma after": 'sdist = { url = "a" },\n',
    "a comment after": 'sdist = { url = "a" } # x }\n',
    "an escape": 'sdist = { url = "a\\nb" }\n',
    "a control character": 'sdist = { url = "a\x01" }\n',
    "a quote": 'sdist = { url = "a"b" }\n',
    "a literal": "sdist = { url = 'a\"}' }\n",
    "a dotted key before": 'a.b = { url = "a" }\n',
    "a quoted key before": '"a b" = { url = "a" }\n',
    "a key of two words": 'a b = { url = "a" }\n',
    "spaces before": '  sdist = { url = "a" }\n',
    "in a text": "x = ' = { url = 1 }'\n",
    "in an array": 'x = [\nsdist = { url = "a" }\n]\n',
    "a table after it": 'sdist = { url = "a" }\n[package.sdist]\nurl = "b"\n',
    "a table in it after it": 'sdist = { url = "a" }\n[package.sdist.more]\nurl = "b"\n',
    "twice": 'sdist = { url = "a" }\nsdist = { url = "a" }\n',
    "a dotted key after it": 'sdist = { url = "a" }\nsdist.more = 1\n',
    "a dotted key before it": 'sdist.more = 1\nsdist = { url = "a" }\n',
    "two on a line": 'a = { b = "c" } c = { b = "c" }\n',
    "empty": "sdist = {}\n",
    "not closed": 'sdist = { url = "a"\n',
    "closed twice": 'sdist = { url = "a" } }\n',
}


@pytest.mark.parametrize("kind", ALONE)
def test_what_looks_like_a_table_that_stands_alone_means_what_it_means_to_a_parser(kind: str) -> None:
    lines = [f'[[package]]\nname = "{number}"\n{ALONE[kind]}' for number in range(20)]
    plain = [f'[[package]]\nname = "{number}"\n{ALONE["plain"]}' for number in range(20)]
    for text in (
        "".join(lines),
        "".join((*plain, *lines)),
        "".join((*plain[:10], *lines[:1], *plain[10:])),
        "".join((*lines, *plain))[:-1],
        "".join(lines[:3]),
    ):
        assert means_the_same(text), text


def test_tables_that_stand_alone_are_taken_where_there_are_many() -> None:
    seen: list[str] = []

    def parse(left: str) -> dict[str, Any]:
        seen.append(left)
        return tomli.loads(left)

    packages = [f'[[package]]\nname = "{number}"\nsdist = {{ url = "u{number}", size = 1 }}\n' for number in range(20)]
    for many, left in ((20, 0), (3, 3)):
        found = toml_rows.loads("".join(packages[:many]), parse)["package"]
        assert [package["sdist"] for package in found] == [{"url": f"u{number}", "size": 1} for number in range(many)]
        assert seen[-1].count("url") == left


def test_no_text_can_name_the_mark_of_its_rows() -> None:
    seen: list[str] = []

    def parse(left: str) -> dict[str, Any]:
        seen.append(left)
        return tomli.loads(left)

    for _ in range(2):
        toml_rows.loads(HEAD + ROWS, parse)
    assert seen[0] != seen[1]


PIECES = st.sampled_from(
    [
        *LIKE.values(),
        *ALONE.values(),
        "k = [\n",
        "]\n",
        '  {a = "1", b = 2},\n',
        '  {a = "1", b = 3},\n',
        '  {a = "x"},\n',
        "  {a = 1},\n",
        "}\n",
        "x = {\n",
        'x = """\n',
        '"""\n',
        "[t]\n",
        "[[p]]\n",
        "# ",
        'rows = "rows1"\n',
        '"',
        ",",
        "{",
        "[",
        "\n",
        " ",
    ]
)


@settings(max_examples=1500, deadline=None)
@given(st.lists(PIECES, max_size=9).map("".join), st.sampled_from([1, 16]))
def test_any_text_means_what_it_means_to_a_parser(text: str, few: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(toml_rows, "_FEW", few)
        assert means_the_same(text)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_lock_with_something_put_in_or_taken_out_means_what_it_means_to_a_parser(data: st.DataObject) -> None:
    text = HEAD + ROWS + LIKE["spaces inside"] + "[[package]]\n" + ROWS
    at = data.draw(st.integers(0, len(text)))
    text = text[:at] + data.draw(st.text(max_size=3)) + text[at + data.draw(st.integers(0, 3)) :]
    text = text.replace("\r\n", "\n")
    assert means_the_same(text)


def test_what_is_wrong_is_said_of_the_whole_text() -> None:
    text = f"a = 1\n{ROWS * 1}" + "".join(f"[[p]]\n{ROWS}" for _ in range(2000)) + "x = = 1\n"
    with pytest.raises(LockfileError) as error:
        parse_toml(text, "a.lock", LockfileError)
    assert (error.value.line, error.value.message) == (text.count("\n"), "is not valid TOML: invalid value")
    assert len(parse_toml(text.replace("x = = 1\n", ""), "a.lock", LockfileError)["p"]) == 2000


def test_hostile_texts_are_read_to_their_end() -> None:
    """Each of these would take minutes if the expressions tried things twice."""
    size = 400_000
    for text in (
        "\nk = [\n" + " {" * size,
        "\nk = [\n" + '  {a = "b"},\n' * (size // 12),
        "\nk = [\n" + ('  {a = "' + "b" * 100 + "\n") * (size // 110),
        "\nk = [\n  {" + 'a = "b", ' * (size // 9) + "},\n]\n",
        "\n" + "k = [\n" * (size // 6),
        "\n" + "k" * size,
        "\nk = [\n  {" + ", ".join(f'k{n} = "a"' for n in range(size // 12)) + "},\n]\n",
        "\nk = [\n" + " " * size + "{},\n]\n",
        "\nk = [\n" + "  { = [\n" * (size // 8),
        "\nk" + " = {" * (size // 4),
        "\n" + "k = {}\n" * (size // 7),
    ):
        outcome(lambda text: toml_rows.loads(text, lambda _: {}), text)
