"""direct_url.json comes out as it went in, whoever wrote it, and never with a password."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from envguard.installed.model import Origin, OriginKind
from envguard.installed.origin import OriginError, local_path, read_origin
from envguard.urls import without_credentials

printable = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12)
host = st.from_regex(r"[a-z]{1,8}\.example(:[0-9]{2,4})?", fullmatch=True)
tail = st.from_regex(r"(/[a-z@:%20.]{0,6}){0,3}(\?[a-z=@]{0,5})?(#[a-z=@]{0,5})?", fullmatch=True)
hexes = st.from_regex(r"[0-9a-f]{8,64}", fullmatch=True)
json_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    url=st.builds("https://{}{}".format, host, tail),
    info=st.one_of(
        st.builds(lambda c: {"vcs_info": {"vcs": "git", "commit_id": c}}, hexes),
        st.builds(lambda h: {"archive_info": {"hashes": {"sha256": h}}}, hexes),
        st.builds(lambda h: {"archive_info": {"hash": f"sha256={h}"}}, hexes),
        st.builds(lambda e: {"dir_info": {"editable": e}}, st.booleans()),
    ),
    subdirectory=st.none() | printable,
)
def test_what_was_written_is_read(url: str, info: dict[str, Any], subdirectory: str | None) -> None:
    document = {"url": url, **info} | ({"subdirectory": subdirectory} if subdirectory is not None else {})
    kind = {
        "vcs_info": OriginKind.GIT,
        "archive_info": OriginKind.ARCHIVE,
        "dir_info": OriginKind.EDITABLE if info.get("dir_info", {}).get("editable") else OriginKind.DIRECTORY,
    }[next(iter(info))]
    archive = info.get("archive_info", {})
    checksum = archive.get("hashes", {}).get("sha256") or archive.get("hash", "").removeprefix("sha256=")
    assert read_origin(json.dumps(document).encode()) == Origin(
        kind=kind,
        url=url,
        path=None,
        commit=info.get("vcs_info", {}).get("commit_id"),
        subdirectory=subdirectory,
        hash=f"sha256:{checksum}" if checksum else None,
    )


@given(
    parts=st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=8), max_size=4
    )
)
def test_the_path_of_a_file_url_is_the_path_it_was_made_from(parts: list[str]) -> None:
    path = PurePosixPath("/", *parts)
    assert local_path(f"file://{quote(os.fsencode(path))}", windows=False) == os.path.normpath(path)


@given(user=printable, password=printable, where=host, rest=tail, scheme=st.sampled_from(("https", "ssh", "git+https")))
def test_a_password_never_comes_through(user: str, password: str, where: str, rest: str, scheme: str) -> None:
    for separator in "/?#":
        user, password = user.replace(separator, ""), password.replace(separator, "")
    assert (
        without_credentials(f"{scheme}://{user}:{password}@{where}{rest}", keep_git=True) == f"{scheme}://{where}{rest}"
    )
    assert without_credentials(f"{scheme}://{where}{rest}", keep_git=True) == f"{scheme}://{where}{rest}"


@given(data=st.binary(max_size=60) | json_value.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_give_an_origin_or_a_reason(data: bytes) -> None:
    with contextlib.suppress(OriginError):
        read_origin(data)


@given(
    info=st.fixed_dictionaries(
        {},
        optional={
            "url": json_value,
            "subdirectory": json_value,
            "dir_info": st.fixed_dictionaries({}, optional={"editable": json_value}) | json_value,
            "vcs_info": st.fixed_dictionaries({}, optional={"vcs": st.just("git"), "commit_id": json_value})
            | json_value,
            "archive_info": st.fixed_dictionaries({}, optional={"hash": json_value, "hashes": json_value}) | json_value,
        },
    )
)
def test_any_types_in_any_place_give_an_origin_or_a_reason(info: dict[str, Any]) -> None:
    with contextlib.suppress(OriginError):
        origin = read_origin(json.dumps(info).encode())
        values = (origin.url, origin.path, origin.commit, origin.subdirectory, origin.hash)
        assert all(value is None or isinstance(value, str) for value in values)
