"""What is taken for a valid ``pylock.toml`` without asking packaging is one for packaging, too."""

from __future__ import annotations

import copy
import datetime
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.markers import InvalidMarker, Marker
from packaging.pylock import Pylock, PylockValidationError

from envguard.lockfiles.pylock.plain import _is_range, _marker, is_certain
from envguard.lockfiles.pylock.tables import LockTable
from envguard.lockfiles.pylock.validation import _agreeing

from .documents import lock

CORPORA = Path(__file__).parents[2] / "corpora"
TEXTS = sorted(CORPORA.glob("pylock-*/pylock*.toml"))
MORE = """
[[packages]]
name = "ruamel-yaml"
version = "0.18.10+local.1"
requires-python = ">=3.8,<4"
index = "https://index.example/simple"
sdist = { name = "ruamel.yaml-0.18.10+local.1.tar.gz", url = "https://files.index.example/x", size = 1, upload-time = 2026-01-01T00:00:00Z, hashes = { sha256 = "00" } }
wheels = [
    { url = "https://files.index.example/Ruamel_yaml-0.18.10+local.1-2abc-cp312.cp313-abi3-manylinux_2_28_x86_64.whl", hashes = { sha256 = "00" } },
]
[[packages]]
name = "from-git"
vcs = { type = "git", url = "https://index.example/a.git", commit-id = "00" }
[[packages]]
name = "here"
directory = { path = ".", editable = true }
[[packages]]
name = "archived"
version = "1.0"
archive = { url = "https://index.example/a.tar.gz", hashes = { sha256 = "00" }, subdirectory = "a" }
"""
SMALL = tomli.loads(lock(more=MORE))


def accepted(document: dict[str, Any]) -> bool:
    """Return whether packaging takes *document*, shown as it is shown to it."""
    shown = {**document, "lock-version": "1.0"}
    if isinstance(document.get("packages"), list):
        shown["packages"] = [_agreeing("a", index, package) for index, package in enumerate(document["packages"])]
    try:
        Pylock.from_dict(shown)
    except PylockValidationError:
        return False
    return True


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_tools_write_is_certain_and_valid(path: Path) -> None:
    document = tomli.loads(path.read_text(encoding="utf-8"))
    assert accepted(document)
    # The example of the standard has attestations, which no tool has written yet.
    assert is_certain(document) is (path.parent.name != "pylock-spec")


def test_every_kind_of_entry_is_certain() -> None:
    assert is_certain(SMALL)
    assert accepted(SMALL)


def places(value: Any, keys: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [keys] if keys else []
    for key, each in inner:
        found += places(each, (*keys, key))
    return found


PLACES = places(SMALL)
ODD: list[Any] = [
    "",
    "x",
    "1",
    "1.0",
    "1.0.dev1",
    "a_b",
    "A",
    "-a",
    "a--b",
    ">=3",
    "~=3",
    "==3.*",
    ">=3.*",
    ">=3,",
    "extra == 'a' or",
    "a-1.0.zip",
    "alpha-1.5-py3-none-any.whl",
    "alpha-1.5-3-none-any.whl",
    "alpha-1.5-py3--any.whl",
    "alpha-1.50-py3-none-any.whl",
    "https://files.index.example/alpha-1.5-py3-none-any.whl?x#y",
    "https://files.index.example/beta-1.0-py3-none-any.whl",
    0,
    -1,
    True,
    1.5,
    datetime.date(2026, 1, 1),
    datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
    [],
    ["x"],
    [1],
    {},
    {"x": "y"},
    {"x": 1},
    [{}],
]
KEYS = ("version", "url", "path", "name", "hashes", "sdist", "wheels", "vcs", "marker", "attestation-identities", "extras", "size", "tool")  # fmt: skip


@settings(max_examples=1500, deadline=None)
@given(st.data())
def test_whatever_is_certain_is_valid(data: st.DataObject) -> None:
    document = copy.deepcopy(SMALL)
    for _ in range(data.draw(st.integers(1, 2))):
        *way, last = data.draw(st.sampled_from(PLACES))
        try:
            table: Any = document
            for key in way:
                table = table[key]
            how = data.draw(st.sampled_from(("put", "drop", "add", "cut")))
            if how == "drop":
                del table[last]
            elif how == "add":
                table[last][data.draw(st.sampled_from(KEYS))] = data.draw(st.sampled_from(ODD))
            elif how == "cut":
                text = str(table[last])
                at = data.draw(st.integers(0, len(text)))
                table[last] = (
                    text[:at]
                    + data.draw(st.sampled_from(("", "-", "_", ".", "a", "1", "'", " ", "é")))
                    + text[at + 1 :]
                )
            else:
                table[last] = data.draw(st.sampled_from(ODD))
        except (KeyError, TypeError, IndexError):
            continue
    if is_certain(document):
        assert accepted(document)


WORDS = ("python_version", "extra", "os_name", "'3.9'", '"a b"', "''", ">=", "==", "<", "~=", "in", "not in", "and", "or", "(", ")", " ", "  ", "x", "not", "extras", "===")  # fmt: skip


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=9), st.sampled_from(("", " ")))
def test_a_marker_that_is_certain_is_one(words: list[str], between: str) -> None:
    text = between.join(words)
    if _marker(text):
        Marker(text)


def test_markers_that_tools_write_are_certain() -> None:
    for text in (
        "python_full_version >= '3.11' and sys_platform == 'linux'",
        "(os_name == 'nt' or (sys_platform != 'win32' and python_version<'3.9')) and extra == 'a'",
        "'plot' in extras or \"fast\" not in dependency_groups",
        "platform_machine in 'x86_64 AMD64'",
    ):
        assert _marker(text)
        Marker(text)
    for text in ("", "()", "python_version", "a == 'b'", "os_name == 'a' and", "(os_name == 'a'", "os_name == 'a\\'b'"):
        assert not _marker(text)
        if text != "os_name == 'a\\'b'":
            with pytest.raises(InvalidMarker):
                Marker(text)
    assert not _marker("(" * 5000 + "os_name == 'a'" + ")" * 5000)


@settings(max_examples=800, deadline=None)
@given(
    st.lists(st.sampled_from((">=", "<", "==", "~=", "!=", "3", "3.9", ".*", ",", ", ", " ", "a1", ">")), max_size=7)
)
def test_a_range_that_is_certain_is_one(parts: list[str]) -> None:
    from packaging.specifiers import SpecifierSet

    text = "".join(parts)
    if _is_range(text):
        SpecifierSet(text)


def test_what_is_certain_is_read_without_packaging() -> None:
    code = (
        "import sys; from envguard.lockfiles import read_lock; from envguard.reader import Reader\n"
        "read_lock(Reader(), sys.argv[1], anew=True); print('packaging' in sys.modules)"
    )

    def loads(path: Path) -> str:
        command = [sys.executable, "-c", code, str(path)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert loads(CORPORA / "pylock-large" / "pylock.toml") == "False"
    assert loads(CORPORA / "pylock-spec" / "pylock.spec-example.toml") == "True"


def test_the_table_of_a_lock_is_what_is_judged() -> None:
    assert LockTable("a", (), SMALL).value is SMALL
