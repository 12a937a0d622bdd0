"""Every rule has an identity, a text, and a way to be found."""

from __future__ import annotations

import re

import pytest

from envguard.errors import ConfigError
from envguard.model import Impact
from envguard.rules import registry
from envguard.rules.impact import impact_of

HEADINGS = ["## What it sees", "## Why it matters", "## How to mend"]


def test_codes_and_names_are_unique_and_well_formed() -> None:
    rules = registry.all_rules()
    assert len({rule.code for rule in rules}) == len({rule.name for rule in rules}) == len(rules)
    for rule in rules:
        assert re.fullmatch(r"EG[1-9]\d\d", rule.code), rule
        assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.name), rule


def test_a_family_says_what_its_rules_look_at() -> None:
    """A rule of a family that does not say so would never be asked."""
    found: dict[str, set[registry.Need]] = {}
    for rule in registry.all_rules():
        found.setdefault(rule.check.__module__.rpartition(".")[2], set()).add(rule.need)
    assert found == {family: set(needs) for family, needs in registry.FAMILIES.items()}


def test_rules_are_found_by_what_they_look_at() -> None:
    every = registry.all_rules()
    for need in registry.Need:
        assert registry.rules_for((need,)) == tuple(rule for rule in every if rule.need is need)
    assert registry.rules_for(()) == ()


def test_codes_and_names_never_change_hands() -> None:
    """Codes are never reused: what is published once stays in this list."""
    assert {rule.code: rule.name for rule in registry.all_rules()} == {
        "EG101": "stale-lock",
        "EG102": "undecided-freshness",
        "EG103": "broken-edge",
        "EG104": "artifact-mismatch",
        "EG105": "weak-hash",
        "EG106": "uninstallable-package",
        "EG107": "contradicted-requirement",
        "EG108": "lock-disagreement",
        "EG110": "republished-artifact",
        "EG111": "changed-source",
        "EG112": "lost-hashes",
        "EG113": "unrecorded-change",
        "EG114": "record-of-another-lock",
        "EG115": "missing-manifest",
        "EG116": "unreachable-package",
        "EG117": "unpinned-package",
        "EG118": "relabelled-artifact",
        "EG201": "missing-package",
        "EG202": "unexpected-package",
        "EG203": "version-mismatch",
        "EG204": "local-version-mismatch",
        "EG205": "source-mismatch",
        "EG206": "duplicate-distribution",
        "EG207": "broken-distribution",
        "EG208": "python-out-of-range",
        "EG209": "unsupported-environment",
        "EG210": "content-mismatch",
        "EG211": "unlocked-change",
        "EG217": "unmet-requirement",
        "EG301": "interpreter-mismatch",
        "EG302": "platform-mismatch",
        "EG303": "cpu-mismatch",
        "EG304": "torch-build-mismatch",
        "EG305": "accelerator-mismatch",
        "EG306": "unreadable-fact",
        "EG307": "library-mismatch",
        "EG308": "library-conflict",
        "EG309": "shadowed-library",
        "EG310": "thread-mismatch",
        "EG311": "variable-mismatch",
        "EG312": "one-sided-fact",
        "EG313": "canary-mismatch",
        "EG314": "unknown-canary",
        "EG401": "modified-file",
        "EG402": "missing-file",
        "EG403": "unlisted-file",
        "EG404": "stale-bytecode",
        "EG405": "shared-file",
        "EG406": "unverifiable-files",
        "EG501": "data-changed",
        "EG502": "data-missing",
        "EG503": "data-unreadable",
        "EG504": "data-silent-change",
        "EG601": "uncommitted-changes",
        "EG602": "changed-import",
        "EG603": "untracked-import",
        "EG604": "unversioned-import",
        "EG605": "built-import",
        "EG606": "hidden-changes",
        "EG607": "submodule-mismatch",
        "EG608": "incomplete-patch",
        "EG609": "unpushed-commit",
        "EG610": "unfinished-operation",
        "EG611": "unknown-code",
        "EG801": "rank-mismatch",
        "EG802": "rank-missing",
        "EG803": "rank-refused",
        "EG804": "rank-contradiction",
        "EG805": "ranks-unasked",
        "EG806": "shared-data-mismatch",
        "EG901": "missing-lock",
        "EG902": "missing-baseline",
        "EG903": "outdated-baseline",
        "EG904": "expired-waiver",
        "EG905": "unused-waiver",
        "EG906": "unmatched-numeric",
        "EG907": "deleted-baseline",
    }


def test_every_rule_explains_itself_under_the_same_headings() -> None:
    for rule in registry.all_rules():
        assert re.findall(r"^## .*$", rule.doc, re.MULTILINE) == HEADINGS, rule.name
        assert rule.summary[0].islower() or rule.summary.startswith("PyTorch"), rule.name
        assert not rule.summary.endswith("."), rule.name


@pytest.mark.parametrize("word", ["EG203", "eg203", "version-mismatch"])
def test_a_rule_is_found_by_code_and_by_name(word: str) -> None:
    assert registry.get(word).code == "EG203"


def test_a_rule_that_is_not_there_names_its_neighbours() -> None:
    with pytest.raises(ConfigError) as caught:
        registry.get("version-missmatch")
    assert str(caught.value) == (
        "there is no rule 'version-missmatch'\nhint: did you mean version-mismatch or local-version-mismatch?"
    )
    with pytest.raises(ConfigError, match="'envguard explain' lists all rules"):
        registry.get("zzz")


@pytest.mark.parametrize(
    "name", ["numpy", "torch", "nvidia-cublas", "nvidia-cudnn-cu13", "jaxlib", "flash-attn", "pillow"]
)
def test_the_numeric_stack_can_change_numbers(name: str) -> None:
    assert impact_of(name) is Impact.NUMBERS


@pytest.mark.parametrize("name", ["click", "rich", "pytest", "cudatext"])
def test_of_the_rest_nobody_knows(name: str) -> None:
    assert impact_of(name) is Impact.BEHAVIOUR


@pytest.mark.parametrize("pattern", ["my-solver", "My__Solver", "my.sol*"])
def test_a_setting_adds_to_the_numeric_stack_however_it_spells_a_name(pattern: str) -> None:
    assert impact_of("my-solver", (pattern,)) is Impact.NUMBERS
    assert impact_of("rich", (pattern,)) is Impact.BEHAVIOUR
