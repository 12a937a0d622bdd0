"""Tags fit every tracker: few, short, flat, and the same thing under the same key."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from envguard.receipts.tags import tags
from tests.receipts.specimens import ANSWER, ROOT, document, ledger

if TYPE_CHECKING:
    from pathlib import Path


def test_what_they_say(folder: Path) -> None:
    made = document(folder)
    made["observed"]["code"] = {"commit": "ab" * 20, "branch": "main", "clean": False, "tree": None}
    found = tags(made)
    assert found.pop("envguard.id") == made["id"]
    digests = {key: found.pop(key) for key in ("envguard.packages", "envguard.data")}
    assert all(re.fullmatch("sha256:[0-9a-f]{64}", digest) for digest in digests.values())
    assert found == {
        "envguard.baseline": "blake3:" + "ba" * 32,
        "envguard.code.branch": "main",
        "envguard.code.clean": "false",
        "envguard.code.commit": "ab" * 20,
        "envguard.data.raw": ROOT,
        "envguard.interpreter.version": "3.11.7",
        "envguard.level": "host-to-host",
        "envguard.level.cross-hardware": "reachable",
        "envguard.level.host-to-host": "reachable",
        "envguard.level.run-to-run": "cannot tell",
        "envguard.lock": "blake3:" + "1c" * 32,
        "envguard.machine": "default",
        "envguard.mode": "enforce",
        "envguard.scheme": "envguard.rng.v1",
        "envguard.seed": "42",
        "envguard.verdict": "clean",
        "envguard.version": made["envguard"],
        "envguard.waived": "EG203 pillow",
    }


def test_a_run_that_was_not_checked_has_tags_too(folder: Path) -> None:
    answer = {**ANSWER, "verdict": "not checked", "levels": {}, "observed": {}, "overridden": ["everything"]}
    found = tags(ledger(folder, answer).document())
    assert (found["envguard.verdict"], found["envguard.overridden"]) == ("not checked", "1")


LONG = st.text(max_size=700)


@given(st.dictionaries(LONG, LONG, max_size=40), LONG, LONG)
def test_they_fit_everywhere(trees: dict[str, str], machine: str, subject: str) -> None:
    answer: dict[str, Any] = copy.deepcopy(ANSWER)
    answer["observed"]["data"]["trees"] = {name: {"root": root} for name, root in trees.items()}
    answer["observed"]["baseline"]["machine"] = machine
    finding = answer["waived"][0]
    made = {
        **answer,
        **dict.fromkeys(("id", "mode", "seed", "scheme", "envguard"), "1"),
        "findings": [{**finding, "subject": f"{subject} {number}"} for number in range(50)],
    }
    found = tags(_without_surrogates(made))
    assert len(found) <= 60
    for key, value in found.items():
        # mlflow/utils/validation.py: what a name may be made of, and how long everything may be.
        assert re.fullmatch(r"[/\w.\- ]+", key)
        assert len(key) <= 250
        assert len(value) <= 500


def _without_surrogates(value: Any) -> Any:
    from envguard.receipts.canonical import plain

    return plain(value)
