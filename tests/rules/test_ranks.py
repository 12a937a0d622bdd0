"""EG8: what is said of ranks that do not go on together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from envguard.check import report_on
from envguard.model import Impact, Level, Severity, Verdict, Waiver
from envguard.ranks.model import Agreement, Group, Refusal, SharedTree, Split
from envguard.rules.evidence import Evidence
from envguard.rules.registry import Need
from tests.rules.evidence import evidence, findings, one

RULES = ("rank-mismatch", "rank-missing", "rank-refused", "rank-contradiction", "ranks-unasked", "shared-data-mismatch")
AGREED = Agreement(rank=0, size=16, launcher="torchrun", how="a store", digest=f"blake3:{'0' * 64}")


def seen(**values: Any) -> Evidence:
    return replace(evidence(), ranks=replace(AGREED, **values))


def group(ranks: str, count: int, value: str | None, *hosts: str) -> Group:
    return Group(ranks=ranks, count=count, hosts=hosts, value=value)


def split(key: str, *groups: Group, section: str = "driver") -> Split:
    return Split(section=section, key=key, groups=groups)


DRIVER = split(
    "nvidia.driver", group("0-7,16-63", 56, "580.2", "node-a", "node-c"), group("8-15", 8, "570.1", "node-b")
)


def test_ranks_that_agree_have_no_finding() -> None:
    assert [finding for rule in RULES for finding in findings(rule, seen())] == []
    assert [finding for rule in RULES for finding in findings(rule, evidence())] == []


def test_the_few_are_named_and_the_many_are_the_others() -> None:
    finding = one("rank-mismatch", seen(splits=(DRIVER,)))
    assert finding.subject == "nvidia.driver"
    assert finding.message == "nvidia.driver is 570.1 on ranks 8-15 (node-b), and 580.2 on the others"
    assert (finding.expected, finding.found) == ("580.2", "570.1 on ranks 8-15 (node-b)")
    assert finding.impact is Impact.NUMBERS
    assert not finding.unknown
    assert finding.hint == "ask the scheduler for nodes with one driver, or have it updated"


def test_where_nobody_is_the_majority_all_are_named() -> None:
    finding = one("rank-mismatch", seen(splits=(split("seed.root", group("0", 1, "1", "a"), group("1", 1, "2", "b")),)))
    assert finding.message == "seed.root is 1 on rank 0 (a), 2 on rank 1 (b)"
    assert finding.expected is None
    assert finding.found == "1 on rank 0 (a); 2 on rank 1 (b)"


def test_of_many_groups_some_are_named() -> None:
    groups = (group("0,1", 2, "v", "a"), *(group(str(rank), 1, f"w{rank}", "b") for rank in range(2, 9)))
    finding = one("rank-mismatch", seen(splits=(split("package.torch", *groups, section="packages"),)))
    assert finding.message == (
        "package.torch is w2 on rank 2 (b), w3 on rank 3 (b), w4 on rank 4 (b), w5 on rank 5 (b), … (3 more groups), "
        "and v on the others"
    )


def test_what_is_long_stands_below_the_sentence() -> None:
    first, second = "avx " * 30, "sse " * 30
    finding = one(
        "rank-mismatch", seen(splits=(split("cpu.features", group("0-2", 3, first), group("3", 1, second, "b")),))
    )
    assert finding.message == "cpu.features is not the same on all ranks: rank 3 (b) differ from the others"
    assert finding.expected == first


@pytest.mark.parametrize(
    ("key", "values", "severities"),
    [
        ("nvidia.driver", ("570", "580"), ["error", "error", "note"]),
        ("nvidia.gpus", ("H100", "A100"), ["error", "error", "note"]),
        ("nvidia.memory", ("80", "40"), ["warning", "warning", "None"]),
        ("threads.openmp", ("1", "2"), ["error", "error", "None"]),
        ("interpreter.version", ("3.11.1", "3.11.2"), ["error", "error", "note"]),
        ("interpreter.version", ("3.11.1", "3.12.1"), ["error", "error", "error"]),
        ("package.numpy", ("1", "2"), ["error"] * 3),
        ("seed.root", ("1", "2"), ["error"] * 3),
        ("data.train", ("x", "y"), ["error"] * 3),
    ],
)
def test_how_grave_it_is_follows_the_table_of_facts(key: str, values: tuple[str, str], severities: list[str]) -> None:
    groups = (group("0,1", 2, values[0]), group("2", 1, values[1]))
    finding = one("rank-mismatch", seen(splits=(split(key, *groups, section="packages"),)))
    assert [str(finding.severities.at(level)) for level in Level] == severities


def test_a_package_that_computes_no_numbers_is_no_less_another() -> None:
    groups = (group("0,1", 2, "1"), group("2", 1, "2"))
    finding = one("rank-mismatch", seen(splits=(split("package.rich", *groups, section="packages"),)))
    assert finding.impact is Impact.BEHAVIOUR
    assert finding.severities.run_to_run is Severity.ERROR


def test_what_one_rank_could_not_tell_is_unknown() -> None:
    groups = (group("0,1", 2, "80 GB", "a"), group("2", 1, None, "b"))
    finding = one("rank-mismatch", seen(splits=(split("nvidia.multiprocessors", *groups),)))
    assert finding.unknown
    assert finding.message == "nvidia.multiprocessors is not to be told on rank 2 (b), and 80 GB on the others"


def test_a_variable_that_is_empty_is_shown_as_such() -> None:
    groups = (group("0,1", 2, "", "a"), group("2", 1, "not there", "b"))
    finding = one("rank-mismatch", seen(splits=(split("variable.NCCL_ALGO", *groups, section="variables"),)))
    assert finding.message == "variable.NCCL_ALGO is not there on rank 2 (b), and '' on the others"


def test_what_is_not_listed_is_counted() -> None:
    more, rest = findings("rank-mismatch", seen(more=(("packages", 17),), rest=(("packages", "40-63"),)))
    assert more.message == "17 further keys of packages differ between the ranks"
    assert rest.message == "packages differ on ranks 40-63 from all of those that were asked for more"


def test_ranks_that_were_not_heard_are_unknown() -> None:
    finding = one("rank-missing", seen(missing="3,7", waited=60.0))
    assert finding.message == "ranks 3, 7 did not answer within 60 s"
    assert finding.unknown
    late = one(
        "rank-missing",
        seen(missing="3", waited=10.2, refusals=(Refusal(ranks="1", hosts=(), text="x", unknown=False),)),
    )
    assert late.message == "rank 3 had not answered when others refused, after 10.2 s"
    gone = one("rank-missing", seen(missing="0", broken="what the ranks talk over went away: Connection reset by peer"))
    assert gone.message == "rank 0 is gone: what the ranks talk over went away: Connection reset by peer"
    # What is known of why is no contradiction beside it.
    assert findings("rank-contradiction", seen(missing="0", broken="x")) == []


def test_ranks_that_refuse_are_named_with_their_reason() -> None:
    refusal = Refusal(ranks="8-15", hosts=("node-b",), text="EG303 [cpu-mismatch] cpu.vendor is X", unknown=False)
    finding = one("rank-refused", seen(refusals=(refusal,)))
    assert finding.message == "ranks 8-15 (node-b) would not go on: EG303 [cpu-mismatch] cpu.vendor is X"
    assert finding.hint == "see the report of rank 8"
    assert not finding.unknown
    assert one("rank-refused", seen(refusals=(replace(refusal, unknown=True),))).unknown


def test_ranks_that_count_differently_contradict_one_another() -> None:
    sizes = split("job.size", group("0,1,2", 3, "4"), group("3", 1, "8", "b"), section="job")
    assert findings("rank-mismatch", seen(splits=(sizes,))) == []
    assert (
        one("rank-contradiction", seen(splits=(sizes,))).message == "job.size is 8 on rank 3 (b), and 4 on the others"
    )
    told = one("rank-contradiction", seen(broken="two processes say that they are rank 1 of 4"))
    assert told.message == "two processes say that they are rank 1 of 4"
    assert told.hint == "start all ranks by one launcher, with the same variables and the same envguard"
    assert one("rank-contradiction", seen(broken="x", hint="unset RANK")).hint == "unset RANK"


def test_ranks_that_cannot_be_asked_are_unknown() -> None:
    finding = one("ranks-unasked", seen(doubt="torch is not there", hint="install torch"))
    assert finding.message == "16 ranks cannot be asked whether they see the same: torch is not there"
    assert finding.hint == 'install torch; where they are no ranks of one job: `enforce(ranks="off")`'
    assert finding.unknown


def test_a_difference_that_is_meant_can_be_waived() -> None:
    whole = seen(splits=(DRIVER,))
    waiver = Waiver(rule="rank-mismatch", subject="nvidia.driver", reason="two clusters")
    waived = replace(whole, config=replace(whole.config, waivers=(waiver,)))
    assert report_on(whole, None, (Need.RANKS,)).verdict is Verdict.DRIFT
    assert report_on(waived, None, (Need.RANKS,)).verdict is Verdict.CLEAN
    assert report_on(whole, None, (Need.RANKS,), Level.CROSS_HARDWARE).verdict is Verdict.CLEAN


def test_the_report_says_how_many_were_asked_and_how() -> None:
    assert report_on(seen(), None, (Need.RANKS,)).notes["ranks"] == "16, by torchrun, over a store"


def shared(**values: Any) -> Evidence:
    return seen(trees=(SharedTree(name="raw", path="/d/raw", files=5, bytes=9, ranks=16, **values),))


def test_what_ranks_found_of_shared_data_is_named_with_who_saw_it() -> None:
    assert findings("shared-data-mismatch", shared()) == []
    wrong = (("changed", 12, ("a", "b"), "3"), ("added", 1, ("c",), "15"))
    finding = one("shared-data-mismatch", shared(wrong=wrong))
    assert finding.message == (
        "raw is not the data that was recorded: 12 changed (a, b and 10 more; seen by rank 3), 1 added (c; seen by rank 15)"
    )
    assert finding.hint == "`envguard data diff raw`, or where the change is wanted: `envguard data update raw`"
    assert (finding.impact, finding.unknown) == (Impact.NUMBERS, False)


def test_shared_data_that_cannot_be_verified_is_unknown() -> None:
    finding = one("shared-data-mismatch", shared(fault="its manifest is not kept here (rank 0)"))
    assert finding.message == "raw cannot be verified: its manifest is not kept here (rank 0)"
    assert finding.unknown
    unread = one("shared-data-mismatch", shared(wrong=(("unreadable", 1, ("a cannot be read: no",), "1"),)))
    assert unread.message == "raw cannot be verified: 1 that could not be read (a cannot be read: no; seen by rank 1)"
    assert unread.unknown


def test_canaries_that_differ_are_named_by_their_family() -> None:
    key = "canary.torch.cuda.matmul"
    groups = group("0-2,4-6", 6, "aaaa", "node-a"), group("3", 1, "bbbb", "node-b")
    finding = one("rank-mismatch", seen(splits=(split(key, *groups, section="canaries:torch.cuda"),)))
    assert finding.message == f"{key} is bbbb on rank 3 (node-b), and aaaa on the others that ran it"
    assert finding.impact is Impact.NUMBERS
    assert finding.severities.at(Level.CROSS_HARDWARE) is Severity.NOTE
    assert (
        finding.why
        == "each rank computes its part of one result, and they do not compute alike, whatever their versions say"
    )
    assert finding.hint == (
        "compare threads, instruction sets and drivers of the nodes: `envguard machine show --canaries` on both"
    )
