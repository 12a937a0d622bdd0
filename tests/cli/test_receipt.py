"""The commands about receipts, on receipts as enforce() writes them and as anybody may write them."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envguard.receipts.document import render
from tests.receipts.specimens import document, first_version, ledger, sealed, written

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Cli, Project


@pytest.fixture
def kept(cli: Cli, recorded: Project) -> Path:
    """Two receipts of one project: seed 42 and seed 43."""
    for number, seed in enumerate(("42", "43")):
        made = ledger(recorded.folder, seed=seed)
        made.id = f"20261126T02000{number}Z-0000000{number}"
        made.started = 1795658400 + number
        made.write()
    return recorded.folder / ".envguard/runs"


def test_show_tells_people_the_latest(cli: Cli, kept: Path) -> None:
    found = cli("receipt", "show")
    assert (found.status, found.err) == (0, "")
    lines = found.out.splitlines()
    assert lines[0] == "receipt       20261126T020001Z-00000001 (.envguard/runs/20261126T020001Z-00000001.json)"
    assert "seed          43 (envguard.rng.v1, derived)" in lines
    assert "verdict       clean at host-to-host" in lines
    assert "levels        run-to-run cannot tell: EG305 nvidia.driver unknown" in lines
    assert "data          raw: blake3:5d5d5d5d5d5d5, 2 files, 11 bytes (unchanged files by the stat cache)" in lines
    assert "packages      3 packages: numpy 2.4.6, pillow 12.0" in lines
    assert "waived        EG203 pillow: compared by hand" in lines
    assert max(map(len, lines)) <= 100


def test_show_as_json_is_the_document(cli: Cli, kept: Path) -> None:
    found = cli("receipt", "show", "@2", "--format", "json")
    assert found.out.encode() == (kept / "20261126T020000Z-00000000.json").read_bytes()


def test_show_knows_the_first_version(cli: Cli, recorded: Project) -> None:
    (recorded.folder / "old.json").write_text(first_version(), encoding="utf-8")
    found = cli("receipt", "show", "old.json")
    assert found.status == 0
    assert "receipt       version 1 (old.json)\n" in found.out
    assert "waived        EG203 pillow: compared\n" in found.out


def test_a_statement_is_about_files(cli: Cli, kept: Path, recorded: Project) -> None:
    (recorded.folder / "model.bin").write_bytes(b"weights")
    found = cli("receipt", "show", "--in-toto", "--subject", "model.bin", "--output", "model.intoto.json")
    assert (found.status, found.out, found.err) == (0, "", "")
    made = json.loads((recorded.folder / "model.intoto.json").read_bytes())
    assert made["subject"] == [{"name": "model.bin", "digest": {"sha256": hashlib.sha256(b"weights").hexdigest()}}]
    assert made["predicate"]["seed"] == "43"
    found = cli("receipt", "show", "--subject", "model.bin")
    assert found.status == 2
    assert found.err == (
        "error: --subject names what a Statement is about\n\nhint: envguard receipt show --in-toto --subject FILE\n"
    )


def test_list_names_what_is_kept(cli: Cli, kept: Path) -> None:
    (kept / "20261126T020002Z-00000002.json").write_text("{")
    lines = cli("receipt", "list").out.splitlines()
    assert [line.split("  ")[0] for line in lines] == [
        "20261126T020002Z-00000002",
        "20261126T020001Z-00000001",
        "20261126T020000Z-00000000",
    ]
    assert lines[0].endswith("  unreadable   is not valid JSON: expecting property name enclosed in do...")
    assert "  clean        " in lines[1]


def test_list_says_that_none_are_kept(cli: Cli, recorded: Project) -> None:
    found = cli("receipt", "list")
    assert (found.status, found.out) == (0, "no receipts are kept in .envguard/runs\n")


def test_diff_compares_the_last_two(cli: Cli, kept: Path) -> None:
    found = cli("receipt", "diff")
    assert (found.status, found.err) == (0, "")
    assert found.out.splitlines()[0] == "20261126T020000Z-00000000 → 20261126T020001Z-00000001"
    assert "  seed  42 → 43  changed\n" in found.out
    assert "look first at seeds: seed (42 → 43)" in found.out
    # The older command says the same of two receipts.
    names = [f".envguard/runs/20261126T02000{number}Z-0000000{number}.json" for number in range(2)]
    assert cli("diff", *names).out.splitlines()[1:] == found.out.splitlines()[1:]


@pytest.mark.parametrize("form", ["json", "markdown", "github"])
def test_diff_in_other_formats(cli: Cli, kept: Path, form: str) -> None:
    found = cli("receipt", "diff", "@2", "latest", "--format", form)
    assert found.status == 0
    if form == "json":
        record = json.loads(found.out)["records"][0]
        assert record["sections"][0] == {
            "title": "seeds",
            "numbers": True,
            "differences": [{"name": "seed", "change": "changed", "old": "42", "new": "43"}],
        }
    else:
        assert "seed" in found.out


def test_verify_of_what_is_kept_here(cli: Cli, kept: Path) -> None:
    found = cli("receipt", "verify")
    assert found.status == 3
    assert found.out.splitlines() == [
        ".envguard/runs/20261126T020001Z-00000001.json",
        "  same       document        it is as the schema of its version says",
        "  same       digest          the content has the digest that was written with it",
        "  same       parts           they agree with one another",
        "  unknown    data raw        its manifest is not kept here",
    ]
    path = kept / "20261126T020001Z-00000001.json"
    path.write_bytes(path.read_bytes().replace(b'"seed": "43"', b'"seed": "44"'))
    found = cli("receipt", "verify", "--format", "json")
    assert found.status == 1
    states = {point["name"]: point["state"] for point in json.loads(found.out)["points"]}
    assert states == {"document": "same", "digest": "different", "parts": "same", "data raw": "unknown"}


def test_what_is_not_there_and_what_is_none_is_one_message(cli: Cli, recorded: Project) -> None:
    found = cli("receipt", "show", "zz")
    assert (found.status, found.out) == (2, "")
    assert found.err == (
        "error: .envguard/runs: there is no receipt 'zz', neither a file nor the beginning of a name\n\n"
        "hint: enforce() writes one for each run; envguard receipt list\n"
    )
    written(recorded.folder / "r.json", {**document(recorded.folder), "milliseconds": "\x1b[2J"})
    for command in ("show", "verify"):
        found = cli("receipt", command, "r.json")
        assert (found.status, found.out) == (2, "")
        assert "in 'milliseconds': expected a number, found a string" in found.err


def test_receipts_can_be_read_where_there_is_no_project(cli: Cli, recorded: Project, tmp_path: Path) -> None:
    import os

    written(tmp_path / "apart" / "r.json", document(recorded.folder))
    os.chdir(tmp_path / "apart")
    assert cli("receipt", "show", "r.json").status == 0


HOSTILE = st.text(max_size=30) | st.sampled_from(["\x1b[2J\x1b]0;x\x07", "a\nb\rc", "\u202eevil", "\x9b31m", "../" * 9])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(HOSTILE, HOSTILE)
def test_no_receipt_moves_a_cursor_or_breaks_a_command(cli: Cli, recorded: Project, text: str, name: str) -> None:
    """Whatever texts a receipt that is as its schema says may hold."""
    from envguard.receipts.canonical import plain

    made = document(recorded.folder)
    made["process"].update(argv=[text, name], command=[text], folder=text, environment={name: text})
    made["observed"]["packages"] = {name: text, "numpy": text}
    made["observed"]["facts"][name] = text
    made["observed"]["code"] = {"commit": text, "branch": name, "clean": text, "patch": {"sha256": name}}
    made["observed"]["data"]["trees"][name] = {**made["observed"]["data"]["trees"]["raw"], "root": text}
    made["switches"][name] = {"wanted": text, "found": name, "when": text}
    made["streams"] = [{"library": text, "name": name, "requests": text}, {}]
    made["events"] = [{"kind": text, "time": made["time"], name: text}]
    made["findings"] = made["waived"] = [{**made["waived"][0], "subject": text, "reason": name}]
    (recorded.folder / "r.json").write_bytes(render(sealed(plain(made))))
    (recorded.folder / "s.json").write_bytes(render(document(recorded.folder)))
    for command in (
        ("show", "r.json"),
        ("verify", "r.json"),
        ("diff", "r.json", "s.json"),
        ("diff", "s.json", "r.json"),
    ):
        found = cli("receipt", *command)
        assert found.status in (0, 1, 3), found.err
        assert found.err == ""
        assert all(c.isprintable() or c == "\n" for c in found.out)
