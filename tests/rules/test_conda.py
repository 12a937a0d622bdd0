"""EG2 of packages that conda installed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from envguard.config import Config
from envguard.installed.model import OriginKind, PythonPart
from envguard.lockfiles.model import Artifact, CondaBuild, Selected, Source, SourceKind
from envguard.model import Impact, Place, Selection, Severity
from tests.rules.evidence import (
    CHANNEL,
    PREFIX,
    PROJECT,
    SITE,
    conda_installed,
    conda_locked,
    dist,
    evidence,
    findings,
    locked,
    machine,
    one,
    origin,
)

RULES = (
    "missing-package",
    "unexpected-package",
    "version-mismatch",
    "local-version-mismatch",
    "source-mismatch",
    "duplicate-distribution",
    "broken-distribution",
    "unsupported-environment",
)
NUMPY = dist("numpy", "2.1.0")
PART = PythonPart(name="numpy", path=NUMPY.path)
META = f"{PREFIX}/conda-meta"


def test_what_conda_installed_as_locked_is_no_finding() -> None:
    seen = evidence(
        [conda_locked("numpy", "2.1.0"), conda_locked("libblas", "3.9.0"), locked("click", "8.1")],
        [NUMPY, dist("click", "8.1")],
        conda=[conda_installed("numpy", "2.1.0", parts=(PART,)), conda_installed("libblas", "3.9.0")],
        form="pixi",
    )
    assert [finding for name in RULES for finding in findings(name, seen)] == []


def test_a_package_of_conda_that_is_not_there_is_missing() -> None:
    # A package of the same name that pip installed is not it.
    seen = evidence([conda_locked("numpy", "2.1.0")], [NUMPY], conda=[], form="pixi")
    finding = one("missing-package", seen)
    assert finding.message == "numpy 2.1.0 h1_0 is in the lock and not installed"
    assert (finding.expected, finding.found) == ("2.1.0 h1_0", "not installed")
    assert finding.place == Place(path=f"{PROJECT}/pixi.lock", keys=("package", 0, "name"))
    assert finding.impact is Impact.NUMBERS
    assert finding.hint == "pixi install --locked"


def test_an_environment_that_conda_did_not_make_is_one_finding() -> None:
    packages = [conda_locked("numpy"), conda_locked("python", "3.12.4"), locked("click")]
    finding, other = findings("missing-package", evidence(packages, [NUMPY], form="pixi"))
    assert (finding.subject, other.subject) == ("click", "uv.lock")
    assert other.message == "this is no environment of conda, and the lock has 2 packages for conda to install"
    assert (other.expected, other.found) == ("an environment that conda, mamba or pixi made", PREFIX)
    assert other.place == Place(path=PREFIX)


def test_what_the_lock_does_not_ask_of_conda_is_unexpected() -> None:
    seen = evidence(
        [conda_locked("numpy", "2.1.0")],
        [NUMPY],
        conda=[
            conda_installed("numpy", "2.1.0", parts=(PART,)),
            conda_installed("mkl", "2024.2"),
            conda_installed("pip"),
        ],
        form="conda-lock",
    )
    finding = one("unexpected-package", seen)
    assert finding.message == "mkl 2024.2 h1_0 is installed and not in the lock"
    assert finding.severities.host_to_host is Severity.WARNING
    assert finding.place == Place(path=f"{META}/mkl-2024.2-h1_0.json")
    assert finding.hint == f"conda remove --prefix {PREFIX} --force mkl"
    there = replace(seen, selected=Selected(packages=(), groups=()))
    assert [item.message for item in findings("unexpected-package", there)] == [
        "mkl 2024.2 h1_0 is installed and not in the lock",
        "numpy 2.1.0 h1_0 is installed and in the lock, but not selected here",
    ][::-1]
    assert findings("unexpected-package", replace(seen, config=Config(unexpected=None))) == []


def test_pixi_removes_what_is_not_in_its_lock_by_itself() -> None:
    seen = evidence([conda_locked("numpy")], conda=[conda_installed("numpy"), conda_installed("mkl")], form="pixi")
    assert one("unexpected-package", seen).hint == "pixi install --locked"


def test_a_package_that_came_with_one_of_conda_is_judged_with_it() -> None:
    torch, extra = dist("torch", "2.9.0"), dist("functorch", "2.9.0")
    parts = (PythonPart(name="torch", path=torch.path), PythonPart(name="functorch", path=extra.path))
    seen = evidence(
        [conda_locked("pytorch", "2.9.0")],
        [torch, extra, dist("ipdb")],
        conda=[conda_installed("pytorch", "2.9.0", parts=parts)],
        form="pixi",
    )
    assert [finding.subject for finding in findings("unexpected-package", seen)] == ["ipdb"]
    # A lock that says nothing of conda does not expect it, whoever installed it.
    seen = evidence([locked("numpy")], [dist("numpy"), torch], conda=[conda_installed("pytorch", parts=parts)])
    assert [finding.subject for finding in findings("unexpected-package", seen)] == ["torch"]


def test_packages_beneath_are_no_surprise_to_a_lock_that_does_not_know_conda() -> None:
    seen = evidence([locked("numpy")], [dist("numpy")], conda=[conda_installed("openssl"), conda_installed("mkl")])
    assert [finding for name in RULES for finding in findings(name, seen)] == []


def test_another_version_is_told_with_both_builds() -> None:
    seen = evidence(
        [conda_locked("numpy", "2.1.0", "py312_0")], conda=[conda_installed("numpy", "2.0.2", "py312_1")], form="pixi"
    )
    finding = one("version-mismatch", seen)
    assert finding.message == "numpy 2.0.2 is installed, the lock pins 2.1.0"
    assert finding.expected == "2.1.0 py312_0 for linux-64"
    assert finding.found == f"2.0.2 py312_1 for linux-64 ({META}/numpy-2.0.2-py312_1.json)"
    assert finding.place == Place(path=f"{PROJECT}/pixi.lock", keys=("package", 0, "version"))
    assert findings("local-version-mismatch", seen) == findings("source-mismatch", seen) == []


def test_versions_of_conda_are_compared_as_they_are_written() -> None:
    seen = evidence([conda_locked("tzdata", "2024.0")], conda=[conda_installed("tzdata", "2024")], form="pixi")
    assert one("version-mismatch", seen).subject == "tzdata"


def test_another_build_of_the_version_has_a_rule_of_its_own() -> None:
    seen = evidence(
        [conda_locked("pytorch", "2.9.0", "cuda129_mkl_0")],
        conda=[conda_installed("pytorch", "2.9.0", "cpu_mkl_0")],
        form="pixi",
    )
    assert findings("version-mismatch", seen) == findings("source-mismatch", seen) == []
    finding = one("local-version-mismatch", seen)
    assert finding.message == (
        "pytorch 2.9.0 cpu_mkl_0 is installed, the lock pins 2.9.0 cuda129_mkl_0: another build of the same version"
    )
    assert finding.impact is Impact.NUMBERS


def test_a_build_for_another_platform_is_another_build() -> None:
    seen = evidence([conda_locked("a")], conda=[conda_installed("a", subdir="noarch")], form="pixi")
    finding = one("local-version-mismatch", seen)
    assert (finding.expected, finding.found) == (
        "1.0 h1_0 for linux-64",
        f"1.0 h1_0 for noarch ({META}/a-1.0-h1_0.json)",
    )


def test_another_file_of_the_same_build_is_found_by_its_hash() -> None:
    seen = evidence([conda_locked("a")], conda=[conda_installed("a", sha256="feed")], form="conda-lock")
    finding = one("source-mismatch", seen)
    assert finding.message == "a 1.0 h1_0 is another file than the one that the lock lists"
    assert finding.expected == "sha256:a-1.0-h1_0"
    assert finding.found == f"sha256:feed ({CHANNEL}/linux-64/a-1.0-h1_0.conda)"
    assert finding.hint == (f"conda install --prefix {PREFIX} --force-reinstall {CHANNEL}/linux-64/a-1.0-h1_0.conda")
    assert not finding.unknown


MIRROR = "https://mirror.example/conda-forge"
SAME: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "the hash decides, wherever it came from": ({}, {"channel": "https://other.example/x", "url": None}),
    "without SHA-256 the other hash does": (
        {"conda": CondaBuild(build="h1_0", subdir="linux-64", md5="beef")},
        {"sha256": None, "md5": "beef", "channel": MIRROR},
    ),
    "without any the channel does": ({}, {"sha256": None}),
    "a channel may be a name": ({}, {"sha256": None, "channel": "conda-forge"}),
    "what was built from source has no file": ({"artifacts": ()}, {"channel": None, "url": "file:///tmp/a.conda"}),
    "a lock may not tell the build": ({"conda": CondaBuild(build=None, subdir=None), "artifacts": ()}, {"build": "x"}),
}


@pytest.mark.parametrize(("lock", "here"), SAME.values(), ids=SAME)
def test_what_is_the_same(lock: dict[str, Any], here: dict[str, Any]) -> None:
    seen = evidence([conda_locked("a", **lock)], conda=[conda_installed("a", **here)], form="pixi")
    assert [finding for name in RULES for finding in findings(name, seen)] == []


def test_md5_tells_another_file_where_nothing_better_does() -> None:
    build = CondaBuild(build="h1_0", subdir="linux-64", md5="beef")
    seen = evidence(
        [conda_locked("a", conda=build)], conda=[conda_installed("a", sha256=None, md5="f00d")], form="pixi"
    )
    assert (one("source-mismatch", seen).expected, one("source-mismatch", seen).unknown) == ("md5:beef", False)


def test_without_a_hash_another_channel_is_told_and_a_mirror_is_unknown() -> None:
    here = conda_installed("a", sha256=None, channel="https://conda.index.example/bioconda")
    finding = one("source-mismatch", evidence([conda_locked("a")], conda=[here], form="pixi"))
    assert finding.message == "a 1.0 h1_0 was installed from another channel than the lock says"
    assert finding.expected == f"the channel {CHANNEL}"
    assert not finding.unknown
    for channel, found in ((MIRROR, f"the channel {MIRROR}, and no hash"), (None, "a record without channel and hash")):
        here = conda_installed("a", sha256=None, channel=channel)
        finding = one("source-mismatch", evidence([conda_locked("a")], conda=[here], form="pixi"))
        assert finding.message == "whether a 1.0 h1_0 is the locked file could not be told"
        assert (finding.found or "").startswith(found)
        assert finding.unknown


def test_conda_in_the_place_of_an_index_is_another_source() -> None:
    seen = evidence(
        [locked("numpy", "2.1.0")],
        [NUMPY],
        conda=[conda_installed("numpy", "2.1.0", "py312_0", parts=(PART,))],
        form="conda-lock",
    )
    finding = one("source-mismatch", seen)
    assert finding.message == "numpy was installed by conda, and the lock has it from elsewhere"
    assert finding.expected == "the index https://index.example/simple"
    assert finding.found == f"numpy 2.1.0 py312_0 of conda ({META}/numpy-2.1.0-py312_0.json)"
    assert findings("missing-package", seen) == findings("version-mismatch", seen) == []
    # Once another installer has written over it, that one is asked.
    part = replace(PART, overwritten=True)
    seen = evidence([locked("numpy", "2.1.0")], [NUMPY], conda=[conda_installed("numpy", "2.1.0", parts=(part,))])
    assert findings("source-mismatch", seen) == []


def test_pip_may_install_a_file_of_the_index_by_its_address() -> None:
    url = "https://files.index.example/tiny-1.0-py3-none-any.whl"
    file = Artifact(filename="tiny-1.0-py3-none-any.whl", wheel=True, location=url, hash="sha256:00ff")
    package = locked("tiny", source=Source(kind=SourceKind.REGISTRY, location=""), artifacts=(file,))
    for address, digest, same in (
        (url, "sha256:00ff", True),
        ("https://mirror.example/tiny.whl", "sha256:00ff", True),
        (url, None, True),
        (url, "md5:11", True),
        (url, "sha256:beef", False),
        ("https://mirror.example/tiny.whl", None, False),
    ):
        came = origin(kind=OriginKind.ARCHIVE, url=address, hash=digest)
        seen = evidence([package], [dist("tiny", origin=came)], form="conda-lock")
        assert (findings("source-mismatch", seen) == []) is same, (address, digest)


def test_two_records_of_one_package_are_told() -> None:
    first, second = conda_installed("a"), conda_installed("a", "1.1", "h2_0")
    finding = one("duplicate-distribution", evidence([conda_locked("a")], conda=[first, second], form="pixi"))
    assert finding.message == "conda has 2 records of a: 1.0 h1_0 and 1.1 h2_0"
    assert finding.found == f"{first.path}, {second.path}"
    assert finding.hint == "pixi reinstall --locked a"


GONE = replace(PART, there=False)
OVER = replace(PART, overwritten=True)


@pytest.mark.parametrize(
    ("part", "here", "found"),
    [(GONE, dist("numpy", "2.2.0"), "2.2.0"), (OVER, NUMPY, "2.1.0")],
    ids=["another version", "the same version"],
)
def test_pip_over_conda_is_told_whatever_the_lock_is(part: PythonPart, here: Any, found: str) -> None:
    conda = [conda_installed("numpy", "2.1.0", "py312_0", parts=(part,))]
    seen = evidence([conda_locked("numpy", "2.1.0", "py312_0")], [here], conda=conda, form="conda-lock")
    finding = one("duplicate-distribution", seen)
    assert finding.message == (
        f"numpy is installed twice: by conda (numpy 2.1.0 py312_0), and over it by another installer ({found})"
    )
    assert finding.why == "conda believes its own files to be there, and they are not what runs"
    assert finding.hint == (
        f"conda install --prefix {PREFIX} --force-reinstall {CHANNEL}/linux-64/numpy-2.1.0-py312_0.conda"
    )
    # It is said once: neither unexpected nor damaged.
    assert [item.name for name in RULES for item in findings(name, seen)] == ["duplicate-distribution"]
    assert one("duplicate-distribution", evidence([], [here], conda=conda)).hint == (
        f"conda install --prefix {PREFIX} --force-reinstall numpy=2.1.0=py312_0"
    )
    # Where the lock wants what lies on top, it is conda's that has to go.
    assert one("duplicate-distribution", evidence([locked("numpy", found)], [here], conda=conda)).hint == (
        f"conda remove --prefix {PREFIX} --force numpy && uv sync --locked --inexact --reinstall-package numpy"
    )


def test_what_is_gone_and_replaced_by_nothing_is_damage() -> None:
    seen = evidence(
        [conda_locked("numpy", "2.1.0")], conda=[conda_installed("numpy", "2.1.0", parts=(GONE,))], form="pixi"
    )
    finding = one("broken-distribution", seen)
    assert finding.message == ("conda's record of numpy is damaged: the Python package numpy that came with it is gone")
    assert finding.place == Place(path=f"{META}/numpy-2.1.0-h1_0.json")
    assert findings("duplicate-distribution", seen) == []


def test_a_record_that_cannot_be_read_is_damage() -> None:
    broken = conda_installed("a", problems=("it is not valid JSON: extra data (line 3)",))
    finding = one("broken-distribution", evidence([conda_locked("a")], conda=[broken], form="pixi"))
    assert finding.message == "conda's record of a is damaged: it is not valid JSON: extra data (line 3)"


def test_content_that_was_recorded_is_compared_by_the_hash_of_the_archive() -> None:
    here = conda_installed("a", sha256="feed")
    seen = evidence([conda_locked("a")], conda=[here], recorded=machine(conda=[conda_installed("a")]), form="pixi")
    finding = one("content-mismatch", seen)
    assert finding.message == "a 1.0 h1_0 is another file than the one that was recorded"
    assert finding.expected == "sha256:a-1.0-h1_0"
    assert finding.place == Place(path=f"{PROJECT}/envguard.lock", keys=("machines", "laptop", "conda", "a"))
    for other in (
        here,
        conda_installed("a", build="h2_0"),
        conda_installed("a", sha256=None),
    ):
        recorded = machine(conda=[other])
        assert findings("content-mismatch", replace(seen, machine=recorded)) == []


def test_hashes_of_two_kinds_are_not_called_the_same() -> None:
    recorded = machine(conda=[conda_installed("a", sha256=None, md5="00")])
    for md5, unknown in ((None, True), ("11", False)):
        here = conda_installed("a", sha256="feed", md5=md5)
        seen = evidence([conda_locked("a")], conda=[here], recorded=recorded, form="pixi")
        finding = one("content-mismatch", seen)
        assert finding.unknown is unknown
        assert finding.expected == "md5:00"
        if unknown:
            assert finding.message == (
                "whether a 1.0 h1_0 is the file that was recorded could not be told: "
                "md5 was recorded, and its record here has none"
            )
            assert finding.found == f"sha256:feed ({here.url})"
            assert finding.hint == "envguard record"
    # Without any hash it is no more the same.
    here = conda_installed("a", sha256=None)
    finding = one("content-mismatch", evidence([conda_locked("a")], conda=[here], recorded=recorded, form="pixi"))
    assert (finding.unknown, finding.found) == (True, f"its record has no hash of its archive ({here.url})")
    # The weaker one will do where both have it.
    here = conda_installed("a", sha256="feed", md5="00")
    assert (
        findings("content-mismatch", evidence([conda_locked("a")], conda=[here], recorded=recorded, form="pixi")) == []
    )


def unlocked(before: list[Any], now: list[Any], packages: list[Any], **more: Any) -> list[str]:
    seen = evidence(packages, conda=now, recorded=machine(conda=before), **more)
    return [finding.message for finding in findings("unlocked-change", seen)]


def test_packages_that_no_lock_knows_are_held_against_the_record() -> None:
    blas, mkl = conda_installed("libblas", "3.9.0", "20_openblas"), conda_installed("libblas", "3.9.0", "20_mkl")
    ssl, tool = conda_installed("openssl", "3.3"), conda_installed("mkl", "2024.2")
    pip = [locked("numpy")]
    assert unlocked([blas, ssl], [blas, ssl], pip) == []
    assert unlocked([blas, ssl], [mkl, ssl], pip) == [
        "libblas 3.9.0=20_openblas was recorded, 3.9.0=20_mkl is installed"
    ]
    assert unlocked([blas, ssl], [blas], pip) == ["openssl 3.3=h1_0 was recorded and is gone"]
    assert unlocked([blas], [blas, tool], pip) == ["mkl 2024.2=h1_0 is installed by conda, and was not recorded"]
    # What is in a lock is held against that, and what came beside it is unexpected.
    both = [conda_locked("libblas", "3.9.0", "20_mkl")]
    assert unlocked([blas], [mkl, tool], both, form="pixi") == []
    assert unlocked([blas, tool], [mkl, ssl], both, form="pixi") == ["mkl 2024.2=h1_0 was recorded and is gone"]


def test_how_to_go_back_to_what_was_recorded() -> None:
    blas, mkl = conda_installed("libblas", "3.9.0", "20_openblas"), conda_installed("libblas", "3.9.0", "20_mkl")
    seen = evidence([locked("numpy")], conda=[mkl], recorded=machine(conda=[blas]))
    finding = one("unlocked-change", seen)
    assert finding.hint == f"conda install --prefix {PREFIX} libblas=3.9.0=20_openblas"
    seen = evidence([locked("numpy")], conda=[blas, conda_installed("mkl")], recorded=machine(conda=[blas]))
    assert one("unlocked-change", seen).hint == f"conda remove --prefix {PREFIX} --force mkl"


def test_an_environment_of_conda_where_none_was_recorded_is_one_finding() -> None:
    now = [conda_installed("python", "3.12.4"), conda_installed("openssl")]
    assert unlocked([], now, [locked("numpy")]) == [
        "this is an environment of conda with 2 packages, and none of conda was recorded"
    ]


def test_what_came_with_conda_is_recorded_with_it() -> None:
    from envguard.recording import machine_of

    conda = [conda_installed("numpy", "2.1.0", "py312_0", parts=(PART,)), conda_installed("libblas")]
    made = machine_of(evidence([conda_locked("numpy")], [NUMPY, dist("click")], conda=conda, form="pixi"))
    assert sorted(made.packages) == ["click"]
    assert {name: (item.version, item.digest) for name, item in made.conda.items()} == {
        "numpy": ("2.1.0=py312_0", "sha256:numpy-2.1.0-py312_0"),
        "libblas": ("1.0=h1_0", "sha256:libblas-1.0-h1_0"),
    }
    # Where pip has written over it, it is pip's.
    conda = [conda_installed("numpy", "2.1.0", "py312_0", parts=(OVER,))]
    assert sorted(machine_of(evidence([], [NUMPY], conda=conda)).packages) == ["numpy"]


def test_a_changed_lock_says_what_of_conda_is_another() -> None:
    before = [conda_installed("numpy", "2.0.0"), conda_installed("old")]
    recorded = machine(conda=before, lock_digest="blake3:older")
    seen = evidence(
        [conda_locked("numpy", "2.1.0"), conda_locked("new")],
        conda=[conda_installed("numpy", "2.1.0"), conda_installed("new")],
        recorded=recorded,
        form="pixi",
    )
    finding = one("outdated-baseline", seen)
    assert finding.message == (
        "uv.lock changed since the baseline was recorded; installed here and different: numpy 2.0.0=h1_0 -> 2.1.0=h1_0, "
        "new absent -> 1.0=h1_0, old 1.0=h1_0 -> absent"
    )


@pytest.mark.parametrize(
    ("selection", "groups", "hint"),
    [
        (Selection(), ("default",), "pixi install --locked"),
        (Selection(), ("cuda",), "pixi install --locked --environment cuda"),
        (Selection(groups=("cuda",), default_groups=False), ("cuda",), "pixi install --locked --environment cuda"),
    ],
)
def test_pixi_is_told_the_environment(selection: Selection, groups: tuple[str, ...], hint: str) -> None:
    seen = evidence([conda_locked("a")], conda=[], form="pixi", selection=selection)
    assert seen.lock is not None
    seen = replace(
        seen,
        lock=replace(seen.lock, groups=("default", "cuda"), default_groups=("default",)),
        selected=Selected(packages=seen.lock.packages, groups=groups),
    )
    assert one("missing-package", seen).hint == hint


@pytest.mark.parametrize(
    ("selection", "flags"),
    [
        (Selection(), ""),
        (Selection(default_groups=False), " --no-dev"),
        (Selection(extras=("gpu", "docs")), " --extras gpu --extras docs"),
        (Selection(groups=("dev",), default_groups=False), ""),
    ],
)
def test_conda_lock_is_told_where_and_what(selection: Selection, flags: str) -> None:
    seen = evidence([conda_locked("a")], conda=[], form="conda-lock", selection=selection)
    assert seen.lock is not None
    seen = replace(seen, lock=replace(seen.lock, groups=("dev",), default_groups=("dev",)))
    assert one("missing-package", seen).hint == f"conda-lock install conda-lock.yml --prefix {PREFIX}{flags}"


def test_the_site_of_the_tests_is_that_of_the_environment() -> None:
    assert NUMPY.path == f"{SITE}/numpy-2.1.0.dist-info"
