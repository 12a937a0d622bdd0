"""The names of files by which a format is known."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.lockfiles.formats import FORMATS, Format

PATTERNS = sorted({pattern for form in FORMATS for pattern in (*form.files, *form.named)})


@pytest.mark.parametrize("pattern", PATTERNS)
@given(data=st.data())
def test_a_pattern_means_what_a_shell_takes_it_for(pattern: str, data: st.DataObject) -> None:
    assert pattern.count("*") < 2
    assert not set(pattern) & set("?[]")
    before, _, after = pattern.partition("*")
    parts = [before, after, pattern, before[:-1], after[1:], pattern.upper(), "", "a", "\n"]
    name = "".join(data.draw(st.lists(st.sampled_from(parts), max_size=4)))
    form = Format(name="a", files=(pattern,), manifests=(), lock="", package="")
    assert form.matches(name) == fnmatchcase(name, pattern)
