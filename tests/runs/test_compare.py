"""Why did this work yesterday, and not today? What can change numbers comes first; what nobody knows is never the same."""

from __future__ import annotations

import copy
import json
import subprocess
from typing import TYPE_CHECKING, Any

from envguard.runs.compare import compare_receipts
from tests.receipts.specimens import document, first_version, sealed

if TYPE_CHECKING:
    from pathlib import Path

    from envguard.report.meaning import Meaning


def changed(made: dict[str, Any], **paths: Any) -> dict[str, Any]:
    """Return a copy of a receipt in which the values at these routes (``a__b__c``) are others."""
    found = copy.deepcopy(made)
    for path, value in paths.items():
        *route, last = path.split("__")
        here = found
        for key in route:
            here = here[key.replace("·", ".")]
        here[last.replace("·", ".")] = value
    return sealed(found)


def rows(meaning: Meaning) -> list[tuple[str, str, str, str, str]]:
    return [
        (section.title, row.name, row.old, row.new, row.what) for section in meaning.sections for row in section.rows
    ]


def test_the_same_run_says_the_same(folder: Path) -> None:
    made = document(folder)
    found = compare_receipts(made, made)
    assert (rows(found), found.numbers, found.counts) == ([], False, "0 differ")
    assert found.verdict == "the two records say the same"


def test_builds_of_packages_are_spelled_out(folder: Path) -> None:
    made = changed(document(folder), observed__packages__torch="2.9.0+cu128", observed__conda={"mkl": "2024.2=h3_0"})
    other = changed(made, observed__packages__torch="2.9.0+cu130", observed__conda={"mkl": "2024.2=h3_1"})
    found = compare_receipts(made, other)
    assert rows(found) == [
        ("packages that compute numbers", "mkl (conda)", "2024.2=h3_0", "2024.2=h3_1", "rebuilt"),
        ("packages that compute numbers", "torch", "2.9.0+cu128", "2.9.0+cu130", "rebuilt"),
    ]
    assert found.builds == ("torch cu128 -> cu130: CUDA libraries change from 12 to 13",)


def test_what_can_change_numbers_comes_first(folder: Path) -> None:
    made = document(folder)
    made["observed"]["code"] = {"commit": "ab" * 20, "clean": True}
    made["libraries"] = {"torch": {"version": "2.13.0", "loaded": "later"}}
    other = changed(
        made,
        seed="43",
        observed__packages={"attrs": "26.2", "numpy": "2.4.5", "pillow": "12.0", "typing-extensions": "1"},
        observed__facts__cpu·vendor="AuthenticAMD",
        observed__facts__variable·MKL_CBWR="AVX512",
        observed__data__trees__raw__root="blake3:" + "00" * 32,
        observed__code={"commit": "cd" * 20, "clean": False},
        observed__lock__digest="blake3:" + "2c" * 32,
        switches__PYTHONHASHSEED={"wanted": "any", "found": "1"},
        process__argv=["train.py", "--lr", "0.2"],
        process__environment={"MKL_CBWR": "AVX512", "SLURM_JOB_ID": "7", "PYTHONOPTIMIZE": "1"},
        libraries={"torch": {"version": "2.12.0", "loaded": "later"}},
        audit__hostname="another",
        verdict="drift",
    )
    made = changed(made, process__argv=["train.py"], process__environment={"MKL_CBWR": "AVX2", "SLURM_JOB_ID": "6"})
    found = compare_receipts(made, other)
    assert [(title, name) for title, name, *_ in rows(found)] == [
        ("packages that compute numbers", "numpy"),
        ("the machine", "cpu.vendor"),
        ("the machine", "variable.MKL_CBWR"),
        ("seeds", "seed"),
        ("switches", "PYTHONHASHSEED"),
        ("data", "raw"),
        ("code", "clean"),
        ("code", "commit"),
        ("the command", "$PYTHONOPTIMIZE"),
        ("the command", "arguments"),
        ("loaded libraries", "torch"),
        ("other packages", "attrs"),
        ("other packages", "typing-extensions"),
        ("lock, record and selection", "lock"),
        ("the check", "verdict"),
        ("for people only", "$SLURM_JOB_ID"),
        ("for people only", "hostname"),
    ]
    assert rows(found)[0][2:] == ("2.4.6", "2.4.5", "downgraded")
    assert ("other packages", "typing-extensions", "", "1", "added") in rows(found)
    assert [section.numbers for section in found.sections] == [True] * 8 + [False] * 4
    assert found.counts == "17 differ"
    assert found.verdict == (
        "results of the two are results of two states: keep them apart; look first at packages that compute numbers: "
        "numpy (2.4.6 -> 2.4.5)"
    )


def test_what_changes_no_number_is_said_to_change_none(folder: Path) -> None:
    made = document(folder)
    found = compare_receipts(made, changed(made, observed__packages__attrs="26.2", audit__hostname="another"))
    assert not found.numbers
    assert found.verdict == "the two records differ in nothing that a result depends on"


def test_packages_that_a_project_calls_numeric_are(folder: Path) -> None:
    made = document(folder)
    assert compare_receipts(made, changed(made, observed__packages__attrs="26.2"), numeric=["attrs"]).numbers


