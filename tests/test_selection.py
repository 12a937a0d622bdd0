from __future__ import annotations

from dataclasses import replace

import pytest

from envguard.lockfiles.model import (
    Commands,
    CondaBuild,
    ConflictItem,
    Edge,
    Lock,
    LockedPackage,
    Source,
    SourceKind,
    When,
)
from envguard.model import Selection
from envguard.selection import infer_selection

INDEX = Source(kind=SourceKind.REGISTRY, location="https://index.example/simple")
TORCH = Source(kind=SourceKind.REGISTRY, location="https://index.example/torch")
MARKERS = {
    "implementation_name": "cpython",
    "implementation_version": "3.11.7",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_release": "6.1",
    "platform_system": "Linux",
    "platform_version": "1",
    "python_full_version": "3.11.7",
    "python_version": "3.11",
    "sys_platform": "linux",
}
CPU = Edge(name="torch", version="2.13.0+cpu", source=TORCH)
CUDA = Edge(name="torch", version="2.13.0+cu130", source=TORCH)
ALL = ("numpy", "matplotlib", "pandas", "pytest", "ruff", "sphinx")
BASE = {"numpy": "2.4.6", "pytest": "9.2.0", "ruff": "0.17.6"}


def edges(*names: str) -> tuple[Edge, ...]:
    return tuple(Edge(name=name) for name in names)


def lock() -> Lock:
    """A project with conflicting extras, an extra that is the sum of two others, default groups and another group."""
    versions = {"numpy": "2.4.6", "matplotlib": "3.10.1", "pandas": "3.0.0", "pytest": "9.2.0", "ruff": "0.17.6"}
    app = LockedPackage(
        index=0,
        name="app",
        version="0.1.0",
        source=Source(kind=SourceKind.VIRTUAL, location="."),
        dependencies=edges("numpy"),
        extras={
            "all": edges("matplotlib", "pandas"),
            "cpu": (CPU,),
            "cu130": (CUDA,),
            "empty": (),
            "frame": edges("pandas"),
            "plot": edges("matplotlib"),
        },
        groups={"dev": edges("pytest", "ruff"), "docs": edges("sphinx"), "test": edges("pytest")},
        default_groups=("dev",),
    )
    packages = [app]
    for name in ALL:
        packages.append(LockedPackage(index=len(packages), name=name, version=versions.get(name, "1.0"), source=INDEX))
    for edge in (CPU, CUDA):
        packages.append(LockedPackage(index=len(packages), name="torch", version=edge.version, source=TORCH))
    return Lock(
        path="/app/uv.lock",
        format="uv",
        version=1,
        revision=3,
        digest="blake3:00",
        requires_python=">=3.11",
        markers=(),
        supported=(),
        required=(),
        conflicts=((ConflictItem(package="app", extra="cpu"), ConflictItem(package="app", extra="cu130")),),
        members=(),
        commands=Commands(lock="uv lock", install="uv sync", check="uv lock --check"),
        packages=tuple(packages),
    )


def test_an_empty_environment_is_no_evidence_for_anything() -> None:
    assert infer_selection(lock(), {}, MARKERS) == Selection(default_groups=False)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        pytest.param({}, Selection(), id="what uv sync installs"),
        pytest.param({"torch": "2.13.0+cpu"}, Selection(extras=("cpu",)), id="one side of a conflict"),
        pytest.param({"torch": "2.13.0+cu130"}, Selection(extras=("cu130",)), id="its other side"),
        pytest.param({"torch": "2.13.0"}, Selection(), id="a build that the lock does not know"),
        pytest.param({"matplotlib": "3.10.1"}, Selection(extras=("plot",)), id="an extra"),
        pytest.param({"matplotlib": "3.10"}, Selection(), id="another version of it"),
        pytest.param({"matplotlib": None}, Selection(), id="without a version"),
        pytest.param({"pandas": "3"}, Selection(extras=("frame",)), id="the same version, written shorter"),
        pytest.param(
            {"matplotlib": "3.10.1", "pandas": "3.0.0"}, Selection(extras=("all",)), id="the extra that is the sum"
        ),
        pytest.param(
            {"matplotlib": "3.10.1", "pandas": "3.0.0", "torch": "2.13.0+cpu", "sphinx": "1.0"},
            Selection(extras=("all", "cpu"), groups=("docs",)),
            id="extras and a group",
        ),
        pytest.param({"unknown": "1"}, Selection(), id="a package that is not in the lock"),
    ],
)
def test_the_smallest_selection_that_explains_what_is_installed_is_told(
    more: dict[str, str | None], expected: Selection
) -> None:
    assert infer_selection(lock(), {**BASE, **more}, MARKERS) == expected


