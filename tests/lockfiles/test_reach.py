"""What a lock needs to hold together: reachable packages, usable files, versions that were asked for."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

from envguard.lockfiles import read_lock
from envguard.lockfiles.consistency import inconsistencies
from envguard.reader import Reader
from tests.lockfiles.uv.test_select import LARGE
from tests.lockfiles.world import ROOT

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

HASHES = tuple(f"sha256:{digit * 64}" for digit in "01")
CORPORA = ROOT / "tests" / "corpora"
OTHERS = sorted(path for name in ("poetry.lock", "pdm.lock") for path in CORPORA.glob(f"*/{name}"))
LOCK = """\
version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "app"
version = "0.1.0"
source = { editable = "." }
dependencies = [{ name = "one" }]

[package.optional-dependencies]
fast = [{ name = "two", marker = "sys_platform == 'linux'" }]

[package.metadata]
requires-dist = [
    { name = "one", specifier = ">=1" },
    { name = "two", marker = "extra == 'fast'", specifier = "<3" },
]
provides-extras = ["fast"]

[[package]]
name = "one"
version = "1.0"
source = { registry = "https://index.example/simple" }
wheels = [{ url = "https://files.example/one-1.0-py3-none-any.whl", hash = "HASH0" }]

[[package]]
name = "two"
version = "2.0"
source = { registry = "https://index.example/simple" }
sdist = { url = "https://files.example/two-2.0.tar.gz", hash = "HASH1" }
""".replace("HASH0", HASHES[0]).replace("HASH1", HASHES[1])


def found(folder: Path, text: str) -> list[tuple[str, str]]:
    (folder / "uv.lock").write_text(text, encoding="utf-8")
    return [(item.kind, item.message) for item in inconsistencies(read_lock(Reader(), str(folder / "uv.lock")))]


def test_a_lock_that_holds_together_is_no_finding(tmp_path: Path) -> None:
    assert found(tmp_path, LOCK) == []


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.parent.name)
def test_no_real_lock_of_another_tool_contradicts_itself(path: Path) -> None:
    assert inconsistencies(read_lock(Reader(), str(path))) == ()


def test_a_deleted_edge_leaves_what_it_led_to(tmp_path: Path) -> None:
    text = LOCK.replace('version = "1.0"\n', 'version = "1.0"\ndependencies = [{ name = "three" }]\n')
    text += '\n[[package]]\nname = "three"\nversion = "3.0"\nsource = { registry = "https://index.example/simple" }\n'
    text += f'sdist = {{ url = "https://files.example/three-3.0.tar.gz", hash = "sha256:{"3" * 64}" }}\n'
    assert found(tmp_path, text) == []
    text = text.replace('dependencies = [{ name = "three" }]\n', "")
    assert found(tmp_path, text) == [("orphan", "three 3.0 is in the lock, and nothing in it requires it")]


def test_what_a_member_declares_must_be_among_its_dependencies(tmp_path: Path) -> None:
    text = LOCK.replace("""fast = [{ name = "two", marker = "sys_platform == 'linux'" }]""", "fast = []")
    assert found(tmp_path, text) == [
        ("edge", "app declares two, and none of its optional-dependencies.fast leads there")
    ]
    text = LOCK.replace(
        """[package.optional-dependencies]
