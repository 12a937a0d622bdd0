"""Fresh, stale, or cannot tell: compared with what ``uv lock --check`` says of the same change."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from envguard.errors import ConfigError, LockfileError
from envguard.lockfiles import read_lock
from envguard.lockfiles.model import Freshness, FreshnessVerdict
from envguard.lockfiles.uv.freshness import freshness
from envguard.reader import Reader
from tests.lockfiles.uv.test_select import LARGE
from tests.lockfiles.world import project, uv, write

BASE = """
[project]
name = "app"
version = "1.0"
description = "d"
requires-python = ">=3.11"
dependencies = ["alpha>=1", "beta[fast]", "tool ; python_version < '3.13'"]

[project.optional-dependencies]
cpu = ["accel==1.0+cpu"]
gpu = ["accel==1.0+cu130"]
more = ["zeta", "gamma ; sys_platform == 'linux'"]

[dependency-groups]
dev = ["gamma"]
test = [{ include-group = "dev" }, "epsilon>=1.0"]

[tool.uv]
conflicts = [[{ extra = "cpu" }, { extra = "gpu" }]]
"""


def verdict(folder: Path) -> FreshnessVerdict:
    reader = Reader()
    return freshness(reader, read_lock(reader, str(folder / "uv.lock")))


def change(old: str, new: str) -> str:
    assert old in BASE
    return BASE.replace(old, new)


FRESH = {
    "nothing": BASE,
    "description": change('description = "d"', 'description = "another"'),
    "order": change('["alpha>=1", "beta[fast]", ', '["beta[fast]", "alpha>=1", '),
    "spelling of a name": change('"alpha>=1"', '"Alpha >= 1"'),
    "spelling of a version": change('"epsilon>=1.0"', '"epsilon>=1.0.0"'),
    "spelling of the project": change('name = "app"', 'name = "App"'),
    "spelling of a marker": change("python_version < '3.13'", "python_full_version < '3.13'"),
    "spelling of a platform": change("sys_platform == 'linux'", "platform_system == 'Linux'"),
    "a group spelled out": change('[{ include-group = "dev" }, "epsilon>=1.0"]', '["gamma", "epsilon>=1.0"]'),
    "an option at its default": change("[tool.uv]", '[tool.uv]\nresolution = "highest"'),
    "a comment": BASE + "# more\n",
}

STALE = {
    "a specifier, though the locked version still fits": change('"alpha>=1"', '"alpha>=1.5"'),
    "a specifier loosened": change('"alpha>=1"', '"alpha"'),
    "a requirement more": change('"alpha>=1", ', '"alpha>=1", "gamma", '),
    "a requirement less": change('"alpha>=1", ', ""),
    "an extra of a requirement": change("beta[fast]", "beta"),
    "a marker narrowed": change("python_version < '3.13'", "python_version < '3.12'"),
    "a marker dropped": change(" ; python_version < '3.13'", ""),
    "an optional dependency moved": change('more = ["zeta", ', 'more = ["epsilon", '),
    "a marker in an extra": change("sys_platform == 'linux'", "sys_platform == 'win32'"),
    "an extra more": change("[dependency-groups]", "[dependency-groups]").replace("cpu = [", "empty = []\ncpu = ["),
    "a group more": change('dev = ["gamma"]', 'dev = ["gamma"]\ndocs = ["tool"]'),
    "a group changed": change('dev = ["gamma"]', 'dev = ["gamma>=1"]'),
    "an include dropped": change('{ include-group = "dev" }, ', ""),
    "the version": change('version = "1.0"', 'version = "1.1"'),
    "the range of Pythons": change('">=3.11"', '">=3.11.2"'),
    "the conflicts": change(
        '[tool.uv]\nconflicts = [[{ extra = "cpu" }, { extra = "gpu" }]]',
        '[tool.uv]\nconflicts = [[{ extra = "cpu" }, { extra = "gpu" }, { extra = "more" }]]',
    ),
    "the environments": change("[tool.uv]", "[tool.uv]\nenvironments = [\"sys_platform == 'linux'\"]"),
    "the required environments": change(
        "[tool.uv]", "[tool.uv]\nrequired-environments = [\"sys_platform == 'linux'\"]"
    ),
    "a constraint": change("[tool.uv]", '[tool.uv]\nconstraint-dependencies = ["alpha<2"]'),
    "an override": change("[tool.uv]", '[tool.uv]\noverride-dependencies = ["alpha==1.0"]'),
    "the resolution": change("[tool.uv]", '[tool.uv]\nresolution = "lowest-direct"'),
    "the pre-releases": change("[tool.uv]", '[tool.uv]\nprerelease = "allow"'),
    "a source": change(
        "[tool.uv]", '[tool.uv.sources]\nalpha = { path = "wheels/alpha-1.0-py3-none-any.whl" }\n\n[tool.uv]'
    ),
}


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return project(tmp_path_factory.mktemp("locked").resolve(), BASE)


@pytest.mark.parametrize("case", [*FRESH, *STALE])
def test_the_verdict_is_uvs(locked: Path, case: str) -> None:
    manifest = FRESH.get(case) or STALE[case]
    write(locked, manifest)
    before = (locked / "uv.lock").read_bytes()
    checked = uv(locked, "lock", "--check")
    assert checked.returncode == (0 if case in FRESH else 1), checked.stderr
    if case in STALE:
        assert "needs to be updated" in checked.stderr, "uv must call it stale, not fail for another reason"
    found = verdict(locked)
    assert found.state is (Freshness.FRESH if case in FRESH else Freshness.STALE), found.reasons
    assert (locked / "uv.lock").read_bytes() == before


def test_a_reason_names_the_requirement_both_values_and_the_place(locked: Path) -> None:
    write(locked, STALE["a specifier, though the locked version still fits"])
    (reason,) = verdict(locked).reasons
    assert (reason.subject, reason.message) == ("alpha", "the requirement of app on alpha is not the one in the lock")
    assert (reason.expected, reason.found) == ("alpha>=1.5", "alpha>=1")
    assert (reason.path, reason.keys) == (str(locked / "pyproject.toml"), ("project", "dependencies", 0))
    write(locked, STALE["a requirement less"])
    (reason,) = verdict(locked).reasons
    assert reason.message == "the requirement of app on alpha is in the lock and no longer declared"
    assert reason.path == str(locked / "uv.lock")
    write(locked, STALE["the range of Pythons"])
    (reason,) = verdict(locked).reasons
    assert (reason.subject, reason.expected, reason.found) == ("requires-python", ">=3.11.2", ">=3.11")
    write(locked, STALE["the resolution"])
    (reason,) = verdict(locked).reasons
    assert reason.message == "the lock was made with another 'resolution'"
    assert (reason.expected, reason.found) == ("lowest-direct", "highest")


def test_another_index_is_stale(locked: Path) -> None:
    (locked / "others").mkdir(exist_ok=True)
    text = BASE + '\n[[tool.uv.index]]\nname = "flat"\nurl = "others"\nformat = "flat"\ndefault = true\n'
    (locked / "pyproject.toml").write_text(text)
    (reason,) = verdict(locked).reasons
    assert reason.subject == "index"
    assert uv(locked, "lock", "--check").returncode == 1


def test_dynamic_dependencies_cannot_be_told(locked: Path) -> None:
    write(
        locked,
        BASE.replace(
            'dependencies = ["alpha>=1", "beta[fast]", "tool ; python_version < \'3.13\'"]',
            'dynamic = ["dependencies"]',
        ),
    )
    found = verdict(locked)
    assert found.state is Freshness.UNKNOWN
    assert found.reasons[0].message == "the dependencies of app are known to its build backend alone"


def test_the_lock_of_another_project_is_refused(locked: Path) -> None:
    write(locked, change('name = "app"', 'name = "other"'))
    with pytest.raises(LockfileError) as caught:
        verdict(locked)
    assert str(caught.value) == (
        f"{locked}/uv.lock: is the lock of another project: {locked}/pyproject.toml declares 'other', "
        "the lock is made for 'app'\nhint: uv lock"
    )


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ("[project]\nversion = '1'\n", "in 'project': the key 'name' is missing"),
        ("project = 1\n", "in 'project': expected a table, found a number"),
        (change('"alpha>=1"', '"alpha >>= 1"'), "in 'project.dependencies[0]': 'alpha >>= 1' is no requirement: "),
        (change('"alpha>=1"', "7"), "in 'project.dependencies[0]': expected a string, found a number"),
        (
            change('{ include-group = "dev" }', '{ include-group = "gone" }'),
            "in 'dependency-groups.test[0]': there is no dependency group 'gone'",
        ),
        (
            change('{ include-group = "dev" }', '{ include-group = "test" }'),
            "in 'dependency-groups.test': the group includes itself: test -> test",
        ),
        (change('version = "1.0"', 'version = "one"'), "in 'project.version': 'one' is no version"),
    ],
)
def test_a_manifest_that_is_no_use_is_one_error_with_its_place(locked: Path, manifest: str, message: str) -> None:
    (locked / "pyproject.toml").write_text(manifest)
    with pytest.raises(ConfigError) as caught:
        verdict(locked)
    assert str(caught.value).startswith(f"{locked}/pyproject.toml: {message}")


@pytest.mark.parametrize("folder", LARGE, ids=lambda folder: folder.name)
def test_no_real_lock_is_called_stale(folder: Path) -> None:
    assert verdict(folder).reasons == ()


SOURCES = {
    "git": '{ git = "file://REPOSITORY", rev = "v1" }',
    "folder": '{ path = "other" }',
    "editable": '{ path = "other", editable = true }',
    "wheel": '{ path = "wheels/alpha-1.0-py3-none-any.whl" }',
}
OTHER = '[project]\nname = "alpha"\nversion = "1.0"\n\n[build-system]\nrequires = []\nbuild-backend = "b"\nbackend-path = ["."]\n'
SIMPLE = '[project]\nname = "app"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["alpha"]\n\n[tool.uv.sources]\nalpha = SOURCE\n'


@pytest.fixture
def repository(folder: Path) -> Path:
    path = folder / "repository"
    path.mkdir()
    (path / "pyproject.toml").write_text(OTHER)
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"], ["tag", "v1"]):
        subprocess.run(["git", *arguments], cwd=path, check=True)
    return path


@pytest.mark.parametrize("kind", SOURCES)
def test_every_kind_of_source_is_fresh_as_it_was_locked_and_stale_as_another(
    folder: Path, repository: Path, kind: str
) -> None:
    def manifest(source: str) -> str:
        return SIMPLE.replace("SOURCE", SOURCES[source].replace("REPOSITORY", str(repository)))

    project(folder, manifest(kind), other__pyproject_toml=OTHER)
    assert uv(folder, "lock", "--check").returncode == 0
    assert verdict(folder).reasons == ()
    for other in SOURCES:
        if other != kind:
            write(folder, manifest(other))
            stale = uv(folder, "lock", "--check").returncode != 0
            assert (verdict(folder).state is Freshness.STALE) == stale, other


def test_members_that_come_and_go_are_named(folder: Path) -> None:
    root = BASE + '[tool.uv.workspace]\nmembers = ["packages/*"]\n'
    member = '[project]\nname = "one"\nversion = "0.1"\nrequires-python = ">=3.11"\n'
    project(folder, root, packages__one__pyproject_toml=member)
    assert verdict(folder).reasons == ()
    two = folder / "packages" / "two"
    two.mkdir()
    (two / "pyproject.toml").write_text(member.replace("one", "two"))
    assert [reason.message for reason in verdict(folder).reasons] == ["the workspace member two is not in the lock"]
    assert uv(folder, "lock", "--check").returncode == 1
    (two / "pyproject.toml").unlink()
    two.rmdir()
    (folder / "packages" / "one" / "pyproject.toml").unlink()
    (folder / "packages" / "one").rmdir()
    assert [reason.message for reason in verdict(folder).reasons] == [
        "the workspace member one is in the lock and no longer declared"
    ]
