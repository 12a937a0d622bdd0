"""What a stream can say."""

from __future__ import annotations

import io

import pytest

from envguard.cli.console import Console


@pytest.mark.parametrize(
    ("encoding", "arrow"), [("utf-8", "→"), ("utf-16", "→"), ("ascii", "->"), ("latin-1", "->"), ("cp1252", "->")]
)
def test_an_arrow_is_one_where_the_stream_has_it(encoding: str, arrow: str) -> None:
    assert Console().arrow(io.TextIOWrapper(io.BytesIO(), encoding=encoding)) == arrow


def test_what_has_no_encoding_gets_plain_characters() -> None:
    assert [Console().arrow(stream) for stream in (None, io.StringIO())] == ["->", "->"]
