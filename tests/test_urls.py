"""URLs and paths as locks write them, whatever is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.lockfiles import judge_lock
from envguard.reader import Reader
from envguard.urls import filename_at, host_of, split_url, without_credentials

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://me:secret@index.example:8080/a@b?x=y@z", "https://index.example:8080/a@b?x=y@z"),
        ("https://${TOKEN}@index.example", "https://index.example"),
        ("ssh://git@git.example/a", "ssh://git.example/a"),
        ("https://index.example/@scope/x", "https://index.example/@scope/x"),
        ("https://a@b@index.example/", "https://index.example/"),
        ("git@git.example:a/b", "git@git.example:a/b"),
        ("../a@b", "../a@b"),
    ],
)
def test_credentials_are_dropped_and_nothing_else(url: str, plain: str) -> None:
    assert without_credentials(url) == plain


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("https://files.example/a/one-1.0%2Bcpu.whl?x=/y#z", "one-1.0+cpu.whl"),
        ("https://files.example/a/one.zip", "one.zip"),
        ("dist/one%20two.zip", "one two.zip"),
        ("https://files.example?x", ""),
        ("https://[files/one%41.zip", "oneA.zip"),
    ],
)
def test_a_file_is_called_as_the_end_of_its_path(location: str, name: str) -> None:
    assert filename_at(location) == name


def test_a_host_has_its_port_and_no_credentials() -> None:
    assert host_of("https://me:x@index.example:8080/a") == "index.example:8080"
    assert host_of("https://[index") == "[index"
    assert host_of("dist/one.zip") == ""


@given(st.text())
def test_no_text_is_a_crash(text: str) -> None:
    for url in (text, f"https://{text}", f"https://[{text}"):
        split_url(url)
        without_credentials(url)
        host_of(url)
        filename_at(url)


def test_a_url_that_is_none_does_not_end_the_reading_of_a_lock(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").write_text(
        'version = 1\n\n[[package]]\nname = "one"\nversion = "1"\nsource = { git = "https://[x#0123" }\n\n'
        '[[package]]\nname = "two"\nversion = "1"\nsource = { registry = "https://[y/simple" }\n'
        'sdist = { url = "https://me:x@[y/two-1.tar.gz", hash = "sha256:0" }\n'
    )
    lock, _, _ = judge_lock(Reader(), str(tmp_path / "uv.lock"), anew=True)
    assert [package.source.location for package in lock.packages] == ["https://[x#0123", "https://[y/simple"]
