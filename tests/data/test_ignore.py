"""Ignore patterns mean what git takes them for, and what git would quietly never match is refused."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from envguard import ConfigError
from envguard.data.ignore import Ignore, validate

if TYPE_CHECKING:
    from pathlib import Path


def left_out(patterns: list[str], path: str, *, folder: bool = False) -> bool:
    """Return whether *path* is left out, by itself or with a folder that it lies in."""
    ignore = Ignore(validate(patterns))
    parts = os.fsencode(path).split(b"/")
    return any(
        ignore.matches(
            b"".join(part + b"/" for part in parts[:depth]), parts[depth], folder=folder or depth < len(parts) - 1
        )
        for depth in range(len(parts))
    )


@pytest.mark.parametrize(
    ("pattern", "matched", "others"),
    [
        ("*.tmp", ["a.tmp", "b/c/.tmp", "d.tmp/x"], ["a.tmpx", "tmp"]),
        ("cache", ["cache", "a/cache", "cache/x", "a/cache/x"], ["caches", "a/b"]),
        ("/cache", ["cache", "cache/x"], ["a/cache"]),
        ("a/b", ["a/b", "a/b/c"], ["x/a/b", "a", "a/bc"]),
        ("cache/", ["cache/x", "a/cache/x"], ["cache", "a/cache"]),
        ("a/*", ["a/b", "a/b/c"], ["a", "b/a"]),
        ("a/*/c", ["a/b/c"], ["a/c", "a/b/b/c"]),
        ("**/c", ["c", "a/c", "a/b/c", "c/x"], ["cc"]),
        ("a/**", ["a/b", "a/b/c"], ["a", "b/a/c"]),
        ("a/**/c", ["a/c", "a/b/c", "a/b/b/c"], ["c", "x/a/c", "a/b"]),
        ("a/**/**/c", ["a/c", "a/b/c"], ["a"]),
        ("**", ["a", "a/b"], []),
        ("a**c", ["ac", "abbc"], ["a/c"]),
        ("a**/c", ["a/c", "abb/c"], ["c", "a", "a/b/c"]),
        ("?", ["a", "a/bb"], ["bb"]),
        ("[a-c]x", ["ax", "cx"], ["dx", "x", "-x"]),
        ("[!a-c]x", ["dx"], ["ax"]),
        ("[^a-c]x", ["dx"], ["ax"]),
        ("[]-]x", ["]x", "-x"], ["ax"]),
        ("[a-]x", ["ax", "-x"], ["bx"]),
        ("[b-a]x", [], ["ax", "bx", "-x"]),
        (r"\*", ["*"], ["a", r"\*"]),
        (r"\!a", ["!a"], ["a"]),
        (r"[\]]", ["]"], ["\\"]),
        ("#a", ["#a"], ["a"]),
        ("a ", ["a "], ["a"]),
        ("a\nb", ["a\nb"], ["a"]),
        ("*", ["a\nb", "\udcff"], []),
        ("A", ["A"], ["a"]),
        ("a/*b*c*/d", ["a/bc/d", "a/xbxcx/d"], ["a/cb/d", "a/b/c/d"]),
    ],
)
def test_what_a_pattern_matches(pattern: str, matched: list[str], others: list[str]) -> None:
    assert [path for path in matched if not left_out([pattern], path)] == []
    assert [path for path in others if left_out([pattern], path)] == []


def test_bytes_are_matched_not_letters() -> None:
    assert not left_out(["?"], "é")
    assert left_out(["??"], "é")


def test_without_patterns_nothing_is_left_out() -> None:
    assert not left_out([], "a/b")


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("", "the ignore pattern '' is empty"),
        (
            "!a",
            (
                "the ignore pattern '!a' is a negation, which is not supported\n"
                "hint: write '\\!' for a name that begins with an exclamation mark"
            ),
        ),
        ("\ud800", "the ignore pattern '\\ud800' has a letter that no name has"),
        ("a\0", "the ignore pattern 'a\\x00' has a NUL byte, which no name has"),
        (
            "/",
            "the ignore pattern '/' has an empty part, which matches nothing\nhint: write one slash between two names",
        ),
        (
            "//a",
            "the ignore pattern '//a' has an empty part, which matches nothing\nhint: write one slash between two names",
        ),
        (
            "a//b",
            "the ignore pattern 'a//b' has an empty part, which matches nothing\nhint: write one slash between two names",
        ),
        (
            "a//",
            "the ignore pattern 'a//' has an empty part, which matches nothing\nhint: write one slash between two names",
        ),
        (
            "./a",
            "the ignore pattern './a' has the part '.', which matches nothing\nhint: write it relative to the root of the tree",
        ),
        (
            "a/../b",
            "the ignore pattern 'a/../b' has the part '..', which matches nothing\nhint: write it relative to the root of the tree",
        ),
        ("[a", "the ignore pattern '[a' has a '[' that is never closed\nhint: write '\\[' for a bracket"),
        ("[", "the ignore pattern '[' has a '[' that is never closed\nhint: write '\\[' for a bracket"),
        ("[]", "the ignore pattern '[]' has a '[' that is never closed\nhint: write '\\[' for a bracket"),
        ("[a/]", "the ignore pattern '[a/]' has a '[' that is never closed\nhint: write '\\[' for a bracket"),
        (
            "[[:alpha:]]",
            "the ignore pattern '[[:alpha:]]' has a class such as [:alpha:], which is not supported\nhint: write a range: [a-zA-Z]",
        ),
        (
            "a\\",
            (
                "the ignore pattern 'a\\\\' ends a name in a backslash, which takes the meaning from nothing\n"
                "hint: write '\\\\' for a backslash"
            ),
        ),
    ],
)
def test_what_cannot_be_used_is_refused(pattern: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        validate(["fine", pattern])
    assert str(caught.value) == message


@settings(max_examples=300, deadline=None)
@given(pattern=st.text(alphabet="ab*?[]!^-\\/.: #\0\n\udcff\ud800", max_size=12))
def test_any_text_is_a_pattern_or_refused(pattern: str) -> None:
    try:
        Ignore(validate([pattern])).matches(b"a/", b"b", folder=True)
    except ConfigError as error:
        assert error.message.startswith(f"the ignore pattern {pattern!r} ")


@pytest.mark.parametrize(
    "pattern",
    ["*a" * 40 + "b", "**/a/" * 20 + "b", "/" + "*a*/" * 20 + "b", "**/*a*a*a*a*a*a/" * 5 + "b", "[ab]*" * 30],
)
def test_no_pattern_takes_long(pattern: str) -> None:
    ignore = Ignore(validate([pattern]))
    start = time.perf_counter()
    ignore.matches(b"", b"a" * 255, folder=True)
    ignore.matches(b"a/" * 1500, b"a" * 255, folder=True)
    ignore.matches((b"a" * 250 + b"/") * 15, b"a" * 255, folder=True)
    assert time.perf_counter() - start < 1.0


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    return folder


def as_git_reads_it(pattern: str) -> str:
    """Return the line of a .gitignore for *pattern*: there, a ``#`` begins a comment and spaces at the end go away."""
    line = "\\" + pattern if pattern.startswith("#") else pattern
    bare = line.rstrip(" ")
    spaces = len(line) - len(bare)
    if spaces and (len(bare) - len(bare.rstrip("\\"))) % 2:
        bare, spaces = bare + " ", spaces - 1
    return bare + "\\ " * spaces


