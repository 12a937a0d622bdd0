"""Whether conda-lock.yml still belongs to the files that it was made from."""

from __future__ import annotations

from hashlib import md5, sha256
from typing import TYPE_CHECKING

import pytest

from envguard.errors import ConfigError
from envguard.lockfiles import freshness, read_lock
from envguard.lockfiles.model import Freshness
from envguard.reader import Reader
from tests.lockfiles.conda_lock.documents import DEV, ENVIRONMENT, PACKAGES, conda, lock, pip
from tests.lockfiles.conda_lock.test_reader import CORPORA

if TYPE_CHECKING:
    from pathlib import Path

    from envguard.lockfiles.model import FreshnessVerdict

SOURCES = "environment.yml dev.yml"


def verdict(
    folder: Path, environment: str = ENVIRONMENT, packages: str = PACKAGES, more: str = "", dev: str = DEV
) -> FreshnessVerdict:
    (folder / "conda-lock.yml").write_text(lock(packages, sources=SOURCES, more=more))
    (folder / "environment.yml").write_text(environment)
    (folder / "dev.yml").write_text(dev)
    return freshness(Reader(), read_lock(Reader(), str(folder / "conda-lock.yml")))


@pytest.mark.parametrize("path", CORPORA, ids=lambda path: path.parent.name)
def test_real_locks_are_fresh(path: Path) -> None:
    assert freshness(Reader(), read_lock(Reader(), str(path))).reasons == ()


def test_what_is_satisfied_is_fresh(tmp_path: Path) -> None:
    assert verdict(tmp_path).state is Freshness.FRESH


def test_spelling_order_and_comments_mean_nothing(tmp_path: Path) -> None:
    other = ENVIRONMENT.replace("python 3.12.*", "python=3.12").replace("  - numpy >=2,<3\n", "")
    assert verdict(tmp_path, f"# a comment\n{other}").state is Freshness.STALE
    other = other.replace("dependencies:\n", "dependencies:\n  - numpy>=2.0, <3.0  # wanted\n")
    assert verdict(tmp_path, f"# a comment\n{other}").state is Freshness.FRESH


STALE = {
    "a version that is not locked": (
        ENVIRONMENT.replace("numpy >=2,<3", "numpy >=2.2"),
        "numpy",
        "the requirement on numpy is not satisfied by what is locked for linux-64",
        ("dependencies", 1),
        "numpy >=2.2",
        "numpy 2.1.0 py312_0",
    ),
    "a build that is not locked": (
        ENVIRONMENT.replace("numpy >=2,<3", "numpy=2.1.0=py313*"),
        "numpy",
        "the requirement on numpy is not satisfied by what is locked for linux-64",
        ("dependencies", 1),
        "numpy=2.1.0=py313*",
        "numpy 2.1.0 py312_0",
    ),
    "a package that is not locked": (
        ENVIRONMENT.replace("- mkl", "- scipy"),
        "scipy",
        "the requirement on scipy is not in the lock for linux-64",
        ("dependencies", 2),
        "scipy",
        "no requirement",
    ),
    "a version for pip that is not locked": (
        ENVIRONMENT.replace("tiny >=1", "tiny >=2"),
        "tiny",
        "the requirement on tiny is not satisfied by what is locked for linux-64",
        ("dependencies", 3, "pip", 0),
        "tiny >=2",
        "tiny 1.5",
    ),
    "an address where an index is locked": (
        ENVIRONMENT.replace("tiny >=1", "tiny @ https://files.example/tiny-1.5.zip"),
        "tiny",
        "the requirement on tiny is not satisfied by what is locked for linux-64",
        ("dependencies", 3, "pip", 0),
        "tiny @ https://files.example/tiny-1.5.zip",
        "tiny 1.5",
    ),
    "a package that nothing asks for any more": (
        ENVIRONMENT.replace("      - tiny >=1\n", "      - PyTest\n"),
        "tiny",
        "tiny is in the lock and no longer declared",
        ("package", 9),
        "no requirement",
        "tiny 1.5",
    ),
}


@pytest.mark.parametrize(("environment", "rest"), [(case[0], case[1:]) for case in STALE.values()], ids=STALE.keys())
def test_what_makes_it_stale(tmp_path: Path, environment: str, rest: tuple[object, ...]) -> None:
    found = verdict(tmp_path, environment)
    assert found.state is Freshness.STALE
    reason = next(reason for reason in found.reasons if not reason.unknown)
    assert (reason.subject, reason.message, reason.keys, reason.expected, reason.found) == rest


def test_a_package_of_another_category_is_not_enough(tmp_path: Path) -> None:
    found = verdict(tmp_path, ENVIRONMENT.replace("  - numpy", "  - pytest\n  - numpy"))
    assert found.state is Freshness.STALE
    assert found.reasons[0].message == "the requirement on pytest is not satisfied by what is locked for linux-64"
    # What is always installed is there for every category.
    assert verdict(tmp_path, dev=DEV + "  - numpy\n").state is Freshness.FRESH