def test_two_unknowns_are_not_the_same(folder: Path) -> None:
    made = changed(document(folder), observed__facts__cpu·vendor="unknown: hidden")
    found = compare_receipts(made, made)
    assert rows(found) == [("the machine", "cpu.vendor", "unknown: hidden", "unknown: hidden", "cannot tell")]
    assert (found.numbers, found.counts) == (False, "0 differ, 1 cannot be told")
    assert found.verdict == "nothing that a result depends on is known to differ, but not all of it is known"


def test_a_known_difference_stands_before_what_nobody_knows(folder: Path) -> None:
    made = changed(document(folder), observed__facts__cpu·vendor="unknown: hidden")
    found = compare_receipts(made, changed(made, observed__facts__interpreter·version="3.12.1"))
    assert [row[1] for row in rows(found)] == ["interpreter.version", "cpu.vendor"]
    assert found.numbers


def test_what_the_first_version_could_not_tell_is_no_difference(folder: Path) -> None:
    made = document(folder)
    old = json.loads(
        first_version(observed=made["observed"], switches=made["switches"], seeded=made["seeded"], waived=[])
    )
    found = {title for title, *_ in rows(compare_receipts(old, made))}
    assert found <= {"the check", "for people only"}


def test_what_happened_while_they_ran_is_compared(folder: Path) -> None:
    made = document(folder)
    time = made["time"]
    other = changed(
        made,
        rank={"launcher": "torchrun", "rank": 0, "size": 8},
        observed__canaries={
            "scheme": "1",
            "recorded": {"torch.cpu.sum": "blake2b:00"},
            "groups": {"torch.cpu": {"same": [], "other": ["sum"], "unknown": {}, "not-run": None}},
        },
        events=[
            {"kind": "seal", "time": time},
            {"kind": "verify", "time": time, "changes": []},
            {"kind": "verify", "time": time, "changes": ["torch was reseeded"]},
        ],
    )
    other["later-imports"] = {"files": 1, "committed": 0, "others": {"/app/helper.py": "changed"}}
    assert rows(compare_receipts(made, sealed(other))) == [
        ("canaries", "torch.cpu, other bits", "", "sum", "added"),
        ("canaries", "torch.cpu.sum", "", "unknown: its receipt does not keep them", "added"),
        ("code", "loaded later: /app/helper.py", "", "changed", "added"),
        ("the command", "ranks", "", "8", "added"),
        ("while it ran", "verify 1", "", 'changes ["torch was reseeded"]', "added"),
    ]


def test_canaries_are_compared_by_what_each_run_gave(folder: Path) -> None:
    """Two runs that gave other bits than were recorded have not given the same ones for that."""
    made = document(folder)
    group: dict[str, Any] = {"same": ["exp"], "other": ["sum"], "unknown": {}, "not-run": None}
    failed = {**group, "same": [], "unknown": {"exp": "no memory"}}
    idle = {"same": [], "other": [], "unknown": {}, "not-run": "CUDA is not initialised"}
    told = {
        "scheme": "1",
        "recorded": {"torch.cpu.sum": "blake2b:00", "torch.cpu.exp": "blake2b:01", "torch.cuda.sum": "blake2b:02"},
        "groups": {"torch.cpu": group, "torch.cuda": idle},
    }
    old = changed(made, observed__canaries={**told, "seen": {"torch.cpu.sum": "blake2b:0a"}})
    ran = {**idle, "same": ["sum"], "not-run": None}
    new = changed(
        made,
        observed__canaries={
            **told,
            "groups": {"torch.cpu": failed, "torch.cuda": ran},
            "seen": {"torch.cpu.sum": "blake2b:0b"},
        },
    )
    assert rows(compare_receipts(sealed(old), sealed(new))) == [
        ("canaries", "torch.cpu.exp", "blake2b:01", "unknown: no memory", "changed"),
        ("canaries", "torch.cpu.sum", "blake2b:0a", "blake2b:0b", "changed"),
        ("canaries", "torch.cuda, not run", "CUDA is not initialised", "", "removed"),
    ]


def test_the_commits_between_are_counted_where_git_knows_both(folder: Path) -> None:
    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    git("init", "--quiet", "--initial-branch=main")
    commits = []
    for number in range(4):
        git("commit", "--quiet", "--allow-empty", "--message", str(number))
        commits.append(git("rev-parse", "HEAD"))
    git("checkout", "--quiet", "-b", "other", commits[0])
    git("commit", "--quiet", "--allow-empty", "--message", "aside")
    aside = git("rev-parse", "HEAD")

    def notes(old: str, new: str) -> tuple[str, ...]:
        made = document(folder)
        sides = [changed(made, observed__code={"commit": commit}) for commit in (old, new)]
        (section,) = compare_receipts(*sides, repository=str(folder)).sections
        return section.rows[0].notes

    assert notes(commits[0], commits[3]) == (
        f"3 commits between them: git log --oneline {commits[0][:12]}..{commits[3][:12]}",
    )
    assert notes(aside, commits[3]) == (
        f"3 commits between them, and 1 that only the older run had: git log --oneline {aside[:12]}..{commits[3][:12]}",
    )
    assert notes("ab" * 20, commits[3]) == ()
    # What is no commit never reaches git.
    assert notes("--output=/tmp/x", commits[3]) == ()
