"""The reasons why a level is not reached: what is likeliest to change numbers comes first."""

from __future__ import annotations

import random

from envguard.facts import table
from envguard.model import Finding, Impact, Severities, Severity
from envguard.rules.order import FAMILIES, likeliest_first
from envguard.rules.registry import all_rules

ERROR = Severities.same(Severity.ERROR)


def finding(code: str, subject: str, impact: Impact = Impact.NUMBERS) -> Finding:
    return Finding(code=code, name="x", subject=subject, message="x", severities=ERROR, impact=impact, why="x")


def test_every_rule_belongs_to_a_family_that_has_its_place() -> None:
    assert {rule.code[:3] for rule in all_rules()} <= set(FAMILIES)


def test_the_order_is_this_one() -> None:
    expected = [
        finding("EG313", "canary.numpy-cpu.matmul"),
        finding("EG501", "train"),
        finding("EG203", "torch"),
        finding("EG205", "numpy"),
        finding("EG401", "scipy"),
        finding("EG305", "nvidia.gpus"),
        finding("EG305", "nvidia.multiprocessors"),
        finding("EG304", "torch.version"),
        finding("EG307", "library.cudnn"),
        finding("EG307", "library.openmp"),
        finding("EG303", "cpu.features"),
        finding("EG303", "cpu.model"),
        finding("EG311", "variable.ATEN_CPU_CAPABILITY"),
        finding("EG310", "threads.openmp"),
        finding("EG311", "variable.NCCL_ALGO"),
        finding("EG301", "interpreter.version"),
        finding("EG302", "platform.libc"),
        finding("EG306", "platform.libc"),
        finding("EG305", "nvidia.driver", Impact.UNKNOWN),
        finding("EG203", "click", Impact.BEHAVIOUR),
        finding("EG203", "rich", Impact.BEHAVIOUR),
        finding("EG905", "waiver", Impact.NONE),
    ]
    for seed in range(20):
        shuffled = list(expected)
        random.Random(seed).shuffle(shuffled)
        assert likeliest_first(shuffled) == expected


def test_packages_of_the_settings_count_as_numeric() -> None:
    ours, web = finding("EG203", "zz-ours"), finding("EG203", "aa-web")
    assert likeliest_first([web, ours], ["zz-*"]) == [ours, web]


def test_every_fact_has_its_place_and_every_pattern_a_fact() -> None:
    known = table()
    keys = [*known.exact, *(f"{prefix}*" for prefix, _ in known.prefixes)]
    used = {known.rank(key) for key in keys}
    patterns = {(number, at) for number, part in enumerate(known.sections) for at in range(len(part.facts))}
    assert used == patterns
    assert known.sections[-1].facts == ("*",)
    # What comes under the last, open pattern is what no result depends on.
    for key in keys:
        if known.rank(key)[0] == len(known.sections) - 1:
            entry = known.exact.get(key)
            assert entry is not None, key
            assert entry.fact_class == "audit", key
