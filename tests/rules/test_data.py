"""EG5: what is said of a tree that is not as it was recorded."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from envguard.baseline import RecordedTree
from envguard.data.model import Change, Differences, Entry, Rename
from envguard.model import Impact, Level, Place, Severity
from envguard.rules.evidence import Evidence
from envguard.trees.model import TreeState
from envguard.trees.words import fault, listed
from envguard.walked import Problem
from tests.rules.evidence import PROJECT, evidence, findings, machine, one

OLD, NEW = f"blake3:{'0' * 64}", f"blake3:{'1' * 64}"
RULES = ("data-changed", "data-missing", "data-unreadable", "data-silent-change")
RECORDED = RecordedTree(path="data/raw", root=OLD, files=20_000, bytes=2_100_000_000)


def seen(name: str = "raw", recorded: RecordedTree = RECORDED, **values: Any) -> Evidence:
    state = TreeState(name=name, recorded=recorded, **{"path": f"{PROJECT}/data/raw", **values})
    return evidence(recorded=machine(), trees=(state,))


def named(count: int, word: str = "f") -> tuple[Entry, ...]:
    return tuple(Entry(path=f"{word}{index}", digest="0" * 64) for index in range(count))


def test_a_tree_that_is_as_recorded_has_no_finding() -> None:
    same = seen(root=OLD, files=20_000, bytes=2_100_000_000, assurance="stat-cache")
    assert [finding for rule in RULES for finding in findings(rule, same)] == []
    assert [finding for rule in RULES for finding in findings(rule, evidence(recorded=machine()))] == []


def test_a_changed_tree_names_the_first_files_and_the_way_back() -> None:
    differences = Differences(
        added=named(5),
        changed=(Change(path="a/b", before="", after=""),),
        removed=named(1, "old"),
        renamed=(Rename(before="x", after="y", digest=""),),
    )
    finding = one("data-changed", seen(root=NEW, files=20_004, bytes=17, differences=differences))
    assert finding.message == (
        "raw is not the data that was recorded: 5 added (f0, f1, f2 and 2 more), 1 removed (old0), 1 changed (a/b), "
        "1 renamed (x -> y)"
    )
    assert finding.expected == f"{OLD} (20,000 files, 2.1 GB)"
    assert finding.found == f"{NEW} (20,004 files, 17 bytes, {PROJECT}/data/raw)"
    assert finding.hint == "`envguard data diff raw`, or where the change is wanted: `envguard data update raw`"
    assert finding.place == Place(path=f"{PROJECT}/envguard.lock", keys=("data", "raw", "root"))
    assert finding.impact is Impact.NUMBERS
    assert not finding.unknown
    assert [finding.severities.at(level) for level in Level] == [Severity.ERROR] * 3


def test_without_a_manifest_it_says_so() -> None:
    finding = one("data-changed", seen(root=NEW, untold="its manifest is not kept here (.envguard/manifests/raw.b3)"))
    assert finding.message == (
        "raw is not the data that was recorded: which files differ cannot be told: "
        "its manifest is not kept here (.envguard/manifests/raw.b3)"
    )


def test_a_missing_folder_is_a_difference() -> None:
    finding = one("data-missing", seen(missing=True))
    assert finding.message == f"raw is not there: nothing is at {PROJECT}/data/raw"
    assert finding.hint == "mount or fetch the data; if it is no longer used: envguard data remove raw"
    assert not finding.unknown


def test_a_variable_that_is_not_set_is_unknown_and_named() -> None:
    recorded = RecordedTree(path="$DATA_ROOT/raw", root=OLD, files=1, bytes=1)
    finding = one("data-missing", seen(recorded=recorded, path=None, unset="DATA_ROOT"))
    assert finding.message == "raw cannot be found: the environment variable DATA_ROOT is not set"
    assert finding.hint == "export DATA_ROOT=…"
    assert finding.expected == "$DATA_ROOT/raw"
    assert finding.unknown


def test_a_tree_with_problems_is_unknown_and_names_the_first() -> None:
    problems = (
        Problem(path=b"a", kind="unreadable", errno=errno.EACCES),
        Problem(path=b"b\xff", kind="dangling", errno=errno.ENOENT),
        Problem(path=b"c", kind="special", errno=0),
        Problem(path=b"d", kind="loop", errno=errno.ELOOP),
    )
    finding = one("data-unreadable", seen(problems=problems))
    assert finding.message == (
        "raw cannot be compared: a cannot be read: permission denied, b\udcff is a link to nothing, "
        "c is neither a file nor a folder, but a pipe, socket or device and 1 more"
    )
    assert finding.hint == "mend what is named, then: envguard data verify raw"
    assert finding.unknown
    assert findings("data-changed", seen(problems=problems)) == []


def test_a_folder_that_cannot_be_asked_is_unknown() -> None:
    finding = one("data-unreadable", seen(fault="cannot be read: input/output error"))
    assert finding.message == "raw cannot be compared: cannot be read: input/output error"
    assert finding.unknown


def test_a_silent_change_is_a_difference_of_its_own() -> None:
    problems = (Problem(path=b"a", kind="silent", errno=0),)
    finding = one("data-silent-change", seen(problems=problems))
    assert finding.message == "raw changed without a trace: a"
    assert finding.hint == "envguard data verify raw --full"
    assert not finding.unknown
    assert findings("data-unreadable", seen(problems=problems)) == []


def test_names_are_quoted_in_commands() -> None:
    finding = one("data-changed", seen(name="my data", root=NEW))
    assert (
        finding.hint
        == "`envguard data diff 'my data'`, or where the change is wanted: `envguard data update 'my data'`"
    )


@pytest.mark.parametrize(
    ("kind", "number", "words"),
    [
        ("unreadable", errno.EIO, "cannot be read: input/output error"),
        ("unreadable", 0, "cannot be read: no reason was given"),
        ("dangling", errno.ENOENT, "is a link to nothing"),
        ("loop", errno.ELOOP, "is a link that leads back to itself or to a folder that holds it"),
        ("special", 0, "is neither a file nor a folder, but a pipe, socket or device"),
        ("unstable", 0, "changed while it was read"),
        ("unstable", errno.ENOENT, "vanished while the tree was read"),
        (
            "silent",
            0,
            "has other content than when it was last read, though its size and times say that nothing changed",
        ),
    ],
)
def test_every_problem_has_its_words(kind: str, number: int, words: str) -> None:
    assert fault(Problem(path=b"x", kind=kind, errno=number)) == words


def test_a_long_list_ends_with_a_number() -> None:
    assert listed(["a", "b"], 2) == "a, b"
    assert listed([str(number) for number in range(2000)], 2) == "0, 1 and 1,998 more"
    assert listed(["a", "b"], 3, 12) == "a, b and 10 more"
