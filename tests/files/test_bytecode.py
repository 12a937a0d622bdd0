"""Bytecode, judged as the interpreters judge it: each of them is asked what it runs."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from envguard import pyc
from envguard.files import bytecode
from envguard.files.compare import Seen
from tests.installed.tools import EVERY_PYTHON, ask, environment, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from envguard.installed.model import Environment

COMPILE = """
import py_compile, sys, json
mode = getattr(py_compile.PycInvalidationMode, sys.argv[2])
print(json.dumps(py_compile.compile(sys.argv[1], doraise=True, invalidation_mode=mode)))
"""
IMPORT = "import json, sys; sys.path.insert(0, sys.argv[1]); import module; print(json.dumps(module.value))"
FACTS = """
import importlib.util, json, sys
print(json.dumps([importlib.util.MAGIC_NUMBER.hex(), sys.implementation.cache_tag, sys.version.split()[0].rstrip("+")]))
"""
ENV = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}


def described(python: str) -> tuple[Environment, str]:
    magic, _, version = ask(python, FACTS, env=ENV)
    return dataclasses.replace(environment(), version=version), magic


@EVERY_PYTHON
def test_tag_and_magic_number_are_those_of_the_interpreter(python: str) -> None:
    found, magic = described(python)
    _, tag, _ = ask(python, FACTS, env=ENV)
    assert bytecode.tag_of(found) == tag
    known = bytecode.magic_of(found)
    assert known is None or known.to_bytes(2, "little") + b"\r\n" == bytes.fromhex(magic)
    if found.version.startswith(("3.11.", "3.12.", "3.13.", "3.14.")) and found.version.replace(".", "").isdigit():
        assert known is not None


def test_the_running_interpreter_is_asked_itself() -> None:
    found = dataclasses.replace(environment(), running=True, version="3.99.0a1")
    assert bytecode.magic_of(found) is not None
    assert bytecode.magic_of(dataclasses.replace(found, running=False)) is None
    assert bytecode.tag_of(dataclasses.replace(found, implementation="pypy")) is None


def _same_size_and_time(source: Path, cached: Path) -> None:
    stamps = source.stat()
    source.write_text("value = 'source'\n")
    os.utime(source, ns=(stamps.st_atime_ns, stamps.st_mtime_ns))


def _later(source: Path, cached: Path) -> None:
    source.write_text("value = 'source'\n")
    os.utime(source, (1_900_000_000, 1_900_000_000))


def _longer(source: Path, cached: Path) -> None:
    stamps = source.stat()
    source.write_text("value =  'source'\n")
    os.utime(source, ns=(stamps.st_atime_ns, stamps.st_mtime_ns))


def _patched(at: int, data: bytes) -> Callable[[Path, Path], None]:
    def change(source: Path, cached: Path) -> None:
        _same_size_and_time(source, cached)
        content = bytearray(cached.read_bytes())
        content[at : at + len(data)] = data
        cached.write_bytes(content)

    return change


CHANGES: dict[str, Callable[[Path, Path], None]] = {
    "nothing": lambda source, cached: None,
    "same size and time": _same_size_and_time,
    "another time": _later,
    "another size": _longer,
    "the magic number": _patched(0, b"\x01\x00"),
    "an unknown flag": _patched(4, b"\x04"),
    "a flag of the other kind": _patched(4, b"\x02"),
}


@EVERY_PYTHON
@pytest.mark.parametrize("mode", ["TIMESTAMP", "CHECKED_HASH", "UNCHECKED_HASH"])
@pytest.mark.parametrize("change", CHANGES)
def test_what_runs_is_foretold(tmp_path: Path, python: str, mode: str, change: str) -> None:
    source = tmp_path / "module.py"
    source.write_text("value = 'cached'\n")
    os.utime(source, ns=(0, 1_700_000_000_999_999_999 if change == "nothing" else 1_700_000_000_123_456_789))
    cached = Path(ask(python, COMPILE, source, mode, env=ENV))
    CHANGES[change](source, cached)
    ran = ask(python, IMPORT, tmp_path, env=ENV)
    found, _ = described(python)
    tag = bytecode.tag_of(found)
    assert tag is not None
    assert bytecode.source_of(os.fsencode(cached.relative_to(tmp_path)), tag) == b"module.py"
    st = source.stat()
    head = cached.read_bytes()[:16]
    magic, written = bytecode.magic_of(found), source.read_bytes()
    outdated = pyc.is_outdated(head, st.st_size, st.st_mtime_ns, magic)
    if outdated is not None:
        assert pyc.is_taken(head, written, st.st_mtime_ns, magic) is (ran == "cached")
    if change == "nothing":
        assert not outdated
        assert outdated is not None or pyc.is_hash_of(head, written)
        return
    if mode == "CHECKED_HASH" and outdated is False:
        assert ran == "source"  # the interpreter has compared the hash
        return
    if outdated is None:
        assert not pyc.is_hash_of(head, written)
    assert ran == ("source" if outdated else "cached")


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (b"pkg/__pycache__/a.cpython-311.pyc", b"pkg/a.py"),
        (b"__pycache__/a.cpython-311.pyc", b"a.py"),
        (b"pkg/__pycache__/a.cpython-311.opt-1.pyc", b"pkg/a.py"),
        (b"pkg/__pycache__/a.b.cpython-311.pyc", b"pkg/a.b.py"),
        (b"pkg/__pycache__/a.cpython-312.pyc", None),
        (b"pkg/__pycache__/a.pyc", None),
        (b"pkg/a.pyc", None),
        (b"pkg/__pycache__/sub/a.cpython-311.pyc", None),
        (b"pkg/x__pycache__/a.cpython-311.pyc", None),
        (b"pkg/__pycache__/\xff.cpython-311.pyc", b"pkg/\xff.py"),
    ],
)
def test_the_source_of_bytecode(path: bytes, source: bytes | None) -> None:
    assert bytecode.source_of(path, "cpython-311") == source


def test_only_what_would_be_loaded_is_judged() -> None:
    rows = [
        b"__pycache__/a,head=.pyc,,5",
        b"__pycache__/a.cpython-311.pyc,head=%b,20" % (b"0" * 32),
        b"__pycache__/a.cpython-312.pyc,head=%b,20" % (b"0" * 32),
        b"__pycache__/gone.cpython-311.pyc,head=%b,20" % (b"0" * 32),
        b"a.py,,1",
    ]
    seen = Seen(rows, [0] * len(rows))
    assert bytecode.candidates(rows, seen, "cpython-311") == [(b"__pycache__/a.cpython-311.pyc", bytes(16), b"a.py")]


def test_a_pyc_can_be_run_without_a_source(tmp_path: Path) -> None:
    """What such a file is called is what the judging of unlisted files rests on."""
    import sys

    (tmp_path / "module.py").write_text("value = 'cached'\n")
    cached: Any = ask(sys.executable, COMPILE, tmp_path / "module.py", "TIMESTAMP", env=ENV)
    os.rename(cached, tmp_path / "module.pyc")
    (tmp_path / "module.py").unlink()
    assert run(sys.executable, "-c", IMPORT, tmp_path, env=ENV) == '"cached"\n'
