from __future__ import annotations

import io
import json
from importlib import resources
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from envguard.model import Level
from envguard.report import json_v1

if TYPE_CHECKING:
    from envguard.model import Report

    from .conftest import Samples

SCHEMA = json.loads((resources.files("envguard.report") / "schema" / "report-v1.json").read_text(encoding="utf-8"))


def render(report: Report) -> dict[str, Any]:
    stream = io.StringIO()
    json_v1.write(report, stream, version="0.1.0")
    assert stream.getvalue().endswith("}\n")
    return json.loads(stream.getvalue())  # type: ignore[no-any-return]


def closed(schema: Any) -> Any:
    """Return *schema* without room for keys that it does not name: what we write ourselves must all be in it."""
    if isinstance(schema, list):
        return [closed(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    tight = {key: closed(inner) for key, inner in schema.items()}
    if "properties" in schema and isinstance(schema.get("type"), str):
        tight.setdefault("additionalProperties", False)
    return tight


def test_the_schema_is_a_valid_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_report_fits_the_schema_and_writes_nothing_that_it_does_not_name(samples: Samples) -> None:
    validator = jsonschema.Draft202012Validator(closed(SCHEMA))
    for level in Level:
        for findings in ((), samples.drift.findings, (samples.driver,)):
            for waived in ((), (samples.waived,)):
                validator.validate(render(samples.report(*findings, level=level, waived=waived)))


def test_the_schema_refuses_what_is_no_report(samples: Samples) -> None:
    document = render(samples.drift)
    for key in document:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({k: v for k, v in document.items() if k != key}, SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**document, "verdict": "fine"}, SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**document, "schema": {"name": "envguard.report", "version": 2}}, SCHEMA)


def test_a_later_key_does_not_break_readers_of_version_1(samples: Samples) -> None:
    document = render(samples.drift)
    document["findings"][0]["fingerprint"] = "x"
    jsonschema.validate({**document, "later": 1}, SCHEMA)


def test_the_whole_of_a_small_report(samples: Samples) -> None:
    root = samples.root
    assert render(samples.report(samples.version(0, "numpy", "2.4.6", "2.4.5"))) == {
        "schema": {"name": "envguard.report", "version": 1},
        "tool": {"name": "envguard", "version": "0.1.0"},
        "verdict": "drift",
        "level": "host-to-host",
        "fail_on": "error",
        "levels": [
            {
                "level": level,
                "reachable": False,
                "blockers": [{"code": "EG203", "name": "version-mismatch", "subject": "numpy"}],
                "unknown": [],
                "waived": [],
            }
            for level in ("run-to-run", "host-to-host", "cross-hardware")
        ],
        "subject": {
            "project": root,
            "lock": f"{root}/uv.lock",
            "packages": 306,
            "environment": f"{root}/.venv",
            "chosen_by": "the project's .venv",
            "python": "cpython 3.11.7",
            "baseline": f"{root}/envguard.lock",
            "machine": "laptop",
            "machine_fits": None,
            "machine_why": None,
            "selection": "default groups, extra cpu",
        },
        "findings": [
            {
                "code": "EG203",
                "name": "version-mismatch",
                "subject": "numpy",
                "message": "numpy 2.4.5 is installed, the lock pins 2.4.6",
                "severity": "error",
                "severities": {"run-to-run": "error", "host-to-host": "error", "cross-hardware": "error"},
                "unknown": False,
                "impact": "numbers",
                "why": "another version can compute, load or default differently",
                "expected": "2.4.6",
                "found": f"2.4.5 ({root}/.venv/lib/python3.11/site-packages/numpy-2.4.5.dist-info)",
                "note": None,
                "place": {"path": f"{root}/uv.lock", "keys": ["package", 0, "version"], "line": 6, "column": 1},
                "hint": "uv sync --locked --inexact",
            }
        ],
        "waived": [],
        "notes": {},
        "summary": {"errors": 1, "warnings": 0, "notes": 0, "failing": 1, "unknown": 0, "waived": 0},
    }


def test_a_finding_of_no_concern_to_the_level_is_there_without_a_severity(samples: Samples) -> None:
    document = render(samples.report(samples.cpu, level=Level.CROSS_HARDWARE))
    assert document["findings"][0]["severity"] is None
    assert document["verdict"] == "clean"
    assert document["levels"][0] == {
        "level": "run-to-run",
        "reachable": False,
        "blockers": [{"code": "EG304", "name": "cpu-mismatch", "subject": "cpu.model"}],
        "unknown": [],
        "waived": [],
    }


def test_waivers_and_unknowns_are_kept_apart(samples: Samples) -> None:
    document = render(samples.report(samples.driver, waived=(samples.waived,)))
    assert document["verdict"] == "undecided"
    assert [level["reachable"] for level in document["levels"]] == [None, None, None]
    assert document["summary"] == {"errors": 1, "warnings": 0, "notes": 0, "failing": 1, "unknown": 1, "waived": 1}
    assert document["waived"][0]["waiver"] == {
        "rule": "unexpected-package",
        "subject": "ipdb",
        "reason": "the debugger of this machine, imported by nothing",
        "until": "2027-01-31",
    }
    assert document["findings"][0]["place"] is None
