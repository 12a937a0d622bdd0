"""Settings are read as written, or refused with the key that is wrong."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import pytest

from envguard.config import Config, DataSettings, load_config
from envguard.errors import ConfigError, EnvguardError
from envguard.model import CodePolicy, Level, Severity, Waiver
from envguard.reader import Reader

if TYPE_CHECKING:
    from pathlib import Path

EVERYTHING = """
[project]
name = "demo"

[tool.envguard]
level = "run-to-run"
fail-on = "warning"
lock = "locks/uv.lock"
python = ".venv"
packages = ["*"]
extras = ["cu130"]
groups = ["dev", "train"]
default-groups = false
unexpected = "error"
expected = ["ipdb"]
numeric = ["our-kernels"]
code = "clean"
patch-limit = 1000
ranks = "off"
ranks-timeout = 90

[tool.envguard.data]
levels = ["host-to-host", "run-to-run"]
sample = 0.01

[[tool.envguard.waivers]]
rule = "EG203"
subject = "pillow"
reason = "security fix; decoded pixels compared on 2026-11-02"
until = 2027-01-31

[[tool.envguard.waivers]]
rule = "cpu-mismatch"
subject = "cpu.model"
reason = "CI runs where it runs"
"""


def load(folder: Path, text: str | None, name: str = "pyproject.toml") -> Config:
    if text is not None:
        (folder / name).write_text(text)
    return load_config(Reader(), str(folder))


def test_without_a_file_or_a_table_the_defaults_hold(tmp_path: Path) -> None:
    assert load(tmp_path, None) == Config()
    found = load(tmp_path, '[project]\nname = "demo"\n')
    assert (found.level, found.fail_on, found.unexpected) == (Level.HOST_TO_HOST, Severity.ERROR, Severity.WARNING)
    assert (found.extras, found.groups, found.default_groups) == (None, None, None)


def test_every_setting_is_read(tmp_path: Path) -> None:
    assert load(tmp_path, EVERYTHING) == Config(
        path=str(tmp_path / "pyproject.toml"),
        keys=("tool", "envguard"),
        level=Level.RUN_TO_RUN,
        fail_on=Severity.WARNING,
        locks=("locks/uv.lock",),
        python=".venv",
        packages=("*",),
        extras=("cu130",),
        groups=("dev", "train"),
        default_groups=False,
        unexpected=Severity.ERROR,
        expected=("ipdb",),
        numeric=("our-kernels",),
        code=CodePolicy.CLEAN,
        patch_limit=1000,
        ranks="off",
        ranks_timeout=90.0,
        data=DataSettings(levels=(Level.RUN_TO_RUN, Level.HOST_TO_HOST), sample=0.01),
        waivers=(
            Waiver(
                rule="EG203",
                subject="pillow",
                reason="security fix; decoded pixels compared on 2026-11-02",
                until=datetime.date(2027, 1, 31),
                index=0,
            ),
            Waiver(rule="cpu-mismatch", subject="cpu.model", reason="CI runs where it runs", index=1),
        ),
    )


def test_data_is_verified_at_every_level_unless_a_setting_says_otherwise(tmp_path: Path) -> None:
    assert load(tmp_path, "[tool.envguard]\n").data == DataSettings(levels=tuple(Level), sample=0.0)
    assert load(tmp_path, "[tool.envguard.data]\nlevels = []\nsample = 1\n").data == DataSettings(levels=(), sample=1.0)


def test_a_file_of_our_own_has_the_same_keys_without_a_prefix(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "demo"\n')
    found = load(tmp_path, 'level = "cross-hardware"\nunexpected = "allow"\n', "envguard.toml")
    assert (found.level, found.unexpected, found.extras, found.keys) == (Level.CROSS_HARDWARE, None, None, ())


def test_settings_in_both_files_are_refused_since_one_of_them_would_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(EVERYTHING)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, 'level = "cross-hardware"\n', "envguard.toml")
    assert str(caught.value) == (
        f"{tmp_path}/pyproject.toml: in 'tool.envguard': these settings would not be read, since envguard.toml beside them holds "
        "settings as well\n"
        "hint: move them to envguard.toml, without [tool.envguard] before the keys, and delete the table here"
    )


def test_a_link_to_settings_that_are_not_there_is_no_project_without_settings(tmp_path: Path) -> None:
    project = tmp_path / "real"
    project.mkdir()
    (tmp_path / "link").symlink_to("real")
    assert load(tmp_path / "link", None) == Config()
    (project / "envguard.toml").symlink_to("../shared.toml")
    for folder in (project, tmp_path / "link"):
        with pytest.raises(ConfigError) as caught:
            load(folder, None)
        assert str(caught.value) == (
            f"{folder}/envguard.toml: is a link to nothing\nhint: bring back {tmp_path}/shared.toml, or delete the link"
        )
    (tmp_path / "shared.toml").write_text('level = "run-to-run"\n')
    assert load(project, None).level is Level.RUN_TO_RUN


@pytest.mark.parametrize("text", ["[tool.envguard]\n", "tool = 1\n", "[tool\n", "[tool]\nenvguard = {}\n"])
def test_a_manifest_without_settings_is_none_of_the_business_of_our_own_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert load(tmp_path, 'level = "cross-hardware"\n', "envguard.toml").level == Level.CROSS_HARDWARE


def test_names_of_packages_may_be_any_that_exist_and_patterns_where_they_are_patterns(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        '[tool.envguard]\nexpected = ["_libgcc_mutex", "Zope.Interface", "a"]\nnumeric = ["our-*", "x[ab]?"]\n',
    )
    assert (found.expected, found.numeric) == (("_libgcc_mutex", "Zope.Interface", "a"), ("our-*", "x[ab]?"))


WRONG = {
    'level = "bitwise"': (
        'in \'tool.envguard.level\': expected one of "run-to-run", "host-to-host", "cross-hardware", found "bitwise"'
    ),
    "level = 3": "in 'tool.envguard.level': expected a string, found a number",
    'fail-on = "never"': 'in \'tool.envguard.fail-on\': expected one of "note", "warning", "error", found "never"',
    'unexpected = "maybe"': (
        'in \'tool.envguard.unexpected\': expected one of "allow", "note", "warning", "error", found "maybe"'
    ),
    'lock = " "': "in 'tool.envguard.lock': expected a string with something in it, found an empty one",
    'extras = "cu130"': "in 'tool.envguard.extras': expected a list of names, found a string",
    'groups = ["dev", 1]': "in 'tool.envguard.groups[1]': expected a name, found a number",
    'expected = ["ipdb", "numpy>=2"]': (
        "in 'tool.envguard.expected[1]': expected the name of a package, found 'numpy>=2', which no package is called"
    ),
    'expected = ["our-*"]': (
        "in 'tool.envguard.expected[0]': expected the name of a package, found 'our-*', which no package is called"
    ),
    'numeric = ["our kernels"]': (
        "in 'tool.envguard.numeric[0]': expected the name of a package, or a pattern such as our-*, found 'our kernels', "
        "which no package is called"
    ),
    'python = "a\\u0000b"': "in 'tool.envguard.python': expected a string without NUL",
    "default-groups = 1": "in 'tool.envguard.default-groups': expected true or false, found a number",
    'levels = "run-to-run"': "in 'tool.envguard.levels': this key is not known\nhint: did you mean 'level'?",
    "data = true": "in 'tool.envguard.data': expected a table, found true or false",
    'data.levels = "run-to-run"': "in 'tool.envguard.data.levels': expected a list of names, found a string",
    'data.levels = ["host-to-host", "always"]': (
        'in \'tool.envguard.data.levels[1]\': expected one of "run-to-run", "host-to-host", "cross-hardware", '
        'found "always"'
    ),
    'code = "dirty"': (
        'in \'tool.envguard.code\': expected one of "clean", "committed-imports", "diff", "off", found "dirty"'
    ),
    "code = true": "in 'tool.envguard.code': expected a string, found true or false",
    "patch-limit = -1": "in 'tool.envguard.patch-limit': expected a number of bytes, found -1",
    "patch-limit = 1.5": "in 'tool.envguard.patch-limit': expected a number of bytes, found a number",
    'ranks = "warn"': 'in \'tool.envguard.ranks\': expected one of "require", "off", found "warn"',
    "ranks = false": "in 'tool.envguard.ranks': expected a string, found true or false",
    "ranks-timeout = 0": "in 'tool.envguard.ranks-timeout': expected a number of seconds from 0 to 604,800, found 0",
    "ranks-timeout = inf": "in 'tool.envguard.ranks-timeout': expected a number of seconds from 0 to 604,800, found inf",
    'ranks-timeout = "5"': "in 'tool.envguard.ranks-timeout': expected a number of seconds, found a string",
    "data.sample = 1.5": "in 'tool.envguard.data.sample': expected a number from 0 to 1, found 1.5",
    "data.sample = -1": "in 'tool.envguard.data.sample': expected a number from 0 to 1, found -1",
    "data.sample = nan": "in 'tool.envguard.data.sample': expected a number from 0 to 1, found nan",
    "data.sample = true": "in 'tool.envguard.data.sample': expected a number from 0 to 1, found true or false",
    "data.samples = 0.1": "in 'tool.envguard.data.samples': this key is not known\nhint: did you mean 'sample'?",
    "waivers = {}": "in 'tool.envguard.waivers': expected a list of tables, found a table",
    "waivers = [1]": "in 'tool.envguard.waivers[0]': expected a table, found a number",
    'waivers = [{rule = "EG203", subject = "numpy"}]': "in 'tool.envguard.waivers[0]': the key 'reason' is missing",
    'waivers = [{rule = "EG203", subject = "numpy", reason = ""}]': (
        "in 'tool.envguard.waivers[0].reason': expected a string with something in it, found an empty one"
    ),
    'waivers = [{rule = "EG203", subject = "numpy", reason = "x", until = "soon"}]': (
        "in 'tool.envguard.waivers[0].until': expected a date such as 2027-01-31, found a string"
    ),
    'waivers = [{rule = "EG203", subject = "numpy", reason = "x", untill = 2027-01-31}]': (
        "in 'tool.envguard.waivers[0].untill': this key is not known\nhint: did you mean 'until'?"
    ),
}


@pytest.mark.parametrize("line", WRONG, ids=range(len(WRONG)))
def test_a_wrong_setting_is_named_by_its_key(tmp_path: Path, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, f"[tool.envguard]\n{line}\n")
    assert str(caught.value) == f"{tmp_path}/pyproject.toml: {WRONG[line]}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[project\n", ":1: is not valid TOML: expected ']' at the end of a table declaration"),
        ("tool = 3\n", ": in 'tool': expected a table, found a number"),
        ("[tool]\nenvguard = []\n", ": in 'tool.envguard': expected a table, found a list"),
        ("a = " + "[" * 100_000, ": is not valid TOML"),
    ],
    ids=["syntax", "tool", "envguard", "deep"],
)
def test_a_manifest_that_is_no_use_is_one_clear_error(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(EnvguardError) as caught:
        load(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path}/pyproject.toml{message}")


def test_a_manifest_that_is_no_text_names_the_byte(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"[project]\nname = '\xe9'\n")
    with pytest.raises(EnvguardError) as caught:
        load_config(Reader(), str(tmp_path))
    assert str(caught.value) == f"{tmp_path}/pyproject.toml:2: is not UTF-8 text: byte 0xe9 at offset 18"


@pytest.mark.parametrize(
    ("line", "folder_of_receipts"),
    [("", ".envguard/runs"), ('receipts = "results/runs"', "results/runs"), ("receipts = false", None)],
)
def test_receipts_lie_where_somebody_says_or_nowhere(tmp_path: Path, line: str, folder_of_receipts: str | None) -> None:
    assert load(tmp_path, f"{line}\n", "envguard.toml").receipts == folder_of_receipts


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("receipts = true", "in 'receipts': expected the name of a folder, or false, found "),
        ("receipts = 1", "in 'receipts': expected the name of a folder, or false, found "),
        ('receipts = ""', "in 'receipts': expected a string with something in it, found an empty one"),
    ],
)
def test_a_folder_of_receipts_that_is_none_is_refused(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(tmp_path, f"{line}\n", "envguard.toml")
    assert message in str(error.value)
