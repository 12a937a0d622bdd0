"""EG9, and EG1's way from verdicts to findings."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest

from envguard.baseline import Baseline
from envguard.config import Config
from envguard.lockfiles.model import Commands, FreshnessVerdict, Inconsistency, Reason
from envguard.model import Impact, Place, Selection, Severity, Waiver
from tests.rules.evidence import PROJECT, dist, evidence, findings, lock, locked, machine, one

PLACE = Place(path=f"{PROJECT}/envguard.lock", keys=("machines", "laptop", "lock", "digest"))


def test_without_a_lock_nobody_can_tell() -> None:
    finding = one("missing-lock", replace(evidence(), lock=None))
    assert finding.message == "there is no uv.lock, so nobody can say which packages should be here"
    assert finding.unknown


def test_without_a_record_nobody_can_tell() -> None:
    finding = one("missing-baseline", evidence())
    assert (finding.message, finding.hint, finding.unknown) == (
        "there is no envguard.lock: nothing was ever recorded",
        "envguard record",
        True,
    )
    empty = Baseline(path=f"{PROJECT}/envguard.lock", digest="", machines={})
    assert one("missing-baseline", replace(evidence(), baseline=empty)).message == "envguard.lock records no machine"


def test_a_record_for_another_lock_names_what_changed_here() -> None:
    packages = [dist("numpy", "2.4.5"), dist("gone", "1"), dist("click", "8.5")]
    recorded = machine(packages, lock_digest="blake3:older")
    seen = evidence(
        [locked("numpy", "2.4.6"), locked("click", "8.5")],
        [dist("numpy", "2.4.6"), dist("click", "8.5.0")],
        recorded=recorded,
    )
    finding = one("outdated-baseline", seen)
    assert finding.message == (
        "uv.lock changed since the baseline was recorded; installed here and different: "
        "numpy 2.4.5 -> 2.4.6, gone 1 -> absent"
    )
    assert (finding.expected, finding.found, finding.place) == ("blake3:older", "blake3:lock", PLACE)
    assert (finding.hint, finding.severities.run_to_run) == ("envguard record", Severity.ERROR)


def test_a_changed_lock_that_changes_nothing_here_is_noted() -> None:
    recorded = machine([dist("numpy")], lock_digest="blake3:older")
    finding = one("outdated-baseline", evidence([locked("numpy")], [dist("numpy")], recorded=recorded))
    assert finding.message == "uv.lock changed since the baseline was recorded; nothing that is installed here differs"
    assert (finding.impact, finding.severities.run_to_run) == (Impact.NONE, Severity.NOTE)


def test_a_long_list_of_changes_is_cut_with_a_count() -> None:
    names = [f"p{number}" for number in range(12)]
    recorded = machine([dist(name, "1") for name in names], lock_digest="blake3:older")
    seen = evidence([locked(name, "2") for name in names], [dist(name, "2") for name in names], recorded=recorded)
    assert one("outdated-baseline", seen).message.endswith("p7 1 -> 2 and 4 more")


def test_another_selection_than_recorded_is_found() -> None:
    recorded = machine(selection=Selection(extras=("cpu",), groups=("dev",)))
    seen = evidence(recorded=recorded, selection=Selection(extras=("cu130",), groups=("dev",)))
    finding = one("outdated-baseline", seen)
    assert finding.subject == "selection"
    assert finding.expected == "extras cpu; groups dev; default groups"
    assert finding.found == "extras cu130; groups dev; default groups"
    assert findings("outdated-baseline", evidence(recorded=recorded, selection=recorded.selection)) == []


def test_of_several_machines_the_command_names_the_one_to_record() -> None:
    recorded = machine([dist("numpy", "1")], lock_digest="blake3:older")
    seen = evidence([locked("numpy", "2")], [dist("numpy", "2")], recorded=recorded)
    assert seen.baseline is not None
    seen = replace(seen, baseline=seen.baseline.with_machine("node", recorded))
    assert one("outdated-baseline", seen).hint == "envguard record --machine laptop"


@pytest.mark.parametrize(
    ("until", "ended"), [(datetime.date(2026, 11, 22), True), (datetime.date(2026, 11, 23), False)]
)
def test_a_waiver_ends_after_its_last_day(until: datetime.date, ended: bool) -> None:
    waiver = Waiver(rule="EG203", subject="numpy", reason="x", until=until, index=2)
    config = Config(path=f"{PROJECT}/pyproject.toml", keys=("tool", "envguard"), waivers=(waiver,))
    found = findings("expired-waiver", evidence(config=config))
    assert [finding.message for finding in found] == (
        [f"the waiver of EG203 for 'numpy' ended on {until}"] if ended else []
    )
    for finding in found:
        keys = ("tool", "envguard", "waivers", 2, "until")
        assert finding.place == Place(path=f"{PROJECT}/pyproject.toml", keys=keys)
        assert finding.severities.host_to_host is Severity.WARNING


def test_stale_and_cannot_tell_are_two_findings() -> None:
    reasons = (
        Reason(subject="numpy", message="numpy differs", path="/p", keys=("project",), expected=">=2", found=">=1"),
        Reason(subject="dependencies", message="dynamic", path="/p", unknown=True),
    )
    seen = evidence(freshness=FreshnessVerdict(reasons=reasons))
    stale, undecided = one("stale-lock", seen), one("undecided-freshness", seen)
    assert (stale.subject, stale.unknown, stale.expected, stale.found) == ("numpy", False, ">=2", ">=1")
    assert (undecided.subject, undecided.unknown, undecided.hint) == ("dependencies", True, "uv lock --check")
    assert seen.lock is not None
    commands = Commands(lock="pip lock", install="pip install")
    undecided = one("undecided-freshness", replace(seen, lock=replace(seen.lock, commands=commands)))
    assert undecided.hint == (
        "pip lock; if it stays so, waive undecided-freshness for 'dependencies' with the reason, see: envguard explain EG102"
    )


def test_a_file_with_the_name_of_a_lock_is_told_apart_from_one() -> None:
    seen = replace(evidence(), lock=None, lock_name="requirements.txt", first_lock="uv pip compile x")
    finding = one("missing-lock", replace(seen, passed_over="requirements.txt"))
    assert finding.message == (
        "requirements.txt does not look like a lock that a tool wrote, so nobody can say which packages should be here"
    )
    assert finding.hint == ('uv pip compile x; or, if requirements.txt is the lock, name it: lock = "requirements.txt"')
    finding = one("missing-lock", replace(seen, lock_name="uv.lock", passed_over="requirements.txt"))
    assert finding.message == "there is no uv.lock, so nobody can say which packages should be here"


def test_what_has_no_name_is_unknown() -> None:
    item = Inconsistency(
        kind="nameless", subject="-e ./lib", message="'-e ./lib' is odd", keys=(), line=3, path="/p/r.txt"
    )
    finding = one("missing-lock", evidence(inconsistencies=(item,)))
    assert (finding.subject, finding.message, finding.unknown) == ("-e ./lib", "'-e ./lib' is odd", True)
    assert finding.place == Place(path="/p/r.txt", line=3)
    assert finding.hint == "write it as: NAME @ ./lib"


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("edge", "broken-edge"),
        ("duplicate", "broken-edge"),
        ("artifact", "artifact-mismatch"),
        ("hash", "weak-hash"),
        ("unpinned", "unpinned-package"),
    ],
)
def test_each_kind_of_contradiction_in_a_lock_has_its_rule(kind: str, name: str) -> None:
    item = Inconsistency(kind=kind, subject="numpy", message="is odd", keys=("package", 3))
    finding = one(name, evidence(inconsistencies=(item,)))
    assert (finding.subject, finding.message) == ("numpy", "is odd")
    assert finding.place == Place(path=lock(()).path, keys=("package", 3))


def test_what_is_left_open_is_an_error_only_where_it_is_needed() -> None:
    item = Inconsistency(kind="unlocked", subject="pywin32", message="is open", keys=("default", "pywin32"))
    here = evidence([locked("pywin32", None)], inconsistencies=(item,))
    assert one("unpinned-package", here).severities.cross_hardware is Severity.ERROR
    elsewhere = evidence([locked("numpy")], inconsistencies=(item,))
    assert one("unpinned-package", elsewhere).severities.run_to_run is Severity.WARNING
    static = evidence([locked("pywin32", None)], inconsistencies=(item,), selected=None)
    assert one("unpinned-package", static).severities.run_to_run is Severity.WARNING