def test_lines_for_other_platforms_are_left_out(tmp_path: Path) -> None:
    for selector in ("osx", "arm64", "unix"):
        found = verdict(tmp_path, ENVIRONMENT.replace("[linux64]", f"[{selector}]"))
        assert any("mkl" in reason.message and "osx-arm64" in reason.message for reason in found.reasons), selector
    assert verdict(tmp_path, ENVIRONMENT.replace("  - numpy", "  - cudatoolkit  # [win]\n  - numpy")).reasons == ()


def test_a_platform_of_which_the_selectors_are_not_known_cannot_be_told(tmp_path: Path) -> None:
    packages = PACKAGES + conda("python", "3.12.4", "h9_0", "linux-riscv64", "linux-riscv64")
    found = verdict(tmp_path, packages=packages)
    assert found.state is Freshness.UNKNOWN
    assert "environment.yml cannot be compared: which lines are meant for linux-riscv64 is not known" in [
        reason.message for reason in found.reasons
    ]


UNKNOWN = {
    "a platform more": (
        ENVIRONMENT.replace("  - osx-arm64\n", "  - osx-arm64\n  - win-64\n"),
        "the lock was made with other platforms, here or on the command line",
    ),
    "another channel": (
        ENVIRONMENT.replace("  - conda-forge\n", "  - bioconda\n  - conda-forge\n"),
        "the lock was made with other channels, here or on the command line",
    ),
    "a spec that is not read": (
        ENVIRONMENT.replace("numpy >=2,<3", "numpy[license=BSD]"),
        "whether 'numpy[license=BSD]' is satisfied by numpy 2.1.0 py312_0 cannot be told",
    ),
    "an option of pip": (
        ENVIRONMENT.replace("tiny >=1", "-r requirements.txt"),
        "environment.yml cannot be compared: '-r requirements.txt' is an option of pip",
    ),
    "a package for pip that conda may have": (
        ENVIRONMENT.replace("tiny >=1", "tiny\n      - torch"),
        "torch is not in the lock for linux-64, unless conda has it under another name",
    ),
}


