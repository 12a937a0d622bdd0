"""Bytecode is held against the source that it stands for."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import py_compile
import subprocess
import sys
from pathlib import Path

import pytest

from envguard.pyc import HEAD, is_taken
from envguard.repository.bytecode import is_made_from

MODES = py_compile.PycInvalidationMode
LARGEST = sorted(
    (path for folder in (json, asyncio) for path in Path(str(folder.__file__)).parent.glob("*.py")),
    key=lambda path: -path.stat().st_size,
)[:12]


def made(source: Path, *options: str, mode: str = "timestamp") -> bytes:
    """Return the bytecode that another process writes for *source*."""
    target = source.with_suffix(".made")
    code = f"import py_compile, sys; M = py_compile.PycInvalidationMode; py_compile.compile({str(source)!r}, cfile={str(target)!r}, invalidation_mode=M[{mode.upper()!r}])"
    subprocess.run([sys.executable, *options, "-c", code], check=True)
    return target.read_bytes()


@pytest.mark.parametrize("options", [(), ("-X", "no_debug_ranges"), ("-X", "dev")], ids=" ".join)
def test_what_is_made_from_a_source_is_never_taken_for_another(tmp_path: Path, options: tuple[str, ...]) -> None:
    source = tmp_path / "all.py"
    for path in LARGEST:
        source.write_bytes(path.read_bytes())
        assert is_made_from(made(source, *options), source.read_bytes(), str(source)) is True, path


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("RATE = 1\n", "RATE = 2\n"),
        ("RATE = 1\n", "RATE = 1.0\n"),
        ("RATE = 1\n", "RATE = True\n"),
        ("RATE = 0.0\n", "RATE = -0.0\n"),
        ("RATE = 'a'\n", "RATE = b'a'\n"),
        ("RATE = (1, 2)\n", "RATE = (1, 2.0)\n"),
        ("R = 1 in {1, 2}\n", "R = 1 in {1, 3}\n"),
        ("def f(x):\n    return [x + 1 for x in x]\n", "def f(x):\n    return [x + 2 for x in x]\n"),
        ("def f(x, y): return x\n", "def f(x, *, y): return x\n"),
        ("def f(x): return a\n", "def f(x): return b\n"),
        ("try:\n    f()\nexcept A:\n    pass\n", "try:\n    f()\nexcept B:\n    pass\n"),
        ("x[1:2]\n", "x[1:3]\n"),
    ],
)
def test_any_other_code_is_told(tmp_path: Path, mine: str, theirs: str) -> None:
    source = tmp_path / "m.py"
    source.write_text(theirs)
    assert is_made_from(made(source), mine.encode(), str(source)) is False
    assert is_made_from(made(source), theirs.encode(), str(source)) is True


def test_neither_lines_nor_numbers_that_equal_nothing_make_a_difference(tmp_path: Path) -> None:
    source = tmp_path / "m.py"
    source.write_text("X = 1e999 - 1e999\nY = -0.0, 1j, 1 in {1, 'a', b'a'}\n")
    moved = ("# another line\n" + source.read_text()).encode()
    assert is_made_from(made(source), source.read_bytes(), str(source)) is True
    assert is_made_from(made(source), moved, str(source)) is True


def test_what_is_no_bytecode_and_what_is_no_source(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    source = tmp_path / "m.py"
    source.write_text("X = '\\d'\n")
    good = made(source)
    assert is_made_from(good, source.read_bytes(), str(source)) is True
    assert not recwarn.list, "the warning of the escape was for whoever compiled it"
    for bad in (good[:16], good[:-3], good[:16] + b"junk"):
        assert is_made_from(bad, source.read_bytes(), str(source)) is False
    assert is_made_from(good, b"no python !\n", str(source)) is False
    assert is_made_from(good, b"-" * 100_000 + b"1\n", str(source)) is None


def test_the_interpreter_takes_what_has_time_and_size_or_the_hash(tmp_path: Path) -> None:
    source = tmp_path / "m.py"
    source.write_text("X = 1\n")
    timed, hashed = made(source), made(source, mode="checked_hash")

    def taken(bytecode: bytes, written: bytes = b"X = 1\n") -> bool:
        return is_taken(
            bytecode[:HEAD],
            written,
            source.stat().st_mtime_ns,
            int.from_bytes(importlib.util.MAGIC_NUMBER[:2], "little"),
        )

    assert taken(timed)
    assert taken(hashed)
    assert not taken(b"\0\0" + timed[2:])
    assert not taken(timed[:10])
    # The interpreter refuses a flag that it does not know, and compiles the source.
    assert not taken(timed[:4] + b"\4" + timed[5:])
    os.utime(source, (1, 1))
    assert not taken(timed)
    assert not taken(hashed, b"X = 2\n")
