"""A receipt is plain JSON with a schema."""

from __future__ import annotations

import json

from envguard.receipt import Receipt


def test_a_receipt_is_json_with_sorted_keys_and_a_seed_that_survives() -> None:
    receipt = Receipt(
        envguard="0.1.0",
        time="2026-11-23T20:00:00+00:00",
        mode="enforce",
        verdict="clean",
        level="host-to-host",
        levels={"run-to-run": None, "host-to-host": True, "cross-hardware": True},
        seed=2**128 - 1,
        scheme="envguard.rng.v1",
        seeded={"random": "seeded"},
        switches={"PYTHONHASHSEED": {"wanted": "any", "found": "0", "when": "before Python starts"}},
        observed={"packages": {"numpy": "2.4.6"}},
        waived=("EG203 pillow: compared",),
    )
    document = json.loads(receipt.to_json())
    assert document["schema"] == {"name": "envguard.receipt", "version": 1}
    assert document["seed"] == "340282366920938463463374607431768211455"
    assert document["levels"] == {"run-to-run": None, "host-to-host": True, "cross-hardware": True}
    assert document["waived"] == ["EG203 pillow: compared"]
    assert document["overridden"] == []
    assert receipt.to_json() == json.dumps(receipt.to_dict(), indent=2, sort_keys=True) + "\n"
