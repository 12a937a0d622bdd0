"""conda-lock.yml as a file: read whole, or refused with the place that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from envguard.errors import EnvguardError
from envguard.lockfiles import read_lock
from envguard.lockfiles.consistency import inconsistencies
from envguard.lockfiles.model import Artifact, CondaBuild, Edge, Source, SourceKind, When
from envguard.reader import Reader
from tests.lockfiles.conda_lock.documents import CHANNEL, MD5, PACKAGES, conda, lock, pip, sha256
from tests.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from envguard.lockfiles.model import Lock

CORPORA = sorted((ROOT / "tests" / "corpora").glob("conda-lock-*/**/conda-lock.yml"))


def read(folder: Path, text: str, name: str = "conda-lock.yml") -> Lock:
    (folder / name).write_text(text)
    return read_lock(Reader(), str(folder / name))


def test_a_package_of_several_platforms_and_categories_is_one(tmp_path: Path) -> None:
    found = read(tmp_path, lock())
    assert [(package.name, package.index) for package in found.packages] == [
        ("python", 0),
        ("python", 1),
        ("numpy", 2),
        ("numpy", 3),
        ("mkl", 4),
        ("pytest", 5),
        ("pip", 7),
        ("tiny", 9),
    ]
    pytest_ = found.packages[5]
    assert pytest_.when == (When(group="dev", platform="linux-64"), When(group="dev", platform="osx-arm64"))
    assert pytest_.route == ("package", 5)
    both = conda("a", "1", "0", "linux-64", "noarch") + conda("a", "1", "0", "linux-64", "noarch", category="dev")
    (package,) = read(tmp_path, lock(both)).packages
    assert package.when == (When(platform="linux-64"), When(group="dev", platform="linux-64"))


def test_an_entry_that_repeats_another_is_held_to_the_same_and_no_more(tmp_path: Path) -> None:
    one = conda("a", "1", "0", "linux-64", "noarch")
    other = conda("a", "1", "0", "osx-64", "noarch")
    (package,) = read(tmp_path, lock(one + other)).packages
    assert package.when == (When(platform="linux-64"), When(platform="osx-64"))
    assert package.route == ("package", 0)

    changed = other.replace(sha256("a-1-0.conda"), sha256("another"))
    assert changed != other
    assert [item.index for item in read(tmp_path, lock(one + changed)).packages] == [0, 1]
    with pytest.raises(EnvguardError) as told:
        read(tmp_path, lock(one + other.replace("platform: osx-64", "platform: [osx-64]")))
    assert told.value.keys == ("package", 1, "platform")
    assert "expected a string, found a list" in told.value.message
    with pytest.raises(EnvguardError) as told:
        read(tmp_path, lock(one + other.replace("version: ", "release: ")))
    assert told.value.keys == ("package", 1)
    assert "the key 'version' is missing" in told.value.message


def test_a_conda_package_has_its_file_and_its_build(tmp_path: Path) -> None:
    numpy = read(tmp_path, lock()).packages[2]
    assert (numpy.name, numpy.version) == ("numpy", "2.1.0")
    assert numpy.source == Source(kind=SourceKind.CONDA, location=CHANNEL)
    assert numpy.conda == CondaBuild(build="py312_0", subdir="linux-64", md5=MD5)
    assert numpy.artifacts == (
        Artifact(
            filename="numpy-2.1.0-py312_0.conda",
            wheel=False,
            location=f"{CHANNEL}/linux-64/numpy-2.1.0-py312_0.conda",
            hash=f"sha256:{sha256('numpy-2.1.0-py312_0.conda')}",
        ),
    )
    assert numpy.dependencies == (
        Edge(name="python", match="python >=3.12,<3.13.0a0"),
        Edge(name="mkl", match="mkl *"),
    )


def test_secrets_are_not_kept(tmp_path: Path) -> None:
    text = lock().replace(CHANNEL, "https://me:hunter2@conda.index.example/t/tk-hunter2/conda-forge")
    assert "hunter2" not in repr(read(tmp_path, text).packages)


def test_a_build_may_be_given_beside_the_address(tmp_path: Path) -> None:
    entry = conda("a", "1", "0", "linux-64", "noarch").replace("  optional", "  build: 'abc_1'\n  optional")
    (package,) = read(tmp_path, lock(entry)).packages
    assert package.conda == CondaBuild(build="abc_1", subdir="noarch", md5=MD5)


def test_a_package_of_an_index(tmp_path: Path) -> None:
    tiny = read(tmp_path, lock()).packages[-1]
    assert tiny.source == Source(kind=SourceKind.REGISTRY, location="")
    assert tiny.conda is None
    assert tiny.artifacts == (
        Artifact(
            filename="tiny-1.5-py3-none-any.whl",
            wheel=True,
            location="https://files.index.example/tiny-1.5-py3-none-any.whl",
            hash=f"sha256:{sha256('tiny-1.5-py3-none-any.whl')}",
        ),
    )


SOURCES = {
    "https://files.example/tiny-1.5.tar.gz#sha256=00": Source(
        kind=SourceKind.URL, location="https://files.example/tiny-1.5.tar.gz"
    ),
    "git+https://me:secret@git.example/a/tiny.git@0123abc": Source(
        kind=SourceKind.GIT, location="https://git.example/a/tiny.git", commit="0123abc"
    ),
    "git+https://git.example/a/tiny@v1#subdirectory=b": Source(
        kind=SourceKind.GIT, location="https://git.example/a/tiny", commit="v1", subdirectory="b"
    ),
    "git+https://git.example/a/tiny": Source(kind=SourceKind.GIT, location="https://git.example/a/tiny"),
}


@pytest.mark.parametrize(("url", "source"), SOURCES.items(), ids=SOURCES.keys())
def test_what_does_not_come_from_an_index(tmp_path: Path, url: str, source: Source) -> None:
    more = f"  source:\n    type: url\n    url: {url}\n"
    (package,) = read(tmp_path, lock(pip("tiny", "1.5", "linux-64", more=more))).packages
    assert package.source == source


def test_what_can_be_chosen(tmp_path: Path) -> None:
    found = read(tmp_path, lock(PACKAGES + conda("x", "1", "0", "linux-64", "noarch", category="docs")))
    assert (found.extras, found.groups, found.default_groups) == (("docs",), ("dev",), ("dev",))
    assert found.options == {"platforms": ["linux-64", "osx-arm64"], "channels": ["conda-forge"]}
    assert found.commands.install == "conda-lock install conda-lock.yml"
    assert found.commands.lock == "conda-lock lock --lockfile conda-lock.yml"


def test_channels_may_be_mere_texts(tmp_path: Path) -> None:
    text = lock().replace("  - url: conda-forge\n    used_env_vars: []\n", "  - conda-forge\n")
    assert read(tmp_path, text).options["channels"] == ["conda-forge"]


def test_virtual_packages_that_old_releases_wrote_down_are_none(tmp_path: Path) -> None:
    entry = conda("__glibc", "2.17", "0", "linux-64", "linux-64")
    assert [
        package.name for package in read(tmp_path, lock(entry + conda("a", "1", "0", "linux-64", "noarch"))).packages
    ] == ["a"]


@pytest.mark.parametrize("name", ["conda-lock.yml", "gpu.conda-lock.yml", "conda-lock-gpu.yaml", "x.conda-lock.yaml"])
def test_names_of_such_locks(tmp_path: Path, name: str) -> None:
    found = read(tmp_path, lock(), name)
    assert found.format == "conda-lock"
    assert found.commands.lock.endswith(name)


REFUSED = {
    "empty": ("", "conda-lock.yml: is empty"),
    "no YAML": ("a: b: c", "conda-lock.yml:1: is not valid YAML: mapping values are not allowed in this context"),
    "a list": ("- a\n", "conda-lock.yml: expected a mapping, found a list"),
    "something else": ("a: b\n", "conda-lock.yml: has no version, so it is no conda-lock.yml"),
    "no version": ("package: []\n", "conda-lock.yml: the key 'version' is missing"),
    "a newer version": (lock(version="2"), "conda-lock.yml: in 'version': version 2 is not known here, only 1"),
    "a version that is none": (lock(version="one"), "conda-lock.yml: in 'version': expected a number, found a string"),
    "a merge": (
        lock().replace("package:\n", "<<<<<<< ours\npackage:\n"),
        "conda-lock.yml:14: has an unfinished merge in it",
    ),
    "a tag": (
        lock().replace("manager: conda", "manager: !!python/name:os.system", 1),
        "conda-lock.yml:17: has a tag, tag:yaml.org,2002:python/name:os.system: nothing is made of what is read here",
    ),
    "a key twice": (
        lock().replace("  manager: conda\n", "  manager: conda\n  manager: pip\n", 1),
        "conda-lock.yml:18: has the key 'manager' twice in one mapping",
    ),
    "packages that are no list": (
        lock("  a: 1\n"),
        "conda-lock.yml: in 'package': expected a list, found a mapping",
    ),
    "an entry that is none": (lock("- a\n"), "conda-lock.yml: in 'package[0]': expected a mapping, found a string"),
    "an entry without a name": (
        lock(PACKAGES.replace("- name: numpy\n  version", "- version")),
        "conda-lock.yml: in 'package[2]': the key 'name' is missing",
    ),
    "a version that is a number": (
        lock(PACKAGES.replace("'2024.2'", "2024.2")),
        "conda-lock.yml: in 'package[4].version': expected a string, found a number",
    ),
    "another manager": (
        lock(PACKAGES.replace("manager: conda", "manager: npm", 1)),
        "conda-lock.yml: in 'package[0].manager': expected conda or pip, found 'npm'",
    ),
    "an address of something else": (
        lock(PACKAGES.replace("mkl-2024.2-h3_0.conda", "mkl.zip")),
        f"conda-lock.yml: in 'package[4].url': '{CHANNEL}/linux-64/mkl.zip' does not end in the file name of a conda package",
    ),
    "no hash at all": (
        lock(
            PACKAGES.replace(
                f"  hash:\n    md5: {MD5}\n    sha256: {sha256('python-3.12.4-h1_0.conda')}\n", "  hash: none\n", 1
            )
        ),
        "conda-lock.yml: in 'package[0].hash': expected a mapping, found a string",
    ),
    "a dependency that is none": (
        lock(PACKAGES.replace("{__glibc: '>=2.17'}", "{__glibc: 2}")),
        "conda-lock.yml: in 'package[0].dependencies.__glibc': expected a string, found a number",
    ),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(EnvguardError) as caught:
        read(tmp_path, text)
    assert str(caught.value).split("\nhint: ")[0] == f"{tmp_path}/{message}"


def test_the_error_says_how_to_lock_anew(tmp_path: Path) -> None:
    with pytest.raises(EnvguardError) as caught:
        read(tmp_path, lock("- a\n"))
    assert caught.value.hint == "conda-lock lock --lockfile conda-lock.yml"


@pytest.mark.parametrize("path", CORPORA, ids=lambda path: path.parent.name)
def test_no_real_lock_contradicts_itself(path: Path) -> None:
    found = read_lock(Reader(), str(path))
    assert len(found.packages) > 90
    assert inconsistencies(found) == ()


def test_the_small_lock_of_these_tests_does_not_either(tmp_path: Path) -> None:
    assert inconsistencies(read(tmp_path, lock())) == ()


TAMPERED = {
    "a dependency that is gone": (
        PACKAGES.replace(conda("mkl", "2024.2", "h3_0", "linux-64", "linux-64"), ""),
        "edge",
        "numpy depends on mkl *, which leads to no entry of the lock (linux-64)",
        ("package", 2),
    ),
    "a version that is not asked for": (
        PACKAGES.replace("- name: python\n  version: '3.12.4'", "- name: python\n  version: '3.13.4'", 1).replace(
            "python-3.12.4-h1_0", "python-3.13.4-h1_0"
        ),
        "corrected",
        "numpy requires python >=3.12,<3.13.0a0, and the lock has python 3.13.4 h1_0 (linux-64)",
        ("package", 2),
    ),
    "a package twice on one platform": (
        PACKAGES + conda("mkl", "2024.2", "h4_0", "linux-64", "linux-64"),
        "duplicate",
        "mkl is listed twice, as 2024.2 h3_0 and as 2024.2 h4_0 (linux-64)",
        ("package", 11),
    ),
    "a version edited by hand": (
        PACKAGES.replace("- name: mkl\n  version: '2024.2'", "- name: mkl\n  version: '2024.3'"),
        "artifact",
        "mkl 2024.3 h3_0 lists mkl-2024.2-h3_0.conda, a file of mkl 2024.2 h3_0",
        ("package", 4),
    ),
    "a hash that is gone": (
        PACKAGES.replace(
            f"mkl-2024.2-h3_0.conda\n  hash:\n    md5: {MD5}\n    sha256: {sha256('mkl-2024.2-h3_0.conda')}\n",
            "mkl-2024.2-h3_0.conda\n",
        ),
        "unhashed",
        f"mkl has no hash, though others of {CHANNEL} have",
        ("package", 4),
    ),
    "a hash that can be forged": (
        PACKAGES.replace(
            f"mkl-2024.2-h3_0.conda\n  hash:\n    md5: {MD5}\n    sha256: {sha256('mkl-2024.2-h3_0.conda')}\n",
            f"mkl-2024.2-h3_0.conda\n  hash: {{md5: {MD5}}}\n",
        ),
        "unhashed",
        f"mkl has no strong hash, though others of {CHANNEL} have",
        ("package", 4),
    ),
}


@pytest.mark.parametrize(("packages", "kind", "message", "keys"), TAMPERED.values(), ids=TAMPERED.keys())
def test_a_lock_that_contradicts_itself(
    tmp_path: Path, packages: str, kind: str, message: str, keys: tuple[str | int, ...]
) -> None:
    (found,) = inconsistencies(read(tmp_path, lock(packages)))
    assert (found.kind, found.message, found.keys) == (kind, message, keys)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("b: '>=2'", ("2", "0", "1", "0")),
        ("b: '* x_0'", ("2", "x_0", "2", "x_1")),
        # Only the platform tells these two from each other.
        ("b: '*[subdir=linux-64]'", ("2", "0", "2", "0")),
    ],
)
def test_what_fits_on_one_platform_is_not_believed_to_fit_on_another(
    tmp_path: Path, wanted: str, found: tuple[str, str, str, str]
) -> None:
    needs, (version, build, other_version, other_build) = f"{{{wanted}}}", found
    text = (
        conda("a", "1", "0", "linux-64", "linux-64", needs=needs)
        + conda("b", version, build, "linux-64", "linux-64")
        + conda("a", "1", "0", "osx-64", "osx-64", needs=needs)
        + conda("b", other_version, other_build, "osx-64", "osx-64")
    )
    (item,) = [item for item in inconsistencies(read(tmp_path, lock(text))) if "requires b" in item.message]
    assert item.message.endswith("(osx-64)")
    assert item.keys[:2] == ("package", 2)
