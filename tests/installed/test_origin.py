"""direct_url.json in the spellings of the installers, and broken."""

from __future__ import annotations

import json
from typing import Any

import pytest

from envguard.installed.model import OriginKind
from envguard.installed.origin import OriginError, local_path, read_origin
from envguard.urls import without_credentials

HEX = "ab" * 32
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def read(**document: Any) -> Any:
    return read_origin(json.dumps(document).encode())


@pytest.mark.parametrize(
    "info",
    [
        {"hash": f"sha256={HEX}", "hashes": {"sha256": HEX}},  # pip
        {"hashes": {"sha256": HEX}},  # Poetry
        {"hash": f"sha256={HEX}"},  # PDM
        {"hashes": {"md5": "cd" * 16, "sha256": HEX.upper()}},
    ],
)
def test_the_hash_of_an_archive_is_found_in_every_spelling(info: dict[str, Any]) -> None:
    origin = read(url="https://host.example/a-1.0.tar.gz", archive_info=info, subdirectory="sub")
    assert origin.kind is OriginKind.ARCHIVE
    assert origin.hash == f"sha256:{HEX}"
    assert origin.subdirectory == "sub"
    assert origin.path is None


def test_uv_writes_an_archive_without_a_hash() -> None:
    assert read(url="https://host.example/a.whl", archive_info={}).hash is None


def test_another_algorithm_is_kept_where_there_is_no_sha256() -> None:
    assert read(url="https://host.example/a.whl", archive_info={"hashes": {"sha512": "00ff"}}).hash == "sha512:00ff"


def test_a_git_origin_has_its_commit_and_no_credentials() -> None:
    origin = read(
        url="https://me:secret@host.example/r.git",
        vcs_info={"vcs": "git", "commit_id": COMMIT, "requested_revision": "main"},
        subdirectory="pkg",
    )
    assert (origin.kind, origin.url) == (OriginKind.GIT, "https://host.example/r.git")
    assert (origin.commit, origin.subdirectory) == (COMMIT, "pkg")


@pytest.mark.parametrize(
    ("info", "kind"),
    [
        ({}, OriginKind.DIRECTORY),
        ({"editable": False}, OriginKind.DIRECTORY),
        ({"editable": True}, OriginKind.EDITABLE),
    ],
)
def test_a_folder_is_editable_only_if_it_says_so(info: dict[str, Any], kind: OriginKind) -> None:
    origin = read(url="file:///home/me/my%20project", dir_info=info)
    assert (origin.kind, origin.path) == (kind, "/home/me/my project")


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://u:p@h.example/x", "https://h.example/x"),
        ("https://token@h.example:8080/x?a=b@c#d@e", "https://h.example:8080/x?a=b@c#d@e"),
        ("https://u:p@ss@h.example", "https://h.example"),
        ("ssh://git@h.example/x.git", "ssh://git@h.example/x.git"),
        ("ssh://git:pw@h.example/x.git", "ssh://h.example/x.git"),
        ("https://h.example/a@b", "https://h.example/a@b"),
        ("git@h.example:o/r.git", "git@h.example:o/r.git"),
        ("u:p@h.example:o/r.git", "h.example:o/r.git"),
        ("file:///a@b/c", "file:///a@b/c"),
    ],
)
def test_credentials_never_leave_the_url(url: str, plain: str) -> None:
    assert without_credentials(url, keep_git=True) == plain


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:///a/b", "/a/b"),
        ("file:/a/b", "/a/b"),
        ("file://localhost/a/b", "/a/b"),
        ("FILE:///a/./b/../c/", "/a/c"),
        ("file:////a", "/a"),
        ("file:///a%20b/%C3%BC/%zz", "/a b/ü/%zz"),
        ("file:///a%23b#subdirectory=x", "/a#b"),
        ("file:///a%ff", "/a\udcff"),
        ("file://server/share", None),
        ("file:relative", None),
        ("file:///a%00b", None),
        ("https://h.example/a", None),
        ("", None),
    ],
)
def test_a_file_url_becomes_a_path(url: str, path: str | None) -> None:
    assert local_path(url, windows=False) == path


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:///C:/Users/me/my%20project", "C:/Users/me/my project"),
        ("file:///c|/x", "c:/x"),
        ("file:///C:", "C:/"),
        ("file://server/share/x", "//server/share/x"),
    ],
)
def test_a_file_url_of_windows_has_a_drive_or_a_share(url: str, path: str) -> None:
    assert local_path(url, windows=True) == path


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "is not valid JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"\xff\xfe", "is not UTF-8 text: byte 0xff at offset 0"),
        (b"[" * 100_000, "is not valid JSON: nested too deeply"),
        (b"[]", "holds a list, an object is expected"),
        (b"null", "holds null, an object is expected"),
        (b'{"dir_info": {}}', "has no 'url'"),
        (b'{"url": "", "dir_info": {}}', "has no 'url'"),
        (b'{"url": 3, "dir_info": {}}', "holds a number in 'url', text is expected"),
        (b'{"url": "a\\u001bb", "dir_info": {}}', "holds control characters in 'url'"),
        (b'{"url": "x"}', "needs one of 'vcs_info', 'archive_info' and 'dir_info', it has none"),
        (
            b'{"url": "x", "dir_info": {}, "vcs_info": {}}',
            "needs one of 'vcs_info', 'archive_info' and 'dir_info', it has 'vcs_info' and 'dir_info'",
        ),
        (b'{"url": "x", "dir_info": []}', "holds a list in 'dir_info', an object is expected"),
        (
            b'{"url": "x", "dir_info": {"editable": "yes"}}',
            "holds text in 'dir_info.editable', true or false is expected",
        ),
        (
            b'{"url": "x", "vcs_info": {"vcs": "hg", "commit_id": "1"}}',
            "names the version control system 'hg', envguard knows git alone",
        ),
        (b'{"url": "x", "vcs_info": {"vcs": "git"}}', "has no 'vcs_info.commit_id'"),
        (
            b'{"url": "x", "vcs_info": {"vcs": "git", "commit_id": true}}',
            "holds true in 'vcs_info.commit_id', text is expected",
        ),
        (
            b'{"url": "x", "archive_info": {"hashes": "sha256"}}',
            "holds text in 'archive_info.hashes', an object is expected",
        ),
        (
            b'{"url": "x", "archive_info": {"hashes": {"sha256": 1}}}',
            "holds a number in 'archive_info.hashes.sha256', text is expected",
        ),
        (b'{"url": "x", "archive_info": {"hash": "sha256"}}', "holds a hash that is none in 'archive_info'"),
        (b'{"url": "x", "dir_info": {}, "subdirectory": {}}', "holds an object in 'subdirectory', text is expected"),
    ],
)
def test_a_broken_file_says_what_is_wrong_with_it(data: bytes, text: str) -> None:
    with pytest.raises(OriginError) as caught:
        read_origin(data)
    assert str(caught.value) == text