def test_without_the_default_groups_a_part_of_them_can_be_told() -> None:
    installed = {"numpy": "2.4.6", "pytest": "9.2.0"}
    assert infer_selection(lock(), installed, MARKERS) == Selection(groups=("test",), default_groups=False)


def test_drift_in_what_is_always_installed_changes_nothing() -> None:
    assert infer_selection(lock(), {**BASE, "numpy": "1.0", "matplotlib": "3.10.1"}, MARKERS) == Selection(
        extras=("plot",)
    )


def test_an_environment_that_the_lock_does_not_cover_gets_uvs_own_selection() -> None:
    assert infer_selection(lock(), BASE, {**MARKERS, "python_full_version": "3.9.1", "python_version": "3.9"}) == (
        Selection()
    )


def conda(name: str, build: str, *groups: str) -> LockedPackage:
    return LockedPackage(
        index=0,
        name=name,
        version="1.0",
        source=Source(kind=SourceKind.CONDA, location="https://conda.index.example/conda-forge"),
        conda=CondaBuild(build=build, subdir="linux-64"),
        when=tuple(When(group=group or None, platform="linux-64") for group in groups),
    )


def environments() -> Lock:
    """A lock of pixi: one environment for everything, one without a GPU, and one that has less."""
    packages = [
        conda("python", "h1_0", "default", "cpu", "small"),
        conda("pytorch", "cuda_0", "default"),
        conda("pytorch", "cpu_0", "cpu"),
        replace(conda("tiny", "", "default", "cpu"), conda=None, source=INDEX),
    ]
    return replace(
        lock(),
        format="pixi",
        packages=tuple(replace(package, index=index) for index, package in enumerate(packages)),
        conflicts=(),
        groups=("default", "cpu", "small"),
        default_groups=("default",),
        options={
            "platforms": {name: ["linux-64"] for name in ("default", "cpu", "small")},
            "subdirs": {},
            "virtual": {},
        },
    )


def only(name: str) -> Selection:
    return Selection(groups=(name,), default_groups=False)


TINY = {"tiny": "1.0"}


@pytest.mark.parametrize(
    ("python", "of_conda", "markers", "expected"),
    [
        pytest.param(TINY, {"python": "1.0=h1_0", "pytorch": "1.0=cuda_0"}, {}, only("default"), id="all of it"),
        pytest.param(TINY, {"python": "1.0=h1_0", "pytorch": "1.0=cpu_0"}, {}, only("cpu"), id="another build"),
        pytest.param({}, {"python": "1.0=h1_0", "pytorch": "1.0=cpu_0"}, {}, only("small"), id="less"),
        pytest.param({}, {"pytorch": "1.0=cpu_0"}, {}, Selection(), id="nothing whole"),
        pytest.param(TINY, {"python": "1.0=h1_0"}, {"pixi_environment": "cpu"}, only("cpu"), id="pixi says so"),
        pytest.param({}, {"python": "1.0=h1_0"}, {"pixi_environment": "gone"}, only("small"), id="of another lock"),
    ],
)
def test_an_environment_of_pixi_is_told_by_what_is_in_it(
    python: dict[str, str | None], of_conda: dict[str, str], markers: dict[str, str], expected: Selection
) -> None:
    assert infer_selection(environments(), python, {**MARKERS, **markers}, of_conda) == expected


def test_categories_of_conda_lock_are_told_as_extras_are() -> None:
    packages = [conda("python", "h1_0", ""), conda("pytest", "h1_0", "dev"), conda("sphinx", "h1_0", "docs")]
    whole = replace(
        lock(),
        format="conda-lock",
        packages=tuple(replace(package, index=index) for index, package in enumerate(packages)),
        conflicts=(),
        extras=("docs",),
        groups=("dev",),
        default_groups=("dev",),
        options={"platforms": ["linux-64"], "channels": []},
    )
    here = {"python": "1.0=h1_0", "pytest": "1.0=h1_0"}
    assert infer_selection(whole, {}, MARKERS, here) == Selection()
    assert infer_selection(whole, {}, MARKERS, {**here, "sphinx": "1.0=h1_0"}) == Selection(extras=("docs",))
    assert infer_selection(whole, {}, MARKERS, {"python": "1.0=h1_0"}) == Selection(default_groups=False)
    # What pip installed under that name is not it, nor is another build.
    assert infer_selection(whole, {"sphinx": "1.0"}, MARKERS, {**here, "sphinx": "1.0=h2_0"}) == Selection()
