"""What verifying a receipt tells: the file, its parts against one another, and what it names by digests."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from envguard._native import hexdigest
from envguard.reader import Reader
from envguard.receipts.judge import Point, judge, status_of
from envguard.receipts.read import read_receipt
from tests.receipts.specimens import ANSWER, document, first_version, ledger, sealed, written

if TYPE_CHECKING:
    from pathlib import Path


def points(path: Path, project: Path | None = None) -> list[tuple[str, str, str]]:
    found = judge(Reader(), str(path), read_receipt(Reader(), str(path)), str(project) if project else None)
    return [(point.name, str(point.state), point.text) for point in found]


def without_data() -> dict[str, Any]:
    return {**ANSWER, "observed": {**ANSWER["observed"], "data": None}}


def test_a_receipt_as_it_was_written_is_the_same(folder: Path) -> None:
    path = written(folder / "r.json", ledger(folder, without_data()).document())
    assert points(path) == [
        ("document", "same", "it is as the schema of its version says"),
        ("digest", "same", "the content has the digest that was written with it"),
        ("parts", "same", "they agree with one another"),
    ]


def test_a_change_of_anything_is_seen(folder: Path) -> None:
    made = ledger(folder, without_data()).document()
    made["observed"]["packages"]["numpy"] = "2.4.7"
    found = points(written(folder / "r.json", made))
    assert found[1] == (
        "digest",
        "different",
        "the file was changed after it was written: its content has another digest",
    )


def test_a_file_that_is_only_laid_out_anew_is_the_same(folder: Path) -> None:
    (folder / "r.json").write_text(json.dumps(ledger(folder, without_data()).document()))
    assert points(folder / "r.json")[1][1] == "same"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            {"time": "2026-11-25T00:00:00+00:00"},
            "id says that the run began at another time than time: ",
        ),
        ({"written": "2000-01-01T00:00:00+00:00"}, "written is before time: 2000-01-01T00:00:00+00:00"),
        (
            {"verdict": "not checked", "mode": "off", "overridden": ["everything"]},
            "verdict is 'not checked', and observed says otherwise",
        ),
        ({"verdict": "drift", "mode": "warn"}, "verdict is 'drift', and overridden lists 0"),
        ({"overridden": ["EG203 x"]}, "verdict is 'clean', and overridden lists 1"),
        (
            {"verdict": "drift", "overridden": ["EG203 x"]},
            "verdict is 'drift', which mode 'enforce' lets nobody pass",
        ),
        (
            {"levels": {"run-to-run": {"reachable": True, "blockers": [], "unknowns": ["EG1 x"], "waived": []}}},
            "levels.run-to-run.reachable does not follow from its blockers and unknowns",
        ),
    ],
)
def test_parts_that_contradict_one_another_are_named(folder: Path, change: dict[str, Any], text: str) -> None:
    path = written(folder / "r.json", sealed({**ledger(folder, without_data()).document(), **change}))
    found = [point for point in points(path) if point[1] != "same"]
    assert [(name, state) for name, state, _ in found] == [("parts", "different")]
    assert found[0][2].startswith(text)


def test_data_that_differs_without_a_finding_is_a_contradiction(folder: Path) -> None:
    made = document(folder)
    made["observed"]["data"]["trees"]["raw"]["root"] = "blake3:" + "00" * 32
    found = points(written(folder / "r.json", sealed(made)))
    assert ("parts", "different", "observed.data.trees.raw is not what was recorded, and no finding says so") in found


def test_the_patch_beside_it_is_held_to_its_digest(folder: Path) -> None:
    run = ledger(folder, without_data())
    run.attach("patch", ".patch", b"diff --git a/x b/x\n")
    path = folder / ".envguard/runs" / os.path.basename(run.write())
    patch = path.with_suffix(".patch")
    assert points(path)[3:] == [("patch", "same", f"{patch.name} is what was written")]
    patch.write_bytes(b"diff")
    assert points(path)[3:] == [("patch", "different", f"{patch.name} was changed: 4 bytes, 19 were written")]
    patch.unlink()
    assert points(path)[3:] == [("patch", "unknown", f"{patch.name} is not beside the receipt")]


def test_the_manifest_of_a_tree_is_held_to_its_root(folder: Path) -> None:
    manifest = b"aa  b\n"
    made = document(folder)
    tree = made["observed"]["data"]["trees"]["raw"]
    tree["root"] = tree["recorded"] = f"blake3:{hexdigest(manifest)}"
    made["observed"]["data"]["trees"]["../climbs"] = tree
    path = written(folder / "r.json", sealed(made))
    assert points(path)[3:] == [("data raw", "unknown", "its manifest is not kept here")]
    kept = folder / ".envguard/manifests/raw.b3"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(manifest)
    assert points(path, folder)[3:] == [("data raw", "same", "the manifest that is kept here is that of the run")]
    kept.write_bytes(b"other")
    assert points(path, folder)[3:] == [("data raw", "different", "the manifest that is kept here is of another state")]


def test_outputs_are_held_to_their_digests(folder: Path) -> None:
    (folder / "a").write_bytes(b"1")
    run = ledger(folder, without_data())
    path = run.finish([folder / "a", folder / "none"])
    assert path is not None
    found = points(folder / ".envguard/runs" / os.path.basename(path))[3:]
    assert found == [
        ("output", "same", f"{folder}/a is what the run made"),
        ("output", "unknown", f"{folder}/none: the run could not read it"),
    ]
    (folder / "a").write_bytes(b"2")
    assert points(folder / ".envguard/runs" / os.path.basename(path))[3][1] == "different"
    (folder / "a").unlink()
    gone = points(folder / ".envguard/runs" / os.path.basename(path))[3]
    assert gone == ("output", "unknown", f"{folder}/a cannot be read: no such file or directory")


def test_the_first_version_has_no_digest(folder: Path) -> None:
    (folder / "r.json").write_text(first_version())
    assert points(folder / "r.json") == [
        ("document", "same", "it is as the schema of its version says"),
        ("digest", "unknown", "receipts of version 1 have none"),
    ]


def test_a_digest_can_be_taken_with_other_tools(folder: Path) -> None:
    import rfc8785

    made = document(folder)
    digest = made.pop("digest")
    assert digest == "sha256:" + hashlib.sha256(rfc8785.dumps(made)).hexdigest()


@pytest.mark.parametrize(
    ("states", "status"), [(["same"], 0), (["same", "unknown"], 3), (["unknown", "different"], 1), ([], 0)]
)
def test_what_differs_is_graver_than_what_is_unknown(states: list[Any], status: int) -> None:
    assert status_of([Point(name="", state=state, text="") for state in states]) == status
