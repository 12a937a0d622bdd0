"""What envguard check makes of recorded trees."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from envguard.trees import probe

from .trees import entry, root_of, said, settle

if TYPE_CHECKING:
    from .conftest import Cli, Project


def test_a_check_verifies_what_is_recorded(cli: Cli, added: Path) -> None:
    result = cli("check")
    assert result.status == 0
    assert "\ndata         1 tree, 3 files, 16 bytes (every file was read)\n" in result.out
    (added / "a").write_bytes(b"FIRST")
    result = cli("check")
    assert result.status == 1
    line = Path("envguard.lock").read_text(encoding="utf-8").split("\n").index(f'      "root": "{entry()["root"]}"') + 1
    assert (
        f"\nenvguard.lock:{line}: EG501 [data-changed] raw is not the data that was recorded: 1 changed (a)\n"
        in result.out
    )
    assert "EG501 raw" in result.out.split("run-to-run")[1]


@pytest.mark.parametrize("form", ["text", "json", "github"])
def test_what_is_left_out_is_said(cli: Cli, added: Path, form: str) -> None:
    (added / "a").write_bytes(b"FIRST")
    result = cli("check", "--no-data", "--format", form)
    assert result.status == 0
    assert "1 tree recorded, not verified: left out, as was asked for" in said(result)
    if form == "json":
        assert json.loads(result.out)["notes"] == {"data": "1 tree recorded, not verified: left out, as was asked for"}


def test_a_setting_leaves_data_out_by_level_and_an_option_brings_it_back(
    cli: Cli, recorded: Project, added: Path
) -> None:
    text = recorded.manifest.read_text(encoding="utf-8")
    recorded.manifest.write_text(f'{text}\n[tool.envguard.data]\nlevels = ["run-to-run"]\n', encoding="utf-8")
    (added / "a").write_bytes(b"FIRST")
    result = cli("check")
    assert result.status == 0
    assert "1 tree recorded, not verified: left out at host-to-host by the settings" in said(result)
    assert cli("check", "--level", "run-to-run").status == 1
    assert cli("check", "--data").status == 1
    assert cli("check", "--level", "run-to-run", "--no-data").status == 0


def test_a_record_of_a_machine_does_not_wait_for_data(cli: Cli, added: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def walk(*_: Any, **__: Any) -> Any:
        raise AssertionError("the data was walked")

    monkeypatch.setattr(probe, "walk", walk)
    assert cli("record").status == 0
    assert cli("record", "--machine", "other").status == 0


def test_a_pattern_that_somebody_broke_in_the_record_is_named(cli: Cli, added: Path) -> None:
    document = json.loads(Path("envguard.lock").read_bytes())
    document["data"]["raw"]["ignore"] = ["a["]
    Path("envguard.lock").write_text(json.dumps(document, indent=2), encoding="utf-8")
    result = cli("check")
    assert result.status == 2
    assert "in 'data.raw.ignore': the ignore pattern 'a['" in result.err


def test_a_waived_change_is_clean_and_is_answered_again_while_it_stays(
    cli: Cli, recorded: Project, added: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = recorded.manifest.read_text(encoding="utf-8")
    waiver = '[[tool.envguard.waivers]]\nrule = "data-changed"\nsubject = "raw"\nreason = "a trial"\n'
    recorded.manifest.write_text(f"{text}\n{waiver}", encoding="utf-8")
    (added / "a").write_bytes(b"FIRST")
    settle(monkeypatch)
    first = cli("check")
    assert first.status == 0
    assert "a trial" in first.out
    (added / "a").write_bytes(b"SECOND")
    assert root_of(added) in said(cli("check", "--format", "json"))


def test_a_waiver_of_data_is_unused_only_where_somebody_looked(cli: Cli, recorded: Project, added: Path) -> None:
    with recorded.manifest.open("a", encoding="utf-8") as file:
        file.write('[[tool.envguard.waivers]]\nrule = "data-changed"\nsubject = "raw"\nreason = "grows"\n')
    assert "unused-waiver" not in cli("check", "--no-data").out
    assert "unused-waiver" in cli("check").out
