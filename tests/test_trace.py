"""A trace holds exactly as long as everything that was read is as it was."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import pytest

from envguard import trace
from envguard.errors import UnreadableError
from envguard.probes import PROBES
from envguard.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def age(path: Path, seconds: float = 3600) -> None:
    """Move the clock of traces instead of waiting: stamps of *path* are set back as far as the system lets us."""
    past = time.time_ns() - int(seconds * 1e9)
    os.utime(path, ns=(past, past))


def holds(reader: Reader) -> bool:
    return trace.holds(reader.trace.files, reader.trace.values, PROBES)


def test_an_unchanged_file_keeps_the_trace(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one")
    reader = Reader()
    assert reader.read_text(str(tmp_path / "a")) == "one"
    assert holds(reader)


def rewrite(path: Path) -> None:
    path.write_text("two")


def rewrite_in_place_with_restored_mtime(path: Path) -> None:
    before = path.stat()
    with path.open("r+") as file:
        file.write("two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace_by_rename(path: Path) -> None:
    other = path.with_name("other")
    other.write_text("two")
    other.replace(path)


def remove(path: Path) -> None:
    path.unlink()


def become_a_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("nowhere")


@pytest.mark.parametrize(
    "change", [rewrite, rewrite_in_place_with_restored_mtime, replace_by_rename, remove, become_a_link]
)
def test_any_change_of_a_file_ends_the_trace(tmp_path: Path, change: Callable[[Path], None]) -> None:
    path = tmp_path / "a"
    path.write_text("one")
    reader = Reader()
    reader.read_bytes(str(path))
    time.sleep(0.02)  # past the granularity of the file system's clock
    change(path)
    assert not holds(reader)


def test_a_file_that_appears_where_one_was_looked_for_ends_the_trace(tmp_path: Path) -> None:
    reader = Reader()
    assert not reader.exists(str(tmp_path / "uv.lock"))
    assert holds(reader)
    (tmp_path / "uv.lock").write_text("")
    assert not holds(reader)


def test_a_folder_that_is_only_asked_for_may_get_files(tmp_path: Path) -> None:
    reader = Reader()
    assert reader.is_dir(str(tmp_path))
    assert reader.exists(str(tmp_path))
    time.sleep(0.02)
    (tmp_path / "checkpoint.pt").write_text("")
    assert holds(reader)


def test_a_folder_that_becomes_a_file_ends_the_trace(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    reader = Reader()
    assert reader.is_dir(str(tmp_path / "a"))
    (tmp_path / "a").rmdir()
    (tmp_path / "a").write_text("")
    assert not holds(reader)


def test_another_file_in_the_place_of_one_that_was_asked_for_ends_the_trace(tmp_path: Path) -> None:
    (tmp_path / "python").write_text("3.11")
    reader = Reader()
    assert reader.is_file(str(tmp_path / "python"))
    time.sleep(0.02)
    (tmp_path / "python").write_text("3.12")
    assert not holds(reader)


def test_only_a_regular_file_is_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_text("")
    reader = Reader()
    assert [name for name in ("file", "pipe", ".", "none") if reader.is_file(str(tmp_path / name))] == ["file"]


def test_a_name_added_to_a_listed_folder_ends_the_trace(tmp_path: Path) -> None:
    reader = Reader()
    assert reader.list_dir(str(tmp_path)) == []
    time.sleep(0.02)
    (tmp_path / "numpy-2.0.dist-info").mkdir()
    assert not holds(reader)


def test_a_changed_environment_variable_ends_the_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", "/one")
    reader = Reader()
    assert reader.environ("VIRTUAL_ENV") == "/one"
    assert holds(reader)
    monkeypatch.setenv("VIRTUAL_ENV", "/two")
    assert not holds(reader)


def test_a_changed_probe_or_one_that_is_gone_ends_the_trace() -> None:
    reader = Reader()
    reader.probe("today")
    assert holds(reader)
    values = reader.trace.values
    assert not trace.holds({}, values, {"today": lambda: "1999-12-31"})
    assert not trace.holds({}, values, {})


def test_a_link_that_points_elsewhere_ends_the_trace(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    link = tmp_path / "link"
    link.symlink_to("one")
    reader = Reader()
    assert reader.real_path(str(link)) == str(tmp_path.resolve() / "one")
    link.unlink()
    link.symlink_to("two")
    assert not holds(reader)


@pytest.mark.parametrize("kind", trace.WALKED)
def test_a_folder_is_told_anew_and_last_of_all(tmp_path: Path, kind: str) -> None:
    seen = trace.Trace()
    seen.saw_file(str(tmp_path / "a"), trace.ABSENT)
    seen.saw_value(kind, "/data\0\x000.0", "root:3:16:content")
    asked: list[str] = []

    def tell(name: str) -> str:
        asked.append(name)
        return "root:3:16:content"

    assert trace.holds(seen.files, seen.values, PROBES, {kind: tell})
    assert asked == ["/data\0\x000.0"]
    assert not trace.holds(seen.files, seen.values, PROBES, {kind: lambda _: ""})
    # Who cannot walk cannot say that it is as it was.
    assert not trace.holds(seen.files, seen.values, PROBES)
    assert not trace.holds(seen.files, seen.values, PROBES, {"another": tell})
    (tmp_path / "a").touch()
    assert not trace.holds(seen.files, seen.values, PROBES, {kind: tell})
    assert len(asked) == 1


def test_an_input_that_could_not_be_told_is_never_settled() -> None:
    seen = trace.Trace()
    seen.unsettle()
    assert not seen.settled()


def test_a_young_input_is_not_settled(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one")
    reader = Reader()
    reader.read_bytes(str(tmp_path / "a"))
    assert not reader.trace.settled()


def test_an_old_input_is_settled() -> None:
    reader = Reader()
    reader.read_bytes(os.__file__)
    assert reader.trace.settled()


def test_restoring_the_mtime_does_not_make_a_young_input_settled(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one")
    age(tmp_path / "a")
    reader = Reader()
    reader.read_bytes(str(tmp_path / "a"))
    assert not reader.trace.settled(), "its ctime is young whatever its mtime says"


def test_a_file_that_changed_between_two_readings_is_never_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "LOCAL_SLACK_NS", 0)
    seen = trace.Trace()
    seen.saw_file("/a", trace.ABSENT)
    assert seen.settled()
    seen.saw_file("/a", trace.signature(os.__file__))
    assert not seen.settled()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="procfs is Linux's")
def test_files_whose_stamps_say_nothing_are_never_settled() -> None:
    reader = Reader()
    seen = trace.signature("/proc/self/status")
    reader.trace.saw_file("/proc/self/status", seen)
    assert not reader.trace.settled()


def test_probes_give_text_and_are_known_by_their_names() -> None:
    for name, probe in PROBES.items():
        assert isinstance(probe("HOME PATH") if name == "getenv" else probe(), str), name
    assert set(PROBES) >= {"today", "uname", "libc", "cpu", "nvidia", "interpreter"}


class TestReader:
    def test_a_missing_file_is_one_clear_error_and_an_input(self, tmp_path: Path) -> None:
        reader = Reader()
        path = str(tmp_path / "gone")
        with pytest.raises(UnreadableError) as caught:
            reader.read_bytes(path)
        assert str(caught.value) == f"{path}: cannot be read: no such file or directory"
        assert reader.trace.files == {path: trace.ABSENT}

    def test_a_folder_is_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(UnreadableError, match="is not a regular file"):
            Reader().read_bytes(str(tmp_path))

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in the file system here")
    def test_a_pipe_that_nobody_writes_to_does_not_hang(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(UnreadableError, match="is not a regular file"):
            Reader().read_bytes(str(tmp_path / "pipe"))

    def test_a_huge_file_is_refused_before_it_is_read(self, tmp_path: Path) -> None:
        with (tmp_path / "huge").open("wb") as file:
            file.truncate(1 << 40)
        with pytest.raises(UnreadableError) as caught:
            Reader().read_bytes(str(tmp_path / "huge"), limit=1000)
        assert str(caught.value) == f"{tmp_path}/huge: is too large: 1099511627776 bytes, at most 1000 are read"

    def test_text_that_is_not_utf8_is_named_by_its_first_bad_byte(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"one\ntwo \xff\n")
        with pytest.raises(UnreadableError) as caught:
            Reader().read_text(str(tmp_path / "a"))
        assert str(caught.value) == f"{tmp_path}/a:2: is not UTF-8 text: byte 0xff at offset 8"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mountinfo is Linux's")
def test_the_slack_is_that_of_the_file_system() -> None:
    slack = trace.slack_by_device()
    assert slack[os.stat("/proc").st_dev] is None
    assert set(slack.values()) <= {None, trace.LOCAL_SLACK_NS, trace.FOREIGN_SLACK_NS}


class TestQuestions:
    def test_a_question_is_asked_once_and_its_vouchers_before_and_after(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from envguard import questions

        asked: list[str] = []
        said = iter(["1", "1"])

        def ask() -> str:
            asked.append("life")
            return "42"

        monkeypatch.setitem(PROBES, "voucher", lambda: next(said))
        question = questions.Question(ask=ask, vouchers=("voucher",))
        monkeypatch.setitem(questions.QUESTIONS, "life", question)
        reader = Reader()
        assert [reader.ask("life"), reader.ask("life")] == ["42", "42"]
        assert len(asked) == 1
        assert reader.trace.values["probe", "voucher"] == "1"
        assert not reader.trace._unstable

    def test_an_answer_that_something_changed_under_is_not_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from envguard import questions

        said = iter(["before", "after"])
        monkeypatch.setitem(PROBES, "voucher", lambda: next(said))
        monkeypatch.setitem(questions.QUESTIONS, "life", questions.Question(ask=str, vouchers=("voucher",)))
        reader = Reader()
        reader.ask("life")
        assert not reader.trace.settled()

    def test_every_voucher_is_a_probe(self) -> None:
        from envguard.questions import QUESTIONS

        assert {name for question in QUESTIONS.values() for name in question.vouchers} <= set(PROBES)

    def test_a_part_of_a_file_and_its_size_are_inputs(self, tmp_path: Path) -> None:
        path = tmp_path / "a"
        path.write_bytes(b"0123456789")
        reader = Reader()
        assert (reader.size(str(path)), reader.read_part(str(path), 3, 4)) == (10, b"3456")
        assert reader.read_part(str(path), 8, 100) == b"89"
        assert reader.read_part(str(path), 100, 5) == b""
        assert holds(reader)
        path.write_bytes(b"012345678")
        assert not holds(reader)

    def test_what_is_no_file_has_no_parts(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        for name in ("pipe", ".", "gone"):
            with pytest.raises(UnreadableError, match="is not there, or no regular file"):
                Reader().read_part(str(tmp_path / name), 0, 1)