fast = [{ name = "two", marker = "sys_platform == 'linux'" }]
""",
        "",
    )
    assert found(tmp_path, text) == [
        ("edge", "app declares two, and none of its optional-dependencies.fast leads there")
    ]
    text = LOCK.replace('dependencies = [{ name = "one" }]', "dependencies = []")
    assert found(tmp_path, text) == [("edge", "app declares one, and none of its dependencies leads there")]


@pytest.mark.parametrize(
    "manifest",
    [
        """overrides = [{ name = "one", marker = "sys_platform == 'never'" }]""",
        'excludes = ["One"]',
    ],
)
def test_what_is_taken_away_by_the_project_needs_no_dependency(tmp_path: Path, manifest: str) -> None:
    text = LOCK.replace('dependencies = [{ name = "one" }]', "dependencies = []")
    text = text[: text.index('[[package]]\nname = "one"')] + text[text.index('[[package]]\nname = "two"') :]
    assert found(tmp_path, text.replace("\n[[package]]", f"\n[manifest]\n{manifest}\n\n[[package]]", 1)) == []


def test_what_can_never_apply_needs_no_dependency(tmp_path: Path) -> None:
    text = LOCK.replace(
        '{ name = "one", specifier = ">=1" },',
        """{ name = "one", specifier = ">=1" },
    { name = "old", marker = "python_full_version < '3.9'" },""",
    )
    assert found(tmp_path, text) == []


def test_a_dependency_that_a_member_does_not_declare_is_told(tmp_path: Path) -> None:
    text = LOCK.replace('{ name = "one" }]', '{ name = "one" }, { name = "evil" }]')
    text += '\n[[package]]\nname = "evil"\nversion = "1.0"\nsource = { registry = "https://index.example/simple" }\n'
    text += f'sdist = {{ url = "https://files.example/evil-1.0.tar.gz", hash = "sha256:{"6" * 64}" }}\n'
    assert found(tmp_path, text) == [("edge", "app depends on evil in the lock, and does not declare it")]


def test_a_group_that_takes_in_the_projects_own_extras_has_their_dependencies(tmp_path: Path) -> None:
    text = LOCK.replace(
        "[package.metadata]", '[package.dev-dependencies]\ndev = [{ name = "two" }]\n\n[package.metadata]'
    )
    assert [kind for kind, _ in found(tmp_path, text)] == ["edge"]
    text = text.replace(
        'provides-extras = ["fast"]',
        'provides-extras = ["fast"]\n\n[package.metadata.requires-dev]\ndev = [{ name = "app", extras = ["fast"] }]',
    )
    assert found(tmp_path, text) == []


def test_extras_of_what_is_no_member_are_locked_as_far_as_they_are_asked_for(tmp_path: Path) -> None:
    other = """
[[package]]
name = "other"
version = "1.0"
source = { directory = "../other" }
dependencies = [{ name = "one" }]

