"""Whether pixi.lock still belongs to its manifest. What pixi says of such changes is in its own tests of satisfiability."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from envguard.errors import ConfigError
from envguard.lockfiles import freshness, read_lock
from envguard.lockfiles.model import Freshness
from envguard.reader import Reader
from tests.lockfiles.pixi.documents import (
    CHANNEL,
    ENVIRONMENTS,
    FAST,
    HASH,
    INDEX,
    MANIFEST,
    PYPROJECT,
    TINY,
    conda,
    lock,
    pypi,
    sha256,
)
from tests.lockfiles.pixi.test_reader import CORPORA, MKL

if TYPE_CHECKING:
    from pathlib import Path

    from envguard.lockfiles.model import FreshnessVerdict


def verdict(
    folder: Path, manifest: str | None = MANIFEST, text: str | None = None, pyproject: str = PYPROJECT
) -> FreshnessVerdict:
    (folder / "pixi.lock").write_text(text or lock())
    (folder / "pyproject.toml").write_text(pyproject)
    if manifest is not None:
        (folder / "pixi.toml").write_text(manifest)
    return freshness(Reader(), read_lock(Reader(), str(folder / "pixi.lock")))


@pytest.mark.parametrize("path", CORPORA, ids=lambda path: path.parent.name)
def test_real_locks_are_fresh(path: Path) -> None:
    assert freshness(Reader(), read_lock(Reader(), str(path))).reasons == ()


@pytest.mark.parametrize("version", [6, 7])
def test_what_is_satisfied_is_fresh(tmp_path: Path, version: int) -> None:
    assert verdict(tmp_path, text=lock(version)).reasons == ()


FRESH = {
    "another name and tasks": MANIFEST.replace('"app"', '"other"', 1) + '[tasks]\na = "true"\n',
    "the old word for a workspace": MANIFEST.replace("[workspace]", "[project]"),
    "another spelling of a range": MANIFEST.replace(">=2,<3", ">=2.0, <3"),
    "a build that fits": MANIFEST.replace(
        'numpy = ">=2,<3"', 'numpy = { version = "2.*", build = "py312*", channel = "conda-forge" }'
    ),
    "a channel by its address": MANIFEST.replace('["conda-forge"]', f'["{CHANNEL}"]'),
    "a limit that holds": MANIFEST + '[constraints]\nmkl = ">=2024"\nother = "*"\n',
    "a requirement for another platform": MANIFEST + '[target.win-64.dependencies]\npywin32 = "*"\n',
    "a requirement under a marker": MANIFEST.replace(
        "[pypi-dependencies]\n",
        '[pypi-dependencies]\npywin32 = { version = "*", env-markers = "sys_platform == \'win32\'" }\n',
    ),
    "a package of python that conda provides": MANIFEST.replace(
        "[pypi-dependencies]\n", '[pypi-dependencies]\nnumpy = ">=2"\n'
    ),
    "a feature that no environment has": MANIFEST + '[feature.docs.dependencies]\nsphinx = "*"\n',
    "extra indexes of python": None,
    "a day before which all was made": MANIFEST.replace(
        "[dependencies]", 'exclude-newer = "2023-11-14"\n[dependencies]'
    ),
    "a span of time": MANIFEST.replace("[dependencies]", 'exclude-newer = "7d"\n[dependencies]'),
    "default options, written down": MANIFEST.replace(
        "[dependencies]", 'solve-strategy = "highest"\nchannel-priority = "strict"\n[dependencies]'
    ),
}


@pytest.mark.parametrize(
    "manifest", [text for text in FRESH.values() if text], ids=[name for name, text in FRESH.items() if text]
)
def test_what_does_not_make_it_stale(tmp_path: Path, manifest: str) -> None:
    assert verdict(tmp_path, manifest).reasons == ()


def test_indexes_that_are_the_locked_ones(tmp_path: Path) -> None:
    more = "https://more.index.example/simple"
    text = lock(environments=ENVIRONMENTS.replace(f"    - {INDEX}\n", f"    - {INDEX}\n    - {more}\n"))
    asked = f'{MANIFEST}[pypi-options]\nextra-index-urls = ["{more}/"]\n'
    assert verdict(tmp_path, asked, text).reasons == ()
    assert verdict(tmp_path, f'{asked}index-url = "{INDEX}"\n', text).reasons == ()
    assert verdict(tmp_path, MANIFEST, text).state is Freshness.STALE
    assert verdict(tmp_path, f'{asked}index-url = "{more}"\n', text).state is Freshness.STALE


STALE: dict[str, tuple[str, str, str, tuple[str | int, ...], str | None, str | None]] = {
    "a range that is not locked": (
        MANIFEST.replace(">=2,<3", ">=2.2"),
        "numpy",
        "the requirement on numpy is not satisfied by what is locked for default on linux-64",
        ("dependencies", "numpy"),
        "numpy >=2.2",
        "numpy 2.1.0 py312_0",
    ),
    "a build that is not locked": (
        MANIFEST.replace('mkl = "*"', 'mkl = "* h9*"'),
        "mkl",
        "the requirement on mkl is not satisfied by what is locked for default on linux-64",
        ("target", "linux-64", "dependencies", "mkl"),
        "mkl * h9*",
        "mkl 2024.2 h3_0",
    ),
    "a package that is not locked": (
        MANIFEST.replace('pytest = "*"', 'pytest = "*"\nruff = "*"'),
        "ruff",
        "the requirement on ruff is not in the lock for test on linux-64",
        ("feature", "test", "dependencies", "ruff"),
        "ruff *",
        "no requirement",
    ),
    "a limit that does not hold": (
        MANIFEST + '[constraints]\nmkl = "<2024"\n',
        "mkl",
        "the requirement on mkl is not satisfied by what is locked for default on linux-64",
        ("constraints", "mkl"),
        "mkl <2024",
        "mkl 2024.2 h3_0",
    ),
    "a package that nothing asks for any more": (
        MANIFEST.replace('[feature.test.dependencies]\npytest = "*"', "[feature.test]"),
        "pytest",
        "pytest 8.3.0 is in the lock and no longer declared for test on linux-64",
        ("packages", 5),
        "no requirement",
        "pytest 8.3.0",
    ),
    "a package of python that is not locked": (
        MANIFEST.replace("tiny =", 'more = "*"\ntiny ='),
        "more",
        "the requirement on more is not in the lock for default on linux-64",
        ("pypi-dependencies", "more"),
        "more *",
        "no requirement",
    ),
    "a version of python's that is not locked": (
        MANIFEST.replace('{ version = ">=1", extras', '{ version = ">=2", extras'),
        "tiny",
        "the requirement on tiny is not satisfied by what is locked for default on linux-64",
        ("pypi-dependencies", "tiny"),
        "tiny >=2",
        "tiny 1.5",
    ),
    "an extra that nobody asks for any more": (
        MANIFEST.replace(', extras = ["fast"]', ""),
        "fast",
        "fast 1.0 is in the lock and no longer declared for default on linux-64",
        ("packages", 7),
        "no requirement",
        "fast 1.0",
    ),
    "another repository": (
        MANIFEST.replace("git.example/a/vendored", "git.example/b/vendored"),
        "vendored",
        "the requirement on vendored is not satisfied by what is locked for default on linux-64",
        ("pypi-dependencies", "vendored"),
        "vendored from https://git.example/b/vendored.git",
        "vendored 1.0",
    ),
    "an index where a folder is locked": (
        MANIFEST.replace('{ path = ".", editable = true }', '"*"'),
        "app",
        "the requirement on app is not satisfied by what is locked for default on linux-64",
        ("pypi-dependencies", "app"),
        "app *",
        "app 0.1.0",
    ),
    "another channel": (
        MANIFEST.replace('["conda-forge"]', '["nvidia", "conda-forge"]'),
        "channels",
        "what the environment 'default' takes as its channels is not the one in the lock",
        ("workspace", "channels"),
        "nvidia, conda-forge",
        f"{CHANNEL}/",
    ),
    "a platform more": (
        MANIFEST.replace('"osx-arm64"]', '"osx-arm64", "win-64"]'),
        "win-64",
        "the platform 'win-64' of the environment 'default' is not in the lock",
        ("workspace", "platforms"),
        "declared",
        "none",
    ),
    "a platform less": (
        MANIFEST.replace(', "osx-arm64"]', "]"),
        "osx-arm64",
        "the platform 'osx-arm64' of the environment 'default' is in the lock and no longer declared",
        ("environments", "default", "packages", "osx-arm64"),
        "none",
        "declared",
    ),
    "an environment more": (
        MANIFEST + "docs = []\n",
        "docs",
        "the environment 'docs' is not in the lock",
        ("environments", "docs"),
        "declared",
        "none",
    ),
    "an environment less": (
        MANIFEST.replace('[environments]\ntest = ["test"]\n', ""),
        "test",
        "the environment 'test' is in the lock and no longer declared",
        ("environments", "test"),
        "none",
        "declared",
    ),
    "another strategy": (
        MANIFEST.replace("[dependencies]", 'solve-strategy = "lowest"\n[dependencies]', 1),
        "solve-strategy",
        "the 'solve-strategy' of the environment 'default' is not the one in the lock",
        ("workspace", "solve-strategy"),
        "lowest-version",
        "highest",
    ),
    "another priority of channels": (
        MANIFEST.replace("[dependencies]", 'channel-priority = "disabled"\n[dependencies]', 1),
        "channel-priority",
        "the 'channel-priority' of the environment 'default' is not the one in the lock",
        ("workspace", "channel-priority"),
        "disabled",
        "strict",
    ),
    "another mode of pre-releases": (
        MANIFEST + '[pypi-options]\nprerelease-mode = "allow"\n',
        "prerelease-mode",
        "the 'prerelease-mode' of the environment 'default' is not the one in the lock",
        ("workspace", "prerelease-mode"),
        "allow",
        "if-necessary-or-explicit",
    ),
    "a day after which some was made": (
        MANIFEST.replace("[dependencies]", 'exclude-newer = "2023-11-13"\n[dependencies]', 1),
        "python",
        "python 3.12.4 is newer than the manifest allows",
        ("workspace", "exclude-newer"),
        "made before 2023-11-13",
        "made at 1700000000000 ms of the epoch",
    ),
}


@pytest.mark.parametrize("case", STALE.values(), ids=STALE.keys())
def test_what_makes_it_stale(
    tmp_path: Path, case: tuple[str, str, str, tuple[str | int, ...], str | None, str | None]
) -> None:
    manifest, *rest = case
    found = verdict(tmp_path, manifest)
    assert found.state is Freshness.STALE
    reason = found.reasons[0]
    assert [reason.subject, reason.message, reason.keys, reason.expected, reason.found] == rest


def test_an_index_that_a_package_must_come_from(tmp_path: Path) -> None:
    custom = "https://custom.index.example/simple"
    text = lock(7).replace("  name: tiny\n", f"  name: tiny\n  index: {custom}\n")
    asked = MANIFEST.replace('extras = ["fast"]', f'extras = ["fast"], index = "{custom}"')
    assert verdict(tmp_path, asked, text).reasons == ()
    for manifest, found in ((MANIFEST, text), (asked.replace("custom", "other"), text)):
        reason = verdict(tmp_path, manifest, found).reasons[0]
        assert reason.message == "the requirement on tiny is not satisfied by what is locked for default on linux-64"


def test_what_is_missing_behind_a_requirement(tmp_path: Path) -> None:
    text = lock(environments=ENVIRONMENTS.replace(MKL, "", 1))
    assert "numpy depends on mkl >=2024, which leads to no entry of the lock (default on linux-64)" in [
        reason.message for reason in verdict(tmp_path, MANIFEST, text).reasons
    ]
    text = lock(environments=ENVIRONMENTS.replace(f"      - pypi: {FAST}\n", "", 1))
    assert [reason.message for reason in verdict(tmp_path, MANIFEST, text).reasons] == [
        "tiny requires fast, and nothing of that name is locked for default on linux-64"
    ]


def test_a_conda_package_that_only_python_asks_for(tmp_path: Path) -> None:
    manifest = MANIFEST.replace('numpy = ">=2,<3"\n', "").replace("tiny =", 'numpy = "*"\ntiny =')
    reason = verdict(tmp_path, manifest).reasons[0]
    assert reason.message == "numpy is locked for default on linux-64 as a conda package, and only Python asks for it"


def test_a_solve_group_has_one_of_each(tmp_path: Path) -> None:
    manifest = MANIFEST.replace(
        'test = ["test"]', 'default = { solve-group = "all" }\ntest = { features = ["test"], solve-group = "all" }'
    )
    assert verdict(tmp_path, manifest).reasons == ()
    other = f"{CHANNEL}/linux-64/mkl-2024.2-h4_0.conda"
    at = ENVIRONMENTS.index("  test:")
    environments = ENVIRONMENTS[:at] + ENVIRONMENTS[at:].replace("mkl-2024.2-h3_0", "mkl-2024.2-h4_0")
    reason = verdict(tmp_path, manifest, lock(environments=environments, records=conda(other, []))).reasons[0]
    assert (reason.message, reason.expected, reason.found) == (
        "the environments of the solve group 'all' have mkl in two ways on linux-64",
        "2024.2 h3_0 of conda, as in default",
        "2024.2 h4_0 of conda, in test",
    )


def test_a_wheel_for_another_python_or_a_newer_library(tmp_path: Path) -> None:
    other = FAST.replace("cp312-cp312", "cp313-cp313")
    text = lock(environments=ENVIRONMENTS.replace(FAST, other), records=pypi(other, "fast", "1.0"))
    reason = verdict(tmp_path, MANIFEST, text).reasons[0]
    assert (reason.message, reason.expected) == (
        "fast is locked for default on linux-64 as a wheel that cannot be installed there",
        "a wheel for Python 3.12.4",
    )
    old = MANIFEST + '[system-requirements]\nlibc = "2.12"\n'
    assert verdict(tmp_path, old).reasons[0].expected == "a wheel for Python 3.12.4 and glibc 2.12"
    assert verdict(tmp_path, old.replace("2.12", "2.17")).reasons == ()


def test_no_builds(tmp_path: Path) -> None:
    archive = "https://files.index.example/fast-1.0.tar.gz"
    text = lock(environments=ENVIRONMENTS.replace(FAST, archive), records=pypi(archive, "fast", "1.0"))
    assert verdict(tmp_path, MANIFEST, text).reasons == ()
    for refused, reasons in (("true", 2), ('["fast"]', 2), ('["tiny"]', 0), ("false", 0)):
        found = verdict(tmp_path, f"{MANIFEST}[pypi-options]\nno-build = {refused}\n", text).reasons
        assert len([item for item in found if item.message.endswith("wants no builds")]) == reasons


def test_the_python_that_packages_are_for(tmp_path: Path) -> None:
    text = lock().replace("requires_python: '>=3.9'", "requires_python: '>=3.13'")
    reason = verdict(tmp_path, MANIFEST, text).reasons[0]
    assert (reason.message, reason.expected, reason.found) == (
        "tiny is not for the Python that is locked for default on linux-64",
        "Python >=3.13",
        "Python 3.12.4",
    )
    upper = lock().replace("requires_python: '>=3.9'", "requires_python: '>=3.9,<3.10'")
    assert verdict(tmp_path, MANIFEST, upper).reasons == (), "resolvers leave upper bounds out"


LOCAL = {
    "another requirement": (
        PYPROJECT.replace("numpy>=2", "numpy>=2.1"),
        Freshness.STALE,
        "what app requires is not the one in the lock",
    ),
    "another version": (
        PYPROJECT.replace("0.1.0", "0.2.0"),
        Freshness.STALE,
        "the version of app is not the one in the lock",
    ),
    "what only a backend can tell": (
        PYPROJECT.replace("dependencies =", 'dynamic = ["dependencies"]\nkeywords ='),
        Freshness.UNKNOWN,
        "dependencies of app in . only its build backend can tell",
    ),
    "no project": ("[tool.other]\n", Freshness.UNKNOWN, "what it requires of app in . only its build backend can tell"),
}


@pytest.mark.parametrize(("pyproject", "state", "message"), LOCAL.values(), ids=LOCAL.keys())
def test_a_project_in_a_folder(tmp_path: Path, pyproject: str, state: Freshness, message: str) -> None:
    found = verdict(tmp_path, pyproject=pyproject)
    assert (found.state, found.reasons[0].message) == (state, message)


def test_markers_of_a_project_in_a_folder_are_compared_by_meaning(tmp_path: Path) -> None:
    text = lock().replace(
        "  - numpy>=2\n  - tiny\n", "  - numpy>=2 ; python_full_version >= '3.9'\n  - tiny ; extra == 'all'\n"
    )
    pyproject = (
        PYPROJECT.replace('"numpy>=2", "tiny"', "\"numpy >=2; python_version>='3.9'\"")
        + '[project.optional-dependencies]\nall = ["tiny"]\n'
    )
    assert not [reason for reason in verdict(tmp_path, MANIFEST, text, pyproject).reasons if reason.subject == "app"]


UNKNOWN = {
    "a spec that is not read": (
        MANIFEST.replace('numpy = ">=2,<3"', 'numpy = { version = "*", license = "BSD" }'),
        "whether 'numpy {version = *, license = BSD}' is satisfied by numpy 2.1.0 py312_0 cannot be told",
    ),
    "a requirement for some machines": (
        MANIFEST.replace('mkl = "*"', 'mkl = "*"\ncuda = { version = "*", when = "__cuda" }'),
        "the requirement on cuda is not in the lock for default on linux-64",
    ),
    "packages under development": (
        MANIFEST + '[dev]\nx = { path = "x" }\n',
        "what packages are developed here, and need, only pixi can tell",
    ),
}


@pytest.mark.parametrize(("manifest", "message"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_what_cannot_be_told(tmp_path: Path, manifest: str, message: str) -> None:
    found = verdict(tmp_path, manifest)
    assert (found.state, found.reasons[0].message) == (Freshness.UNKNOWN, message)


def test_a_package_that_is_built_from_source(tmp_path: Path) -> None:
    name = "child[87dc0b8a] @ child"
    records = f"- conda_source: {name}\n  version: '1.0'\n  build: h1_0\n  subdir: linux-64\n"
    environments = ENVIRONMENTS.replace(MKL, f"{MKL}      - conda_source: {name}\n")
    text = lock(7, environments=environments, records=records)
    asked = MANIFEST.replace('mkl = "*"', 'mkl = "*"\nchild = { path = "./child" }')
    found = verdict(tmp_path, asked, text)
    assert found.state is Freshness.UNKNOWN
    assert found.reasons[0].message == "child is built from its source, and what that needs now only pixi can tell"
    assert verdict(tmp_path, asked.replace("./child", "./other"), text).state is Freshness.STALE
    assert verdict(tmp_path, asked.replace('{ path = "./child" }', '"*"'), text).state is Freshness.STALE


def test_platforms_that_ask_something_of_a_machine(tmp_path: Path) -> None:
    gpu = MANIFEST.replace(
        '"linux-64", "osx-arm64"', '{ name = "linux-64", platform = "linux-64", cuda = "12" }, "osx-arm64"'
    )
    text = lock(7).replace("  - __linux=4.18\n", "  - __linux=4.18\n  - __cuda=12\n")
    assert verdict(tmp_path, gpu, text).reasons == ()
    for manifest, found in ((MANIFEST, text), (gpu, lock(7)), (gpu.replace('"12"', '"13"'), text)):
        reason = verdict(tmp_path, manifest, found).reasons[0]
        assert reason.message == "what the platform 'linux-64' asks of a machine is not the one in the lock"
    required = MANIFEST + '[system-requirements]\ncuda = "12"\n'
    assert verdict(tmp_path, required, text).reasons == ()


def test_the_manifest_may_be_a_part_of_pyproject(tmp_path: Path) -> None:
    pixi = "".join(
        line.replace("[", "[tool.pixi.", 1) if line.startswith("[") else line
        for line in MANIFEST.splitlines(keepends=True)
    )
    # What the project requires are requirements of the default feature then, and its groups are features.
    text = PYPROJECT + '[dependency-groups]\ntest = ["pytest"]\n' + pixi.replace('python = "3.12.*"\n', "")
    assert verdict(tmp_path, None, pyproject=text).reasons == ()
    assert verdict(tmp_path, None, pyproject=text.replace("numpy>=2", "numpy>=2.2")).state is Freshness.STALE
    assert verdict(tmp_path, None, pyproject=text.replace(">=3.12", ">=3.13")).state is Freshness.STALE
    assert verdict(tmp_path, None, pyproject=text.replace('["pytest"]', '["pytest>=9"]')).state is Freshness.STALE


def test_without_a_manifest_nothing_can_be_told(tmp_path: Path) -> None:
    found = verdict(tmp_path, None)
    assert found.state is Freshness.UNKNOWN
    assert found.reasons[0].message == "there is no pixi.toml, and no [tool.pixi] in a pyproject.toml, beside the lock"


BROKEN = {
    "[workspace\n": "pixi.toml:1: is not valid TOML: ",
    "workspace = 1\n": "pixi.toml: in 'workspace': expected a table, found a number",
    "[dependencies]\nnumpy = 1\n": "pixi.toml: in 'dependencies.numpy': expected a version or a table, found a number",
    "[pypi-dependencies]\nx = []\n": "pixi.toml: in 'pypi-dependencies.x': expected a version or a table, found a list",
    '[environments]\na = ["b"]\n': "pixi.toml: in 'environments.a': there is no feature 'b'",
    "[environments]\na = 1\n": "pixi.toml: in 'environments.a': expected a list of features or a table, found a number",
    "[workspace]\nchannels = [1]\n": "pixi.toml: in 'workspace.channels[0]': expected a table, found a number",
    "[workspace]\nplatforms = [{}]\n": "pixi.toml: in 'workspace.platforms[0]': the key 'name' is missing",
}


@pytest.mark.parametrize(("text", "message"), BROKEN.items())
def test_a_broken_manifest_is_named_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        verdict(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path}/{message}")


def test_hashes_are_no_reason(tmp_path: Path) -> None:
    assert verdict(tmp_path, text=lock().replace(sha256(TINY), HASH)).reasons == ()
