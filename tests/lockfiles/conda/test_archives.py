"""What the address of a conda package tells, and what it must not."""

from __future__ import annotations

import pytest

from envguard.lockfiles.conda.archives import Archive, parse_archive, split_filename, without_token
from envguard.lockfiles.conda.subdirs import environment_of, subdir_of

BASE = "https://conda.index.example/conda-forge"


def test_an_address_tells_channel_platform_and_package() -> None:
    assert parse_archive(f"{BASE}/linux-64/python-3.12.1-hab00c5b_1_cpython.conda") == Archive(
        channel=BASE,
        subdir="linux-64",
        filename="python-3.12.1-hab00c5b_1_cpython.conda",
        name="python",
        version="3.12.1",
        build="hab00c5b_1_cpython",
    )


@pytest.mark.parametrize(
    ("url", "channel"),
    [
        ("https://me:secret@conda.index.example/x/noarch/a-1-0.conda", "https://conda.index.example/x"),
        ("https://conda.index.example/t/tk-0123-secret/x/noarch/a-1-0.conda", "https://conda.index.example/x"),
        ("https://conda.index.example/t/$TOKEN/x/noarch/a-1-0.tar.bz2#0123", "https://conda.index.example/x"),
        ("file:///srv/channel/noarch/a-1-0.conda", "file:///srv/channel"),
        ("./noarch/a-1-0.conda", "."),
    ],
)
def test_secrets_in_an_address_are_left_out(url: str, channel: str) -> None:
    found = parse_archive(url)
    assert found is not None
    assert (found.channel, found.name, found.version, found.build) == (channel, "a", "1", "0")
    assert "secret" not in without_token(url)


@pytest.mark.parametrize(
    ("filename", "parts"),
    [
        ("ca-certificates-2025.10.5-hbd8a1cb_0.conda", ("ca-certificates", "2025.10.5", "hbd8a1cb_0")),
        ("pytorch-2.5.1-cuda126_py312_h0_306.tar.bz2", ("pytorch", "2.5.1", "cuda126_py312_h0_306")),
        ("numpy-1.0.tar.gz", None),
        ("numpy-1.0-py3-none-any.whl", None),
        ("a-1.conda", None),
        ("-1-0.conda", None),
        (".conda", None),
        ("", None),
    ],
)
def test_file_names(filename: str, parts: tuple[str, str, str] | None) -> None:
    assert split_filename(filename) == parts


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