def ignored_by_git(repository: Path, patterns: list[str], paths: list[str]) -> list[str]:
    lines = "".join(as_git_reads_it(pattern) + "\n" for pattern in patterns)
    (repository / ".gitignore").write_bytes(os.fsencode(lines))
    done = subprocess.run(
        ["git", "-c", "core.ignoreCase=false", "check-ignore", "--no-index", "-z", "--stdin"],
        input=b"".join(os.fsencode(path) + b"\0" for path in paths),
        cwd=repository,
        capture_output=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return [os.fsdecode(path) for path in done.stdout.split(b"\0")[:-1]]


def usable(pattern: str) -> bool:
    try:
        validate([pattern])
    except ConfigError:
        return False
    return True


piece = st.one_of(
    st.sampled_from(
        ["*", "**", "?", "[ab]", "[!a]", "[^b]", "[a-b]", "[]b]", "[-a]", "[b-]", "\\*", "\\a", "a", "b", "."]
    ),
    st.text(alphabet="ab*?[]!^-\\. #\udcffé", max_size=3),
)
# git takes "a**/b", as nothing else with two stars in a longer name, for something like "a/**/b"; its manual says "a*/b".
part = st.lists(piece, min_size=1, max_size=3).map("".join).filter(lambda part: "**" not in part or not part.strip("*"))
pattern = st.builds(
    lambda start, parts, end: start + "/".join(parts) + end,
    st.sampled_from(["", "", "/", "**/"]),
    st.lists(part, min_size=1, max_size=4),
    st.sampled_from(["", "", "/", "/**", "/*"]),
).filter(usable)
name = st.text(alphabet="ab*-[]!^.\\# \udcffé", min_size=1, max_size=4).filter(lambda name: name not in (".", ".."))
path = st.lists(st.one_of(name, st.sampled_from(["a", "b", "ab", "ba"])), min_size=1, max_size=4).map("/".join)


@settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(patterns=st.lists(pattern, min_size=1, max_size=3), paths=st.lists(path, min_size=1, max_size=20, unique=True))
def test_git_agrees(repository: Path, patterns: list[str], paths: list[str]) -> None:
    assume(not any(path.startswith(".git") for path in paths))
    assert [path for path in paths if left_out(patterns, path)] == ignored_by_git(repository, patterns, paths)