@pytest.mark.parametrize(("environment", "message"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_what_cannot_be_told(tmp_path: Path, environment: str, message: str) -> None:
    found = verdict(tmp_path, environment)
    assert found.state is Freshness.UNKNOWN
    assert found.reasons[0].message == message


def test_what_is_editable_or_for_another_platform_is_in_no_lock(tmp_path: Path) -> None:
    more = "tiny >=1\n      - -e .\n      - pywin32 ; sys_platform == 'win32'"
    assert verdict(tmp_path, ENVIRONMENT.replace("tiny >=1", more)).reasons == ()


def test_a_package_from_a_repository(tmp_path: Path) -> None:
    more = "  source:\n    type: url\n    url: git+https://git.example/a/tiny@0123abc\n"
    packages = PACKAGES.replace(pip("tiny", "1.5", "linux-64"), pip("tiny", "1.5", "linux-64", more=more)).replace(
        pip("tiny", "1.5", "osx-arm64"), pip("tiny", "1.5", "osx-arm64", more=more)
    )
    wanted = ENVIRONMENT.replace("tiny >=1", "tiny @ git+https://git.example/a/tiny@main")
    assert verdict(tmp_path, wanted, packages).reasons == ()


def digests(*texts: str) -> str:
    lines = ["  inputs_metadata:"]
    for name, text in zip(SOURCES.split(), texts, strict=True):
        lines += [f"    {name}:", f"      md5: {md5(text.encode()).hexdigest()}"]
        lines += [f"      sha256: {sha256(text.encode()).hexdigest()}"]
    return "\n".join(lines) + "\n"


def test_files_that_are_those_of_then_are_fresh_whatever_they_say(tmp_path: Path) -> None:
    odd = ENVIRONMENT.replace("numpy >=2,<3", "numpy[license=BSD]")
    assert verdict(tmp_path, odd, more=digests(odd, DEV)).reasons == ()
    windows = verdict(tmp_path, odd.replace("\n", "\r\n"), more=digests(odd, DEV))
    assert windows.reasons == (), "conda-lock makes digests of the lines, however they end"


def test_a_file_that_changed_is_not_fresh_though_all_is_satisfied(tmp_path: Path) -> None:
    found = verdict(tmp_path, f"# more\n{ENVIRONMENT}", more=digests(ENVIRONMENT, DEV))
    assert found.state is Freshness.UNKNOWN
    (reason,) = found.reasons
    assert reason.message == (
        "environment.yml is not the file that the lock was made from; what it asks for is satisfied, and only a new "
        "resolution can tell whether it would choose the same"
    )
    assert reason.expected == f"sha256:{sha256(ENVIRONMENT.encode()).hexdigest()}"
    worse = verdict(tmp_path, ENVIRONMENT.replace("numpy >=2", "numpy >=2.2"), more=digests(ENVIRONMENT, DEV))
    assert worse.state is Freshness.STALE


def test_each_file_is_held_against_its_own_digest_though_another_is_gone(tmp_path: Path) -> None:
    changed = f"# more\n{DEV}"
    verdict(tmp_path, more=digests(ENVIRONMENT, DEV))
    (tmp_path / "environment.yml").unlink()
    (tmp_path / "dev.yml").write_text(changed)
    found = freshness(Reader(), read_lock(Reader(), str(tmp_path / "conda-lock.yml")))
    assert found.state is Freshness.UNKNOWN
    assert [reason.subject for reason in found.reasons] == ["environment.yml", "dev.yml"]
    assert found.reasons[1].found == f"sha256:{sha256(changed.encode()).hexdigest()}"


def test_a_file_that_is_gone_cannot_be_told(tmp_path: Path) -> None:
    verdict(tmp_path)
    (tmp_path / "dev.yml").unlink()
    found = freshness(Reader(), read_lock(Reader(), str(tmp_path / "conda-lock.yml")))
    assert found.state is Freshness.UNKNOWN
    assert found.reasons[0].message == "the lock was made from dev.yml, which is not here"
    assert found.reasons[0].keys == ("metadata", "sources", 1)


@pytest.mark.parametrize("source", ["/etc/passwd", "../../etc/passwd"])
def test_a_lock_does_not_make_us_read_what_is_no_source(tmp_path: Path, source: str) -> None:
    (tmp_path / "conda-lock.yml").write_text(lock(sources=source))
    found = freshness(Reader(), read_lock(Reader(), str(tmp_path / "conda-lock.yml")))
    assert found.state is Freshness.UNKNOWN
    assert "passwd" in found.reasons[0].message


def test_a_recipe_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "meta.yaml").write_text("{% set x = 1 %}\n")
    (tmp_path / "conda-lock.yml").write_text(lock(sources="meta.yaml"))
    found = freshness(Reader(), read_lock(Reader(), str(tmp_path / "conda-lock.yml")))
    assert [reason.message for reason in found.reasons if reason.subject == "meta.yaml"] == [
        "meta.yaml cannot be compared: a recipe is a template, which is not filled in here"
    ]


PYPROJECT = '[project]\nname = "app"\nrequires-python = ">=3.12"\ndependencies = ["numpy>=2", "tiny"]\n'


@pytest.mark.parametrize(
    ("text", "state"),
    [
        (PYPROJECT + '[project.optional-dependencies]\ndev = ["pytest>=8"]\n', Freshness.STALE),
        (PYPROJECT.replace("numpy>=2", "numpy>=2.2"), Freshness.STALE),
        (PYPROJECT.replace("tiny", "torch"), Freshness.UNKNOWN),
        (PYPROJECT + '[tool.conda-lock]\nchannels = ["conda-forge"]\n', Freshness.UNKNOWN),
    ],
)
def test_a_pyproject_as_a_source(tmp_path: Path, text: str, state: Freshness) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    (tmp_path / "conda-lock.yml").write_text(lock(sources="pyproject.toml"))
    assert freshness(Reader(), read_lock(Reader(), str(tmp_path / "conda-lock.yml"))).state is state


def test_a_lock_without_sources_says_so(tmp_path: Path) -> None:
    (tmp_path / "conda-lock.yml").write_text(lock(sources=""))
    found = freshness(Reader(), read_lock(Reader(), str(tmp_path / "conda-lock.yml")))
    assert found.state is Freshness.UNKNOWN
    assert found.reasons[0].message == "does not say what it was made from"


BROKEN = {
    "- a\n": "environment.yml: expected a mapping, found a list",
    "dependencies: numpy\n": "environment.yml: in 'dependencies': expected a list, found a string",
    "dependencies: [1]\n": "environment.yml: in 'dependencies[0]': expected a mapping, found a number",
    "dependencies: [{pip: x}]\n": "environment.yml: in 'dependencies[0].pip': expected a list, found a string",
    "dependencies: [{pip: ['a b c']}]\n": "environment.yml: in 'dependencies[0].pip[0]': 'a b c' is no requirement: Expected semicolon "
    "(after name with no version specifier) or end",
    "dependencies: &a [*a]\n": "environment.yml:1: has values nested deeper than 100 levels",
    "dependencies:\n  - a\ndependencies: []\n": "environment.yml:3: has the key 'dependencies' twice in one mapping",
}


@pytest.mark.parametrize(("text", "message"), BROKEN.items())
def test_a_broken_source_is_named_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        verdict(tmp_path, text)
    assert str(caught.value) == f"{tmp_path}/{message}"
