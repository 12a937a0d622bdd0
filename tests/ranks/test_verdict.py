"""What follows from the messages of all ranks, and that it does not depend on the order in which they came."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from envguard.ranks import verdict
from envguard.ranks.messages import MAX_BYTES, encode
from envguard.ranks.sections import digest
from envguard.ranks.verdict import outcome, plan, representatives
from envguard.ranks.words import parsed

Sections = dict[str, dict[str, str | None]]


def said(rank: int, sections: Sections, host: str = "node-a", **more: Any) -> dict[str, Any]:
    digests = {name: digest(values) for name, values in sections.items()}
    return {
        "rank": rank,
        "size": 8,
        "host": host,
        "strict": True,
        "sections": digests,
        "refusal": None,
        "root": None,
        **more,
    }


def talked(found: dict[int, Sections], hosts: dict[int, str] | None = None, size: int | None = None) -> tuple[Any, Any]:
    """Return plan and outcome as all ranks would come to them."""
    hosts = hosts or {}
    hellos = {rank: said(rank, sections, hosts.get(rank, "node-a")) for rank, sections in found.items()}
    made = plan(hellos, size or len(found), 0.0)
    sent = {rank: {name: found[rank].get(name, {}) for name in names} for rank, names in representatives(made).items()}
    return made, outcome(made, sent)


def test_the_same_everywhere_is_one_digest_and_no_further_round() -> None:
    made, last = talked({rank: {"packages": {"package.numpy": "2"}} for rank in range(4)})
    assert made["digest"].startswith("blake3:")
    assert (made["differ"], made["missing"], made["refusals"], last["splits"]) == ({}, "", [], [])
    other, _ = talked({rank: {"packages": {"package.numpy": "3"}} for rank in range(4)})
    assert other["digest"] != made["digest"]


def test_groups_are_named_with_their_hosts_the_largest_first() -> None:
    found: dict[int, Sections] = {
        rank: {"driver": {"nvidia.driver": "570.1" if rank >= 6 else "580.2"}, "seed": {"seed.root": "1"}}
        for rank in range(8)
    }
    made, last = talked(found, {rank: "node-b" if rank >= 6 else f"node-{rank % 2}" for rank in range(8)})
    assert representatives(made) == {0: ["driver"], 6: ["driver"]}
    assert last["splits"] == [
        {
            "section": "driver",
            "key": "nvidia.driver",
            "groups": [
                {"ranks": "0-5", "count": 6, "hosts": ["node-0", "node-1"], "value": "580.2"},
                {"ranks": "6,7", "count": 2, "hosts": ["node-b"], "value": "570.1"},
            ],
        }
    ]


def test_groups_that_differ_in_one_key_agree_in_another() -> None:
    found: dict[int, Sections] = {
        0: {"packages": {"package.a": "1", "package.b": "1"}},
        1: {"packages": {"package.a": "2", "package.b": "1"}},
        2: {"packages": {"package.a": "1"}},
    }
    _, last = talked(found)
    assert [(split["key"], [(g["ranks"], g["value"]) for g in split["groups"]]) for split in last["splits"]] == [
        ("package.a", [("0,2", "1"), ("1", "2")]),
        ("package.b", [("0,1", "1"), ("2", "not there")]),
    ]


def test_a_section_that_one_rank_does_not_have_differs() -> None:
    _, last = talked({0: {"threads": {"threads.openmp": "2"}}, 1: {}})
    assert [group["value"] for group in last["splits"][0]["groups"]] == ["2", "not there"]


def test_canaries_are_compared_among_the_ranks_that_ran_them() -> None:
    ran: dict[str, dict[str, str | None]] = {
        "canaries:torch.cuda": {"canary.torch.cuda.matmul": "aa", "canary.torch.cuda.sum": "cc"}
    }
    other: dict[str, dict[str, str | None]] = {
        "canaries:torch.cuda": {"canary.torch.cuda.matmul": "bb", "canary.torch.cuda.sum": "cc"}
    }
    made, last = talked({0: dict(ran), 1: {}, 2: dict(ran)})
    assert (made["differ"], last["splits"]) == ({}, [])
    _, last = talked({0: dict(ran), 1: {}, 2: dict(ran), 3: dict(other)})
    assert [(split["key"], [(g["ranks"], g["value"]) for g in split["groups"]]) for split in last["splits"]] == [
        ("canary.torch.cuda.matmul", [("0,2", "aa"), ("3", "bb")])
    ]


def test_whoever_stood_for_a_group_and_went_away_leaves_a_difference() -> None:
    found: dict[int, Sections] = {rank: {"packages": {"package.a": str(rank)}} for rank in range(2)}
    made = plan({rank: said(rank, sections) for rank, sections in found.items()}, 2, 0.0)
    last = outcome(made, {0: {"packages": {"package.a": "0"}}})
    assert [(split["key"], [g["value"] for g in split["groups"]]) for split in last["splits"]] == [
        ("packages", [None, None])
    ]


def test_missing_ranks_are_named_and_nothing_stands_for_the_whole() -> None:
    made, _ = talked({rank: {"seed": {"seed.root": "1"}} for rank in (0, 1, 2, 4, 7)}, size=8)
    assert (made["missing"], made["digest"], made["speaker"]) == ("3,5,6", None, 0)


def test_refusals_are_grouped_by_their_reason_and_are_not_compared() -> None:
    reason = {"text": "EG203 [version-mismatch] numpy", "unknown": False}
    hellos = {rank: said(rank, {"seed": {"seed.root": "1"}}, f"node-{rank}") for rank in range(4)}
    for rank in (0, 2):
        hellos[rank] = said(rank, {}, f"node-{rank}", refusal=reason)
    made = plan(hellos, 4, 0.5)
    assert made["refusals"] == [{**reason, "ranks": "0,2", "hosts": ["node-0", "node-2"]}]
    assert (made["differ"], made["speaker"]) == ({}, 1)
    every = plan({rank: said(rank, {}, refusal=reason) for rank in range(4)}, 4, 0.5)
    assert every["speaker"] is None


def test_one_rank_that_enforces_is_enough_and_rank_0_draws_the_seed() -> None:
    hellos = {rank: said(rank, {}, strict=rank == 3, root=str(100 + rank)) for rank in range(4)}
    made = plan(hellos, 4, 0.0)
    assert (made["strict"], made["root"]) == (True, "100")
    assert plan({0: said(0, {}, strict=False), 1: said(1, {}, strict=False)}, 2, 0.0)["strict"] is False


def test_however_many_ranks_differ_in_however_much_the_answers_are_bounded() -> None:
    size = 1024
    found: dict[int, Sections] = {
        rank: {"packages": {f"package.p{n}": f"{rank} {'x' * 5000}" for n in range(verdict.MAX_KEYS + 3)}}
        for rank in range(20)
    }
    found |= {rank: {"packages": {"package.p0": str(rank)}} for rank in range(20, size)}
    made, last = talked(found, {rank: f"{'host' * 40}-{rank}" for rank in range(size)})
    assert len(encode(made)) < MAX_BYTES
    assert len(encode(last)) < MAX_BYTES
    assert len(representatives(made)) == verdict.MAX_GROUPS
    assert len(parsed(made["rest"]["packages"])) == size - verdict.MAX_GROUPS
    assert last["more"] == {"packages": 3}
    # What is shortened is still told from what else begins so.
    assert len({group["value"] for group in last["splits"][0]["groups"]}) == verdict.MAX_GROUPS


def test_however_many_reasons_there_are_some_are_named() -> None:
    made = plan({rank: said(rank, {}, refusal={"text": f"reason {rank}"}) for rank in range(40)}, 40, 0.0)
    assert len(made["refusals"]) == verdict.MAX_GROUPS + 1
    assert made["refusals"][-1]["ranks"] == "16-39"


@given(
    st.dictionaries(
        st.integers(0, 7),
        st.dictionaries(
            st.sampled_from("ab"), st.dictionaries(st.sampled_from("xyz"), st.sampled_from(["1", "2", None]))
        ),
        min_size=1,
    ),
    st.randoms(),
)
def test_every_order_of_the_messages_gives_the_same(found: dict[int, Sections], random: Any) -> None:
    ranks = list(found)
    random.shuffle(ranks)
    once, again = talked(found, size=8), talked({rank: found[rank] for rank in ranks}, size=8)
    assert json.dumps(once, sort_keys=True) == json.dumps(again, sort_keys=True)
    for split in once[1]["splits"]:
        covered = [rank for group in split["groups"] for rank in parsed(group["ranks"])]
        assert sorted(covered) == sorted(found)
        assert len({group["value"] for group in split["groups"]}) == len(split["groups"])
    same = len({json.dumps(sections, sort_keys=True) for sections in found.values()}) == 1
    # A section with nothing in it is still another than none.
    assert same == (not once[0]["differ"])
