"""The platforms of conda and the environments of markers."""

from __future__ import annotations

import pytest

from envguard.lockfiles.conda.subdirs import environment_of, subdir_of


@pytest.mark.parametrize(
    ("subdir", "sys_platform", "machine"),
    [
        ("linux-64", "linux", "x86_64"),
        ("linux-aarch64", "linux", "aarch64"),
        ("osx-64", "darwin", "x86_64"),
        ("osx-arm64", "darwin", "arm64"),
        ("win-64", "win32", "AMD64"),
        ("win-arm64", "win32", "ARM64"),
    ],
)
def test_platforms_of_conda_and_of_markers_are_the_same_ones(subdir: str, sys_platform: str, machine: str) -> None:
    environment = environment_of(subdir, "3.12.4")
    assert environment is not None
    assert (environment["sys_platform"], environment["platform_machine"]) == (sys_platform, machine)
    assert (environment["python_version"], environment["python_full_version"]) == ("3.12", "3.12.4")
    assert subdir_of(environment) == subdir


def test_what_conda_does_not_know_has_no_platform() -> None:
    assert subdir_of({"sys_platform": "freebsd14", "platform_machine": "amd64"}) is None
    assert subdir_of({"sys_platform": "linux", "platform_machine": "loongarch64"}) is None
    assert environment_of("noarch", "3.12.0") is None
    assert environment_of("emscripten-wasm32", "3.12.0") is None
