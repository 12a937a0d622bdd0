"""What the address of a conda package tells, and what it must not."""

from __future__ import annotations

import pytest

from envguard.conda.archives import Archive, parse_archive, same_channel, split_filename, without_token

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
    ("wanted", "channel", "answer"),
    [
        ("conda-forge", "https://conda.index.example/conda-forge/", True),
        ("conda-forge/label/dev", "https://conda.index.example/conda-forge/label/dev", True),
        ("forge", "https://conda.index.example/conda-forge", None),
        ("https://conda.index.example/conda-forge", "https://conda.index.example/conda-forge/", True),
        ("https://a.example/conda-forge", "https://conda.index.example/conda-forge/", False),
        ("conda-forge", "conda-forge", True),
        ("conda-forge", "", None),
    ],
)
def test_which_channel_a_name_is(wanted: str, channel: str, answer: bool | None) -> None:
    assert same_channel(wanted, channel) is answer
