"""pixi.lock as a file: read whole, or refused with the place that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from envguard.errors import EnvguardError
from envguard.lockfiles import read_lock
from envguard.lockfiles.consistency import inconsistencies
from envguard.lockfiles.model import Artifact, CondaBuild, Edge, Source, SourceKind, When
from envguard.reader import Reader
from tests.lockfiles.pixi.documents import (
    CHANNEL,
    ENVIRONMENTS,
    FAST,
    GIT,
    MANIFEST,
    MD5,
    OLD,
    PYPROJECT,
    TINY,
    conda,
    lock,
    pypi,
    sha256,
)
from tests.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from envguard.lockfiles.model import Lock, LockedPackage

CORPORA = sorted((ROOT / "tests" / "corpora").glob("pixi-*/pixi.lock"))
NO_REQUIREMENT = "Expected semicolon (after name with no version specifier) or end"
ONE = "  default:\n    channels: []\n    packages:\n      linux-64:\n"


def read(folder: Path, text: str, manifest: str | None = MANIFEST) -> Lock:
    (folder / "pixi.lock").write_text(text)
    if manifest is not None:
        (folder / "pixi.toml").write_text(manifest)
        (folder / "pyproject.toml").write_text(PYPROJECT)
    return read_lock(Reader(), str(folder / "pixi.lock"))


def named(found: Lock) -> dict[str, LockedPackage]:
    return {package.name: package for package in reversed(found.packages)}


@pytest.mark.parametrize("version", [6, 7])
def test_environments_and_platforms_are_the_conditions_of_packages(tmp_path: Path, version: int) -> None:
    found = read(tmp_path, lock(version))
    whens = {package.name: package.when for package in found.packages}
    assert whens["mkl"] == (When(group="default", platform="linux-64"), When(group="test", platform="linux-64"))
    assert whens["pytest"] == (When(group="test", platform="linux-64"), When(group="test", platform="osx-arm64"))
    assert (found.groups, found.default_groups) == (("default", "test"), ("default",))
    assert found.options["platforms"] == {name: ["linux-64", "osx-arm64"] for name in ("default", "test")}
    # What an environment was made of is kept of it; what it lists is in the packages.
    assert list(found.manifest) == ["default", "test"]
    assert "channels" in found.manifest["default"]
    assert "packages" not in found.manifest["default"]


def test_a_conda_package_is_told_by_its_address(tmp_path: Path) -> None:
    numpy = named(read(tmp_path, lock()))["numpy"]
    assert (numpy.version, numpy.route) == ("2.1.0", ("packages", 2))
    assert numpy.source == Source(kind=SourceKind.CONDA, location=CHANNEL)
    assert numpy.conda == CondaBuild(build="py312_0", subdir="linux-64", number=0, md5=MD5, python=("numpy",))
    assert numpy.artifacts == (
        Artifact(
            filename="numpy-2.1.0-py312_0.conda",
            wheel=False,
            location=f"{CHANNEL}/linux-64/numpy-2.1.0-py312_0.conda",
            hash=f"sha256:{sha256(NUMPY)}",
            size=1000,
        ),
    )
    assert numpy.dependencies == (
        Edge(name="python", match="python >=3.12,<3.13.0a0"),
        Edge(name="mkl", match="mkl >=2024"),
    )


def test_what_stands_in_a_record_counts_before_its_address(tmp_path: Path) -> None:
    more = "  name: Other\n  version: '9.0'\n  build: x_7\n  build_number: 300\n  subdir: osx-64\n  channel: https://a.example/b\n"
    location = f"{CHANNEL}/noarch/a-1-0.conda"
    found = read(
        tmp_path, lock(environments=f"{ONE}      - conda: {location}\n", records=conda(location, [], more=more))
    )
    (package,) = found.packages
    assert (package.name, package.version, package.source.location) == ("other", "9.0", "https://a.example/b")
    assert package.conda == CondaBuild(build="x_7", subdir="osx-64", number=300, md5=MD5, python=())


def test_python_names_of_records_that_tell_none(tmp_path: Path) -> None:
    location, other = f"{CHANNEL}/noarch/ruamel.yaml-1-0.conda", "https://conda.index.example/nvidia/noarch/b-1-0.conda"
    records = "".join(conda(url, []).replace("  purls: []\n", "") for url in (location, other))
    found = read(
        tmp_path, lock(environments=f"{ONE}      - conda: {location}\n      - conda: {other}\n", records=records)
    )
    names = [package.conda.python for package in found.packages if package.conda is not None]
    assert names == [("ruamel-yaml",), ()], "only the names of conda-forge were ever looked up"


PYPI = {
    "https://files.index.example/other-1.5-py3-none-any.whl": Source(kind=SourceKind.REGISTRY, location=""),
    "https://me:secret@files.index.example/tiny-1.5.tar.gz": Source(kind=SourceKind.REGISTRY, location=""),
    "direct+https://files.example/tiny-1.5.tar.gz#x": Source(
        kind=SourceKind.URL, location="https://files.example/tiny-1.5.tar.gz"
    ),
    GIT.replace("#01", "#23"): Source(
        kind=SourceKind.GIT,
        location="https://git.example/a/vendored.git",
        commit="2323456789abcdef0123456789abcdef01234567",
        subdirectory="sub",
        requested="v1",
    ),
    "./sub/": Source(kind=SourceKind.DIRECTORY, location="sub"),
    ".": Source(kind=SourceKind.DIRECTORY, location="."),
    "../other": Source(kind=SourceKind.DIRECTORY, location="../other"),
    "./dist/tiny-1.5-py3-none-any.whl": Source(kind=SourceKind.PATH, location="dist/tiny-1.5-py3-none-any.whl"),
    "file:///srv/tiny": Source(kind=SourceKind.DIRECTORY, location="/srv/tiny"),
}


@pytest.mark.parametrize(("location", "source"), PYPI.items(), ids=PYPI.keys())
def test_where_packages_of_python_come_from(tmp_path: Path, location: str, source: Source) -> None:
    environments = f"{ONE}      - pypi: {location}\n"
    found = read(tmp_path, lock(environments=environments, records=pypi(location, "Tiny_x", "1.5")), None)
    (package,) = found.packages
    assert package.name == "tiny-x"
    assert "secret" not in repr(package)
    assert package.source == source


def test_editable_is_said_by_the_lock_or_from_version_7_on_by_the_manifest(tmp_path: Path) -> None:
    assert named(read(tmp_path, lock(6)))["app"].source.kind is SourceKind.EDITABLE
    assert named(read(tmp_path, lock(7)))["app"].source.kind is SourceKind.EDITABLE
    assert named(read(tmp_path, lock(7), MANIFEST.replace("editable = true", "editable = false")))[
        "app"
    ].source.kind is (SourceKind.DIRECTORY)
    assert named(read(tmp_path, lock(6), MANIFEST.replace("editable = true", "editable = false")))[
        "app"
    ].source.kind is (SourceKind.EDITABLE)


def test_what_a_package_of_python_requires(tmp_path: Path) -> None:
    requires = "  requires_dist:\n  - numpy>=2,<3\n  - Fast_x[a,B] ~=1.0 ; extra == 'fast'\n  - plain\n  - b @ git+https://x.example/b\n  - c (>=1)\n"
    found = read(
        tmp_path, lock(environments=f"{ONE}      - pypi: {TINY}x\n", records=pypi(f"{TINY}x", "tiny", "1.5", requires))
    )
    assert found.packages[0].dependencies == (
        Edge(name="numpy", specifier=">=2,<3"),
        Edge(name="fast-x", extras=("a", "b"), specifier="~=1.0", marker="extra == 'fast'"),
        Edge(name="plain", specifier=""),
        Edge(name="b", specifier=""),
        Edge(name="c", specifier=">=1"),
    )


def test_old_versions_are_the_same_model(tmp_path: Path) -> None:
    for version in ("4", "5"):
        found = read(tmp_path, OLD.replace("version: 5", f"version: {version}"))
        assert [(package.name, package.version, package.when) for package in found.packages] == [
            (name, number, (When(group="default", platform="linux-64"),))
            for name, number in (("python", "3.12.4"), ("tzdata", "2024b"), ("tiny", "1.5"), ("app", "0.1.0"))
        ]
        assert found.packages[0].dependencies == (Edge(name="tzdata", match="tzdata *"),)
        assert found.packages[3].source == Source(kind=SourceKind.EDITABLE, location=".")
        assert inconsistencies(found) == ()


def test_packages_of_one_folder_are_told_apart(tmp_path: Path) -> None:
    records = "".join(
        f"- conda: ../a\n  name: a\n  version: '0.1'\n  subdir: {subdir}\n  build: {build}\n"
        for subdir, build in (("win-64", "first"), ("linux-64", "first"), ("linux-64", "second"))
    )
    environments = f"{ONE}      - conda: ../a\n        subdir: linux-64\n        build: second\n"
    found = read(tmp_path, lock(environments=environments, records=records))
    (package,) = found.packages
    assert package.conda == CondaBuild(build="second", subdir="linux-64", python=())
    assert (package.source, package.artifacts) == (Source(kind=SourceKind.CONDA, location="../a"), ())


def test_a_package_that_pixi_builds_may_have_no_version_yet(tmp_path: Path) -> None:
    name = "child[87dc0b8a] @ ../child"
    environments = f"{ONE}      - conda_source: {name}\n"
    found = read(
        tmp_path, lock(7, environments=environments, records=f"- conda_source: {name}\n  depends:\n  - python\n")
    )
    (package,) = found.packages
    assert (package.name, package.version, package.source.location) == ("child", None, "../child")
    assert package.dependencies == (Edge(name="python", match="python"),)


def test_platforms_have_names_from_version_7_on(tmp_path: Path) -> None:
    found = read(tmp_path, lock(7))
    assert found.options["subdirs"] == {"linux-64": "linux-64", "osx-arm64": "osx-arm64"}
    assert found.options["virtual"]["osx-arm64"] == ["__unix=0=0", "__osx=13.0"]


REFUSED = {
    "empty": ("", "pixi.lock: is empty"),
    "no YAML": ("version: 6\na: [", "pixi.lock:3: is not valid YAML: did not find expected node content"),
    "a list": ("- a\n", "pixi.lock: expected a mapping, found a list"),
    "something else": ("a: b\n", "pixi.lock: has no version, so it is no pixi.lock"),
    "no version": ("environments: {}\n", "pixi.lock: the key 'version' is missing"),
    "an older version": ("version: 3\n", "pixi.lock: in 'version': version 3 is not known here, only 4 to 7"),
    "a newer version": ("version: 8\n", "pixi.lock: in 'version': version 8 is not known here, only 4 to 7"),
    "a version that is none": ("version: six\n", "pixi.lock: in 'version': expected a number, found a string"),
    "a merge": (lock().replace("packages:\n-", "=======\npackages:\n-"), "pixi.lock:47: has an unfinished merge in it"),
    "aliases that explode": (
        "a: &a [x]\n" + "".join(f"b{n}: &b{n} [{', '.join([f'*b{n - 1}' if n else '*a'] * 9)}]\n" for n in range(20)),
        "pixi.lock:1: has aliases that stand for more than 10000 lists and mappings",
    ),
    "environments that are no mapping": (
        "version: 6\nenvironments: []\npackages: []\n",
        "pixi.lock: in 'environments': expected a mapping, found a list",
    ),
    "a package that is not there": (
        lock(environments=f"{ONE}      - conda: {CHANNEL}/noarch/x-1-0.conda\n"),
        f"pixi.lock: in 'environments.default.packages.linux-64[0].conda': leads to no package of the lock: {CHANNEL}/noarch/x-1-0.conda",
    ),
    "a selector of nothing": (
        lock(environments=f"{ONE}      - npm: x\n"),
        "pixi.lock: in 'environments.default.packages.linux-64[0]': expected one of the keys conda, conda_source, pypi",
    ),
    "a selector that is none": (
        lock(environments=f"{ONE}      - x\n"),
        "pixi.lock: in 'environments.default.packages.linux-64[0]': expected a mapping, found a string",
    ),
    "a record of nothing": (lock(records="- npm: x\n"), "pixi.lock: in 'packages[11]': the key 'conda' is missing"),
    "a conda record without a version": (
        lock(records="- conda: ../a\n  name: a\n"),
        "pixi.lock: in 'packages[11]': the key 'version' is missing",
    ),
    "a version that is a number": (
        lock(records="- conda: ../a\n  name: a\n  version: 1.10\n"),
        "pixi.lock: in 'packages[11].version': expected a string, found a number",
    ),
    "a package of an index without a version": (
        lock(records=pypi("https://files.example/x.whl", "x", None)),
        "pixi.lock: in 'packages[11]': the key 'version' is missing",
    ),
    "a name that is none": (
        lock(records=pypi("https://files.example/x.whl", "'../x'", "1")),
        "pixi.lock: in 'packages[11].name': '../x' is no name of a package",
    ),
    "a requirement that is none": (
        lock(records=pypi(f"{TINY}x", "x", "1", "  requires_dist: ['a b']\n")),
        f"pixi.lock: in 'packages[11].requires_dist[0]': 'a b' is no requirement: {NO_REQUIREMENT}",
    ),
    "an address that is none": (
        lock(records=pypi("'https://[x/y.whl'", "x", "1")),
        "pixi.lock: in 'packages[11].pypi': 'https://[x/y.whl' is no URL",
    ),
    "a source that is none": (
        lock(7, records="- conda_source: x @ y\n"),
        "pixi.lock: in 'packages[11].conda_source': expected 'name[hash] @ location', found 'x @ y'",
    ),
    "a platform twice": (
        lock(7).replace("- name: osx-arm64", "- name: linux-64"),
        "pixi.lock: in 'platforms[1].name': the platform 'linux-64' is there twice",
    ),
    "a platform that is not there": (
        lock(7).replace("- name: osx-arm64", "- name: osx-64"),
        "pixi.lock: in 'environments.default.packages.osx-arm64': the platform 'osx-arm64' is not among the platforms of the lock",
    ),
    "an old record of nothing": (
        OLD.replace("kind: pypi", "kind: npm", 1),
        "pixi.lock: in 'packages[3].kind': expected conda or pypi, found 'npm'",
    ),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(EnvguardError) as caught:
        read(tmp_path, text)
    assert str(caught.value).split("\nhint: ")[0] == f"{tmp_path}/{message}"


@pytest.mark.parametrize(
    ("version", "hint"), [("3", "lock with a pixi of 0.11 or later: pixi lock"), ("8", "update envguard")]
)
def test_what_to_do_about_another_version(tmp_path: Path, version: str, hint: str) -> None:
    with pytest.raises(EnvguardError) as caught:
        read(tmp_path, f"version: {version}\n")
    assert caught.value.hint == hint


@pytest.mark.parametrize("path", CORPORA, ids=lambda path: path.parent.name)
def test_no_real_lock_contradicts_itself(path: Path) -> None:
    found = read_lock(Reader(), str(path))
    assert len(found.packages) > 400
    # Two indexes of the large one give no hashes.
    hashless = ["paddlepaddle has no hash", "vllm has no hash"] if path.parent.name == "pixi-large" else []
    assert [item.message for item in inconsistencies(found)] == hashless


@pytest.mark.parametrize("version", [6, 7])
def test_the_small_locks_of_these_tests_do_not_either(tmp_path: Path, version: int) -> None:
    assert inconsistencies(read(tmp_path, lock(version))) == ()


MKL = f"      - conda: {CHANNEL}/linux-64/mkl-2024.2-h3_0.conda\n"
NUMPY = f"{CHANNEL}/linux-64/numpy-2.1.0-py312_0.conda"
TAMPERED = {
    "a package that one environment does not list": (
        lock(environments=ENVIRONMENTS.replace(MKL, "", 1)),
        "edge",
        "numpy depends on mkl >=2024, which leads to no entry of the lock (default on linux-64)",
        ("packages", 2, "depends", 1),
    ),
    "a package that no environment lists": (
        lock(records=conda(f"{CHANNEL}/noarch/x-1-0.conda", [])),
        "orphan",
        "x 1 0 is in the lock, and no environment lists it",
        ("packages", 11),
    ),
    "a version that is not asked for": (
        lock().replace("mkl >=2024", "mkl >=2025"),
        "requirement",
        "numpy requires mkl >=2025, and the lock has mkl 2024.2 h3_0 (default on linux-64, test on linux-64)",
        ("packages", 2, "depends", 1),
    ),
    "a package of python that is not listed": (
        lock(environments=ENVIRONMENTS.replace("      - pypi: ./\n", "")).replace("fast ; extra == 'fast'", "other"),
        "edge",
        "tiny depends on other, which leads to no entry of the lock (default on linux-64, test on linux-64 and 2 more)",
        ("packages", 6, "requires_dist", 1),
    ),
    "a package twice": (
        lock(
            environments=ENVIRONMENTS.replace(MKL, MKL + MKL.replace("h3_0", "h4_0"), 1),
            records=conda(f"{CHANNEL}/linux-64/mkl-2024.2-h4_0.conda", []),
        ),
        "duplicate",
        "mkl is listed twice, as 2024.2 h3_0 and as 2024.2 h4_0 (default on linux-64)",
        ("packages", 11),
    ),
    "a version edited by hand": (
        lock().replace(f"- conda: {NUMPY}\n  sha256", f"- conda: {NUMPY}\n  version: 2.2.0\n  sha256"),
        "artifact",
        "numpy 2.2.0 py312_0 lists numpy-2.1.0-py312_0.conda, a file of numpy 2.1.0 py312_0",
        ("packages", 2),
    ),
    "a wheel of another version": (
        lock().replace("version: '1.5'", "version: '1.6'"),
        "artifact",
        "tiny 1.6 lists tiny-1.5-py3-none-any.whl, a file of tiny 1.5",
        ("packages", 6),
    ),
    "a hash that is gone": (
        lock().replace(f"- conda: {NUMPY}\n  sha256: {sha256(NUMPY)}\n  md5: {MD5}\n", f"- conda: {NUMPY}\n"),
        "unhashed",
        f"numpy has no hash, though others of {CHANNEL} have",
        ("packages", 2),
    ),
    "a hash that can be forged": (
        lock().replace(f"- conda: {NUMPY}\n  sha256: {sha256(NUMPY)}\n", f"- conda: {NUMPY}\n"),
        "unhashed",
        f"numpy has no strong hash, though others of {CHANNEL} have",
        ("packages", 2),
    ),
}


@pytest.mark.parametrize(("text", "kind", "message", "keys"), TAMPERED.values(), ids=TAMPERED.keys())
def test_a_lock_that_contradicts_itself(
    tmp_path: Path, text: str, kind: str, message: str, keys: tuple[str | int, ...]
) -> None:
    found = [item for item in inconsistencies(read(tmp_path, text)) if item.kind == kind]
    assert [(item.message, item.keys) for item in found] == [(message, keys)]


def test_what_packages_are_built_with_is_in_no_environment(tmp_path: Path) -> None:
    tool = f"{CHANNEL}/linux-64/cmake-3.31-h1_0.conda"
    text = lock().rstrip("\n") + f"\n- conda: {tool}\n  sha256: {sha256(tool)}\n"
    assert "orphan" in [item.kind for item in inconsistencies(read(tmp_path, text))]
    source = f"- conda_source: built[0f1fe906] @ built\n  name: built\n  version: '1.0'\n  build_packages:\n  - conda: {tool}\n"
    assert "cmake" not in [item.subject for item in inconsistencies(read(tmp_path, text + source))]


def test_a_wheel_is_not_taken_for_another_file(tmp_path: Path) -> None:
    fast = [package for package in read(tmp_path, lock()).packages if package.name == "fast"]
    assert [package.artifacts[0].location for package in fast] == [
        FAST,
        FAST.replace("manylinux_2_17_x86_64", "macosx_11_0_arm64"),
    ]
