from __future__ import annotations

import pytest

from envguard.lockfiles.model import Commands, ConflictItem, Edge, Lock, LockedPackage, Source, SourceKind
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
