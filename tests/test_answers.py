"""An answer is given again only for the same question, while its trace holds, from a file that is whole."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envguard import answers, cache, trace
from envguard.probes import PROBES
from envguard.reader import Reader

if TYPE_CHECKING:
    from pathlib import Path

KEY = ("check", "0.1.0", "/project")


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("ENVGUARD_CACHE_DIR", str(folder))
    # What is under test here is the store; that young inputs are refused is proven in test_trace.py.
    monkeypatch.setattr(trace.Trace, "settled", lambda _: True)
    # Installed files may be hard links into a cache, and a link more elsewhere, made by another test, changes their ctime.
    monkeypatch.setattr(answers, "_CODE", ("envguard",))
    return folder


def traced(path: Path) -> trace.Trace:
    reader = Reader()
    reader.exists(str(path))
    reader.probe("interpreter")
    reader.environ("VIRTUAL_ENV")
    return reader.trace


def only_file(store: Path) -> Path:
    (path,) = (store / "answers").iterdir()
    return path


def test_an_answer_comes_back_while_nothing_changed(tmp_path: Path) -> None:
    assert answers.remember(KEY, traced(tmp_path / "a"), "all is well\n\nreally\n")
    assert answers.recall(KEY, PROBES) == "all is well\n\nreally\n"


def test_an_answer_is_gone_after_a_change(tmp_path: Path) -> None:
    answers.remember(KEY, traced(tmp_path / "a"), "all is well")
    (tmp_path / "a").write_text("")
    assert answers.recall(KEY, PROBES) is None


def test_another_question_gets_no_answer(tmp_path: Path) -> None:
    answers.remember(KEY, traced(tmp_path / "a"), "all is well")
    assert answers.recall((*KEY, "--level"), PROBES) is None


def test_two_questions_that_share_a_file_name_only_take_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "checksum", lambda data: f"{len(data) & 0:08x}")
    answers.remember(("one",), traced(tmp_path / "a"), "first")
    answers.remember(("two",), traced(tmp_path / "a"), "second")
    assert answers.recall(("one",), PROBES) is None
    assert answers.recall(("two",), PROBES) == "second"


def test_the_code_that_answered_is_an_input(tmp_path: Path) -> None:
    seen = traced(tmp_path / "a")
    answers.remember(KEY, seen, "all is well")
    assert answers.__file__ in seen.files


@pytest.mark.parametrize("damage", [b"", b"\0\xff\n\n", b"envguard answer 1 00000000\nx\n\n", b"A" * 100_000])
def test_a_damaged_store_gives_no_answer(tmp_path: Path, store: Path, damage: bytes) -> None:
    answers.remember(KEY, traced(tmp_path / "a"), "all is well")
    only_file(store).write_bytes(damage)
    assert answers.recall(KEY, PROBES) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(cut=st.integers(min_value=1), flip=st.integers(min_value=0, max_value=7))
def test_no_truncated_or_flipped_store_gives_an_answer(tmp_path: Path, store: Path, cut: int, flip: int) -> None:
    answers.remember(KEY, traced(tmp_path / "a"), "all is well")
    path = only_file(store)
    whole = path.read_bytes()
    path.write_bytes(whole[: cut % len(whole)])
    assert answers.recall(KEY, PROBES) is None
    broken = bytearray(whole)
    broken[cut % len(whole)] ^= 1 << flip
    path.write_bytes(broken)
    assert answers.recall(KEY, PROBES) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(
    key=st.lists(st.text(), max_size=4),
    values=st.dictionaries(
        st.sampled_from(["A", "B", "C"]), st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
    ),
    answer=st.text(),
)
def test_any_text_survives_the_store(
    monkeypatch: pytest.MonkeyPatch, key: list[str], values: dict[str, str], answer: str
) -> None:
    seen = trace.Trace()
    for name, value in values.items():
        seen.saw_value("probe", name, value)
    probes = {name: lambda value=value: value for name, value in values.items()}
    answers.remember(key, seen, answer)
    assert answers.recall(key, probes) == answer


def test_what_an_environment_variable_holds_is_never_written_down(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A requirement's URL may name a variable that holds a token."""
    monkeypatch.setenv("TOKEN", "a-very-secret-token")
    reader = Reader()
    assert reader.environ("TOKEN") == "a-very-secret-token"
    assert answers.remember(KEY, reader.trace, "all is well")
    assert b"a-very-secret-token" not in only_file(store).read_bytes()
    assert answers.recall(KEY, PROBES) == "all is well"
    monkeypatch.setenv("TOKEN", "another-token")
    assert answers.recall(KEY, PROBES) is None


def test_an_unsettled_trace_is_not_kept(tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace.Trace, "settled", lambda _: False)
    assert not answers.remember(KEY, traced(tmp_path / "a"), "all is well")
    assert not store.exists()


def test_a_store_that_cannot_be_written_is_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ENVGUARD_CACHE_DIR", str(tmp_path / "file" / "below"))
    assert not answers.remember(KEY, traced(tmp_path / "a"), "all is well")
    assert answers.recall(KEY, PROBES) is None


def test_nothing_is_left_behind_where_writing_fails(
    tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert not answers.remember(KEY, traced(tmp_path / "a"), "all is well")
    assert list((store / "answers").iterdir()) == []


def test_without_a_home_there_is_no_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ENVGUARD_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    assert not answers.remember(KEY, traced(tmp_path / "a"), "all is well")
    assert answers.recall(KEY, PROBES) is None
