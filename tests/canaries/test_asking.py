"""The process that runs the canaries of an environment: whatever it does, the answer is one, and soon."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from envguard.canaries import SCHEME, asking
from envguard.canaries.model import Canaries
from envguard.model import Unknown


def interpreter(folder: Path, script: str) -> str:
    """Return a program in the place of an interpreter."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def reasons(canaries: Canaries) -> set[str]:
    assert not canaries.ran
    assert set(canaries.digests) == {"numpy", "torch"}
    return {value.reason for value in canaries.digests.values() if isinstance(value, Unknown)}


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 3", "the process failed: exit status 3"),
        ("echo '  File x' >&2; echo 'MemoryError: no more' >&2; exit 1", "the process failed: MemoryError: no more"),
        ("kill -SEGV $$", "the process ended with signal 11"),
        ("echo hello", "the process did not say what canaries say"),
        ("printf '\\377'", "the process did not say what canaries say"),
        ("exit 0", "the process did not say what canaries say"),
        ('echo \'{"scheme": "v1"}\'', "the process did not say what canaries say"),
    ],
)
def test_a_process_that_fails_leaves_unknowns_with_the_reason(folder: Path, script: str, reason: str) -> None:
    assert reasons(asking.ask(interpreter(folder, script))) == {reason}


def test_a_process_that_hangs_is_ended(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "SECONDS", 0.2)
    told = asking.ask(interpreter(folder, "sleep 60"))
    assert reasons(told) == {"the process did not end within 0.2 seconds"}


def test_an_interpreter_that_is_not_there(folder: Path) -> None:
    missing = str(folder / "nowhere")
    assert reasons(asking.ask(missing)) == {f"{missing} cannot be started: no such file or directory"}
    assert reasons(asking.ask(None)) == {"the interpreter of this environment is not known"}


def test_cublas_is_told_how_to_repeat_itself(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = 'echo "$CUBLAS_WORKSPACE_CONFIG" >&2; exit 1'
    for given, expected in ((":0:0", ":4096:8"), (":16:8", ":16:8"), ("", ":4096:8")):
        monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", given)
        assert reasons(asking.ask(interpreter(folder, script))) == {f"the process failed: {expected}"}
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ""


def test_a_library_that_is_not_installed_is_none_and_one_that_is_broken_is_unknown(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (("numpy", "raise OSError('libopenblas.so is not there')"), ("torch", "import no_such_part")):
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    assert reasons(asking.ask(sys.executable)) == {
        "cannot be imported: OSError: libopenblas.so is not there",
        "cannot be imported: No module named 'no_such_part'",
    }


def test_without_either_library_nothing_ran(folder: Path) -> None:
    # The standard library alone.
    told = asking.ask(interpreter(folder, f'exec "{sys.executable}" -S -I "$@"'))
    assert (told.digests, told.ran, told.scheme) == ({"numpy": "none", "torch": "none"}, False, SCHEME)


def test_a_module_that_is_called_so_and_is_not_is_unknown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("numpy", "torch"):
        (folder / f"{name}.py").write_text("print('hello from', __name__)", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    told = asking.ask(sys.executable)
    assert {key.partition(".")[0] for key in told.digests} == {"numpy", "torch"}
    assert all(isinstance(value, Unknown) for value in told.digests.values())


def test_nothing_beside_the_program_is_imported_in_the_place_of_a_module(folder: Path) -> None:
    """Its own folder holds modules with common names; the library that wants another ``settings`` must get that."""
    code = f'exec "{sys.executable}" -S -I "$@"'
    assert not asking.ask(interpreter(folder, code)).ran
    names = {path.stem for path in Path(asking.__file__).parent.glob("*.py")}
    assert {
        "settings",
        "running",
        "numbers",
    } <= names  # the standard library has a module called numbers, which NumPy needs
    told = asking.ask(sys.executable)
    assert told.ran, told.digests
