"""A tree as an input of a check: what is said of it at first, and what is said of it again, are one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from envguard.data import quick
from envguard.errors import UnreadableError
from envguard.trees import probe

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def tree(folder: Path) -> Path:
    (folder / "sub").mkdir()
    (folder / "a").write_bytes(b"first")
    (folder / "sub" / "b.tmp").write_bytes(b"second")
    return folder


@pytest.mark.parametrize("ignore", [(), ("*.tmp",), ("sub/", "/x")])
@pytest.mark.parametrize("full", [False, True])
def test_what_is_told_is_told_again(tree: Path, ignore: tuple[str, ...], *, full: bool) -> None:
    identity = probe.identify(str(tree), ignore, full=full)
    text, walked = probe.tell(identity)
    assert walked is not None
    files = 1 if ignore else 2
    assert text == f"{walked.root}:{files}:{walked.bytes}:content"
    assert probe.retell(identity) == text
    (tree / "a").write_bytes(b"FIRST")
    assert probe.retell(identity) not in (text, "")


def test_everything_that_makes_another_walk_is_in_the_identity() -> None:
    made = {
        probe.identify("/data", ()),
        probe.identify("/other", ()),
        probe.identify("/data", ("*.tmp",)),
        probe.identify("/data", ("*", ".tmp")),
        probe.identify("/data", (), sample=0.5),
        probe.identify("/data", (), full=True),
    }
    assert len(made) == 6


def test_a_known_file_makes_it_an_answer_of_the_stat_cache(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("envguard.trace.LOCAL_SLACK_NS", 0)
    monkeypatch.setattr("envguard.trace.FOREIGN_SLACK_NS", 0)
    identity = probe.identify(str(tree), ())
    root = probe.tell(identity)[0].partition(":")[0]
    assert probe.tell(identity)[0] == probe.retell(identity) == f"{root}:2:11:stat-cache"
    everything = probe.identify(str(tree), (), sample=1.0)
    assert probe.retell(everything) == f"{root}:2:11:content"
    assert probe.retell(probe.identify(str(tree), (), full=True)) == f"{root}:2:11:content"


def test_a_tree_with_problems_and_one_that_is_gone_are_told_by_nothing(tree: Path) -> None:
    identity = probe.identify(str(tree), ())
    (tree / "gone").symlink_to("nowhere")
    assert probe.retell(identity) == ""
    assert probe.tell(identity)[0] == ""
    missing = probe.identify(str(tree / "none"), ())
    assert probe.retell(missing) == ""
    with pytest.raises(UnreadableError):
        probe.tell(missing)


@pytest.mark.parametrize("error", [RuntimeError, MemoryError, OSError, ValueError])
def test_whatever_stops_a_walk_is_left_to_the_check_to_say(
    tree: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def walk(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(quick, "walk", walk)
    assert probe.retell(probe.identify(str(tree), ())) == ""


def test_ctrl_c_is_left_to_whoever_asked(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def walk(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(quick, "walk", walk)
    with pytest.raises(KeyboardInterrupt):
        probe.retell(probe.identify(str(tree), ()))
