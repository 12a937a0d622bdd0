"""envguard data update and remove: how the record of a tree follows it, or goes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from envguard.trees import edit, probe

from .trees import MANIFESTS, change, entry, fill, manifest_of, root_of

if TYPE_CHECKING:
    from .conftest import Cli


def test_update_records_what_is_there_and_says_what_changed(cli: Cli, added: Path) -> None:
    change(added)
    result = cli("data", "update")
    assert (result.status, result.err) == (0, "")
    assert result.out == (
        "recorded tree 'raw' again in envguard.lock: 3 files, 1.2 kB; 1 added, 1 removed, 1 changed, 1 renamed\n"
        "  added    new (1.2 kB)\n"
        "  removed  c\n"
        "  changed  a (5 bytes)\n"
        "  renamed  sub/b -> sub/moved (6 bytes)\n"
        "  manifest .envguard/manifests/raw.b3 (214 bytes)\n"
    )
    assert entry()["root"] == root_of(added)
    assert (MANIFESTS / "raw.b3").read_bytes() == manifest_of(added)
    assert cli("data", "verify").status == 0
    assert cli("data", "update", "raw").out == "nothing changed in tree 'raw': 3 files, 1.2 kB\n"


def test_update_brings_back_a_manifest_that_was_lost(cli: Cli, added: Path) -> None:
    (MANIFESTS / "raw.b3").unlink()
    assert cli("data", "update").out == "nothing changed in tree 'raw': 3 files, 16 bytes\n"
    assert (MANIFESTS / "raw.b3").read_bytes() == manifest_of(added)


def test_update_keeps_patterns_and_what_a_later_version_says(cli: Cli, raw: Path) -> None:
    cli("data", "add", "data/raw", "--ignore", "*.tmp")
    document = json.loads(Path("envguard.lock").read_bytes())
    document["data"]["raw"]["store"] = "dvc"
    Path("envguard.lock").write_text(json.dumps(document), encoding="utf-8")
    change(raw)
    assert cli("data", "update").status == 0
    assert (entry()["ignore"], entry()["store"]) == (["*.tmp"], "dvc")


def test_update_with_problems_changes_nothing(cli: Cli, added: Path) -> None:
    (added / "gone").symlink_to("nowhere")
    before = Path("envguard.lock").read_bytes(), (MANIFESTS / "raw.b3").read_bytes()
    result = cli("data", "update")
    assert result.status == 2
    assert "data/raw/gone: is a link to nothing\n" in result.err
    assert (Path("envguard.lock").read_bytes(), (MANIFESTS / "raw.b3").read_bytes()) == before


def test_what_others_recorded_meanwhile_stays(cli: Cli, added: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = probe.walk

    def walk(*arguments: Any, **more: Any) -> Any:
        monkeypatch.setattr(edit, "walk", real)
        fill(Path("meanwhile"))
        assert cli("data", "add", "meanwhile").status == 0
        return real(*arguments, **more)

    change(added)
    monkeypatch.setattr(edit, "walk", walk)
    assert cli("data", "update", "raw").status == 0
    assert sorted(json.loads(Path("envguard.lock").read_bytes())["data"]) == ["meanwhile", "raw"]


def test_remove_takes_the_record_and_leaves_the_data(cli: Cli, added: Path) -> None:
    result = cli("data", "remove", "raw")
    assert (result.status, result.err) == (0, "")
    assert result.out == "removed tree 'raw' from envguard.lock; its data is where it was\n"
    assert "data" not in json.loads(Path("envguard.lock").read_bytes())
    assert not Path(".envguard").exists()
    assert (added / "a").read_bytes() == b"first"


def test_remove_leaves_what_else_is_kept(cli: Cli, added: Path) -> None:
    fill(Path("b"))
    cli("data", "add", "b")
    (MANIFESTS / "raw.b3").unlink()
    assert cli("data", "remove", "raw").status == 0
    assert [path.name for path in MANIFESTS.iterdir()] == ["b.b3"]