[package.metadata]
requires-dist = [{ name = "one" }, { name = "never", marker = "extra == 'unused'" }]
"""
    text = LOCK.replace('{ name = "one" }]', '{ name = "one" }, { name = "other" }]')
    text = text.replace("requires-dist = [\n", 'requires-dist = [\n    { name = "other", directory = "../other" },\n')
    assert found(tmp_path, text + other) == []


@pytest.mark.parametrize("folder", LARGE, ids=lambda folder: folder.name)
def test_an_edge_deleted_from_a_real_lock_is_found_where_it_was_the_only_one(folder: Path, tmp_path: Path) -> None:
    text = (folder / "uv.lock").read_text(encoding="utf-8")
    edges = re.findall(r"^    \{ name = \"([^\"]+)\".*\},\n", text, re.MULTILINE)
    only = [name for name in dict.fromkeys(edges) if edges.count(name) == 1]
    told = 0
    for name in only[:20]:
        kept = re.sub(rf"^    \{{ name = \"{re.escape(name)}\"[^\n]*\}},\n", "", text, count=1, flags=re.MULTILINE)
        told += any(kind == "orphan" and message.startswith(f"{name} ") for kind, message in found(tmp_path, kept))
    # What metadata lists besides is no dependency: it is told by the freshness of the lock.
    assert told >= 3


WHEEL = "one-1.0-py3-none-any.whl"


@pytest.mark.parametrize(
    "name",
    [
        "one-1.0-cp310-cp310-manylinux_2_17_x86_64.whl",
        "one-1.0-py2-none-any.whl",
        "one-1.0-cp27-cp27mu-manylinux1_x86_64.whl",
    ],
)
def test_files_for_no_python_that_is_covered_are_told(tmp_path: Path, name: str) -> None:
    assert found(tmp_path, LOCK.replace(WHEEL, name)) == [
        ("files", "one 1.0 has no file that can be installed anywhere that the lock covers")
    ]


@pytest.mark.parametrize(
    "name",
    [
        "one-1.0-cp311-cp311-manylinux_2_17_x86_64.whl",
        "one-1.0-cp38-abi3-macosx_11_0_arm64.whl",
        "one-1.0-py2.py3-none-win32.whl",
        "one-1.0-1build-cp313-cp313t-musllinux_1_2_aarch64.whl",
        "one-1.0-cp312-cp312-ios_13_0_arm64_iphoneos.whl",
        "one-1.0-graalpy311-graalpy242_311_native-manylinux2014_x86_64.whl",
        "one-1.0-pp311-pypy311_pp73-macosx_10_9_universal2.whl",
    ],
)
def test_files_for_any_of_them_will_do(tmp_path: Path, name: str) -> None:
    assert found(tmp_path, LOCK.replace(WHEEL, name)) == []


def test_files_for_a_platform_that_is_not_covered_are_told(tmp_path: Path) -> None:
    covered = LOCK.replace("revision = 3\n", "revision = 3\nsupported-markers = [\"sys_platform == 'linux'\"]\n")
    assert found(tmp_path, covered.replace(WHEEL, "one-1.0-cp311-cp311-manylinux_2_17_aarch64.whl")) == []
    for name in ("one-1.0-cp311-cp311-win_amd64.whl", "one-1.0-py3-none-macosx_11_0_universal2.whl"):
        assert [kind for kind, _ in found(tmp_path, covered.replace(WHEEL, name))] == ["files"]


def test_a_package_of_an_index_without_a_file_is_told(tmp_path: Path) -> None:
    text = re.sub(r"wheels = .*\n", "", LOCK)
    assert found(tmp_path, text) == [
        ("files", "one 1.0 has no file that can be installed anywhere that the lock covers")
    ]


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        ("sys_platform == 'win32'", False),
        ("sys_platform == 'never'", False),
        ("platform_machine == 's390x' and sys_platform == 'linux'", False),
        ("sys_platform != 'win32'", True),
        ("python_full_version >= '3.12'", True),
    ],
)
def test_uv_locks_what_has_no_file_where_it_is_needed(tmp_path: Path, marker: str, told: bool) -> None:
    text = re.sub(r"wheels = .*\n", "", LOCK).replace('{ name = "one" }]', f'{{ name = "one", marker = "{marker}" }}]')
    assert [kind for kind, _ in found(tmp_path, text)] == (["files"] if told else [])
    # The marker may stand on the way there.
    text = re.sub(r"sdist = .*\n", "", LOCK).replace('{ name = "one" }]', f'{{ name = "one", marker = "{marker}" }}]')
    text = text.replace("fast = [{", "slow = [{").replace("'fast'", "'slow'").replace('["fast"]', '["slow"]')
    text = text.replace('slow = [{ name = "two", marker = "sys_platform == \'linux\'" }]', "slow = []")
    text = text.replace('    { name = "two", marker = "extra == \'slow\'", specifier = "<3" },\n', "")
    text = text.replace('version = "1.0"\n', 'version = "1.0"\ndependencies = [{ name = "two" }]\n')
    assert [kind for kind, _ in found(tmp_path, text)] == (["files"] if told else [])


def test_what_has_no_file_for_the_only_platform_is_told(tmp_path: Path) -> None:
    text = re.sub(r"wheels = .*\n", "", LOCK)
    text = text.replace("revision = 3\n", "revision = 3\nsupported-markers = [\"sys_platform == 'darwin'\"]\n")
    assert [kind for kind, _ in found(tmp_path, text)] == ["files"]


def test_the_files_of_one_fork_may_be_for_platforms_of_another(tmp_path: Path) -> None:
    text = LOCK.replace('{ name = "one" }]', '{ name = "one", marker = "sys_platform != \'linux\'" }]')
    text = text.replace(WHEEL, "one-1.0-py3-none-manylinux_2_17_x86_64.whl")
    assert found(tmp_path, text) == []


def test_a_version_that_nobody_asked_for_is_told(tmp_path: Path) -> None:
    text = LOCK.replace('"2.0"', '"3.1"').replace("two-2.0", "two-3.1")
    assert found(tmp_path, text) == [("requirement", "app requires two<3, and the lock has two 3.1")]


def test_a_constraint_is_asked_for_too(tmp_path: Path) -> None:
    text = LOCK.replace(
        "\n[[package]]", '\n[manifest]\nconstraints = [{ name = "one", specifier = ">1" }]\n\n[[package]]', 1
    )
    assert found(tmp_path, text) == [("requirement", "a constraint allows one>1, and the lock has one 1.0")]


def test_a_range_for_another_python_contradicts_nothing(tmp_path: Path) -> None:
    text = LOCK.replace(
        '{ name = "one", specifier = ">=1" },',
        """{ name = "one", specifier = ">=1" },
    { name = "one", specifier = "<1", marker = "python_full_version < '3.9'" },""",
    )
    assert found(tmp_path, text) == []


def test_an_override_may_contradict(tmp_path: Path) -> None:
    text = LOCK.replace('"2.0"', '"3.1"').replace("two-2.0", "two-3.1")
    text = text.replace(
        "\n[[package]]", '\n[manifest]\noverrides = [{ name = "two", specifier = "==3.1" }]\n\n[[package]]', 1
    )
    assert found(tmp_path, text) == []


def test_a_local_version_is_one_of_its_public_version(tmp_path: Path) -> None:
    text = LOCK.replace('specifier = "<3"', 'specifier = "==2.0"').replace('"2.0"', '"2.0+cu130"')
    assert found(tmp_path, text.replace("two-2.0.tar", "two-2.0+cu130.tar")) == []


def test_many_entries_of_one_name_are_followed_once(tmp_path: Path) -> None:
    count = 400
    entry = (
        '[[package]]\nname = "a"\nversion = "1.{}"\nsource = {{ virtual = "." }}\ndependencies = [{{ name = "a" }}]\n'
    )
    path = tmp_path / "uv.lock"
    path.write_text("version = 1\n" + "".join(map(entry.format, range(count))), encoding="utf-8")
    lock = read_lock(Reader(), str(path))
    asked = 0

    def count_calls(frame: FrameType, event: str, _: object) -> None:
        nonlocal asked
        caller = frame.f_back.f_code.co_name if frame.f_back is not None else ""
        asked += event == "call" and (frame.f_code.co_name, caller) == ("candidates_of", "_reached")

    sys.setprofile(count_calls)
    try:
        found = inconsistencies(lock)
    finally:
        sys.setprofile(None)
    assert asked == 1
    assert {item.kind for item in found} >= {"edge"}
    assert max(len(item.found or "") for item in found) < 100


def test_what_a_project_takes_out_or_writes_anew_is_kept(tmp_path: Path) -> None:
    more = (
        'excludes = ["left-out"]\noverrides = [{ name = "two", specifier = "==3.1" }]\n\n'
        '[[manifest.dependency-metadata]]\nname = "old-one"\nversion = "1.0"'
    )
    path = tmp_path / "uv.lock"
    path.write_text(LOCK.replace("\n[[package]]", f"\n[manifest]\n{more}\n\n[[package]]", 1), encoding="utf-8")
    lock = read_lock(Reader(), str(path))
    assert (lock.overrides, lock.restated) == (("two", "left-out"), ("old-one",))


def test_nobody_can_tell_what_a_command_overrode_in_another_file(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    head = "# This file was autogenerated by uv via the following command:\n#    uv pip compile a.in{}\n"
    for more, overrides in (("", ()), (" --override fix.txt", None), (" --overrides=fix.txt", None)):
        path.write_text(head.format(more) + "one==1.0\n", encoding="utf-8")
        assert read_lock(Reader(), str(path)).overrides == overrides
