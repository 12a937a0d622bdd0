"""The README says what the code does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from envguard.cli.data import command as data
from envguard.cli.receipt import command as receipt
from envguard.config import load_config
from envguard.model import Level
from envguard.reader import Reader
from envguard.rules.registry import all_rules

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_table_of_rules_is_the_one_of_the_registry() -> None:
    table = re.search(r"<!-- rules: .*? -->\n(.*)\n<!-- end of rules -->", README, re.DOTALL)
    assert table is not None
    rows = [f"| {rule.code} | `{rule.name}` | {rule.summary} |" for rule in all_rules()]
    assert table[1].splitlines() == ["| code | name | what it finds |", "|---|---|---|", *rows]


def test_the_sample_configuration_is_one(tmp_path: Path) -> None:
    (sample,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "pyproject.toml").write_text(sample)
    config = load_config(Reader(), str(tmp_path))
    keys = set(tomllib.loads(sample)["tool"]["envguard"])
    assert keys == {
        "code",
        "data",
        "default-groups",
        "expected",
        "extras",
        "fail-on",
        "files",
        "groups",
        "level",
        "lock",
        "numeric",
        "packages",
        "patch-limit",
        "python",
        "ranks",
        "ranks-timeout",
        "receipts",
        "unexpected",
        "waivers",
    }, "every setting is shown"
    assert config.waivers[0].subject == "pillow"
    assert set(tomllib.loads(sample)["tool"]["envguard"]["data"]) == {"levels", "sample"}
    assert config.data.levels == (Level.RUN_TO_RUN, Level.HOST_TO_HOST)


def test_every_command_about_data_is_in_the_table() -> None:
    assert re.findall(r"^\| `envguard data (\w+)", README, re.MULTILINE) == list(data.modules)


def test_every_command_about_receipts_is_in_the_table() -> None:
    assert re.findall(r"^\| `envguard receipt (\w+)", README, re.MULTILINE) == list(receipt.modules)


def test_every_variable_of_ours_is_in_the_table() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "envguard").rglob("*.py"))
    build = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    used = set(re.findall(r'"(ENVGUARD(?:_[A-Z]+)*)"', code)) | set(re.findall(r"ENV\{(ENVGUARD\w*)\}", build))
    assert set(re.findall(r"^\| `(ENVGUARD\w*)` \|", README, re.MULTILINE)) == used


def test_every_target_of_make_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"[`\n ]make (?:PYTHON=\S+ )?([a-z-]+)(?=`|  )", README))
    assert {"demo", "test"} <= named <= targets
