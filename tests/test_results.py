"""A result is given again only for the same key, to the same code, while what was read is equal, from a file that is whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envguard import answers, cache, results, trace
from envguard._native import hexdigest
from envguard.notes import NotingReader
from envguard.reader import Reader

KEY = ("lock", "/project/uv.lock", "00")


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("ENVGUARD_CACHE_DIR", str(folder))
    # What is under test here is the store; that young code is refused has a test of its own.
    monkeypatch.setattr(trace.Trace, "settled", lambda _: True)
    # Installed files may be hard links into a cache, and a link more elsewhere, made by another test, changes their ctime.
    monkeypatch.setattr(answers, "_CODE", ("envguard",))
    return folder


def noting(path: Path) -> NotingReader:
    found = NotingReader(Reader(), {})
    found.exists(str(path))
    return found


def only_file(store: Path) -> Path:
    (path,) = (store / "results").iterdir()
    return path


def test_a_result_comes_back_while_nothing_changed(tmp_path: Path) -> None:
    assert results.remember(KEY, noting(tmp_path / "a"), ["all", {"is": "well\n"}])
    assert results.recall(KEY, Reader()) == ["all", {"is": "well\n"}]


def test_a_result_is_gone_after_a_change_and_back_after_its_undoing(tmp_path: Path) -> None:
    results.remember(KEY, noting(tmp_path / "a"), [1])
    (tmp_path / "a").write_text("")
    assert results.recall(KEY, Reader()) is None
    (tmp_path / "a").unlink()
    assert results.recall(KEY, Reader()) == [1]


def test_another_key_gets_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results.remember(KEY, noting(tmp_path / "a"), [1])
    assert results.recall((*KEY, "more"), Reader()) is None
    # Not even where the names of two files collide.
    monkeypatch.setattr(results, "_path", lambda _: str(only_file(Path(cache.folder() or ""))))
    assert results.recall((*KEY, "more"), Reader()) is None


def test_other_code_gets_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results.remember(KEY, noting(tmp_path / "a"), [1])
    monkeypatch.setattr(results, "signature", lambda path: f"another {path}")
    assert results.recall(KEY, Reader()) is None


def test_code_and_inputs_become_inputs_of_who_asks(tmp_path: Path) -> None:
    results.remember(KEY, noting(tmp_path / "a"), [1])
    reader = Reader()
    results.recall(KEY, reader)
    assert results.__file__ in reader.trace.files
    assert ("kind", str(tmp_path / "a")) in reader.trace.values


def test_code_that_is_too_young_keeps_no_result(tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace.Trace, "settled", lambda seen: seen._started_ns != trace.STARTED_NS)
    assert not results.remember(KEY, noting(tmp_path / "a"), [1])
    assert not store.exists()


def test_incomplete_notes_keep_no_result(tmp_path: Path, store: Path) -> None:
    read = noting(tmp_path / "a")
    read.complete = False
    assert not results.remember(KEY, read, [1])
    assert not store.exists()


@pytest.mark.parametrize("result", [[float("nan")], [{1, 2}], [b""]], ids=repr)
def test_what_json_does_not_have_is_not_kept(tmp_path: Path, result: Any) -> None:
    assert not results.remember(KEY, noting(tmp_path / "a"), result)


DAMAGE = [b"", b"\0\xff\n\n", b"envguard result 2 00\n[]\n[]", b"A" * 100_000]


@pytest.mark.parametrize("damage", DAMAGE, ids=range(len(DAMAGE)))
def test_a_damaged_store_gives_no_result(tmp_path: Path, store: Path, damage: bytes) -> None:
    results.remember(KEY, noting(tmp_path / "a"), [1])
    only_file(store).write_bytes(damage)
    assert results.recall(KEY, Reader()) is None


@pytest.mark.parametrize(
    "body", [b"", b"[]\n[]", b"{}\n1", b"[1,2,3]\n1", b"null\n1", b"[" * 100_000, b"\xff\n1", b"[[],[],[]]\n1"]
)
def test_a_whole_file_that_says_something_else_gives_no_result(tmp_path: Path, store: Path, body: bytes) -> None:
    results.remember(KEY, noting(tmp_path / "a"), [1])
    only_file(store).write_bytes(b"envguard result 2 " + hexdigest(body).encode() + b"\n" + body)
    assert results.recall(KEY, Reader()) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(cut=st.integers(min_value=1), flip=st.integers(min_value=0, max_value=7))
def test_no_truncated_or_flipped_store_gives_a_result(tmp_path: Path, store: Path, cut: int, flip: int) -> None:
    results.remember(KEY, noting(tmp_path / "a"), ["all is well"])
    path = only_file(store)
    whole = path.read_bytes()
    path.write_bytes(whole[: cut % len(whole)])
    assert results.recall(KEY, Reader()) is None
    broken = bytearray(whole)
    broken[cut % len(whole)] ^= 1 << flip
    path.write_bytes(broken)
    assert results.recall(KEY, Reader()) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(text=st.text(st.characters(exclude_categories=())), result=st.none() | st.lists(st.text()))
def test_any_text_beside_a_result_survives_the_store(tmp_path: Path, text: str, result: list[str] | None) -> None:
    assert results.remember(KEY, noting(tmp_path / "a"), result, text)
    assert results.recall_with_text(KEY, Reader()) == (result, text)
    assert results.recall(KEY, Reader()) == result
    (tmp_path / "a").write_text("")
    assert results.recall_with_text(KEY, Reader()) == (None, "")
    (tmp_path / "a").unlink()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(key=st.lists(st.text(), max_size=3), result=st.lists(st.text(st.characters(exclude_categories=()))))
def test_any_text_survives_the_store(tmp_path: Path, key: list[str], result: list[str]) -> None:
    assert results.remember(key, noting(tmp_path / "a"), result)
    assert results.recall(key, Reader()) == result


def test_a_store_that_cannot_be_written_is_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ENVGUARD_CACHE_DIR", str(tmp_path / "file" / "below"))
    assert not results.remember(KEY, noting(tmp_path / "a"), [1])
    assert results.recall(KEY, Reader()) is None


def test_without_a_home_there_is_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENVGUARD_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    assert not results.remember(KEY, noting(tmp_path / "a"), [1])
    assert results.recall(KEY, Reader()) is None


def test_the_store_stays_small_and_keeps_what_is_used(
    tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "_MAX_FILES", 3)
    for number in range(3):
        assert results.remember((str(number),), noting(tmp_path / "a"), [number])
        for path in (store / "results").iterdir():  # as if a day went by
            seen = path.stat().st_mtime
            os.utime(path, (seen - 86_400, seen - 86_400))
    assert results.recall(("0",), Reader()) == [0]
    assert results.remember(("3",), noting(tmp_path / "a"), [3])
    assert [results.recall((str(number),), Reader()) for number in range(4)] == [[0], None, [2], [3]]


def test_any_number_of_processes_may_keep_and_ask(tmp_path: Path) -> None:
    """Eight processes keep and ask for one key at once: each gets what one of them kept, or nothing."""
    code = (
        "import sys; from envguard import results, trace; from envguard.notes import NotingReader; "
        "from envguard.reader import Reader; trace.Trace.settled = lambda _: True; who = int(sys.argv[1])\n"
        "for _ in range(40):\n"
        "    assert results.remember(('key',), NotingReader(Reader(), {}), [who] * 20_000)\n"
        "    found = results.recall(('key',), Reader())\n"
        "    assert found is None or (len(found) == 20_000 and len(set(found)) == 1), found\n"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code, str(who)], cwd=tmp_path) for who in range(8)]
    assert [process.wait() for process in processes] == [0] * 8
