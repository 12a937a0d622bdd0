"""A requirement as tools write it is taken apart as packaging takes it apart."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement

from envguard import pep508

NAMES = st.sampled_from(["numpy", "a", "a.b_c-D", "-a", "a-", "é", "A1", "a b", ""])
EXTRAS = st.sampled_from(["", "[x]", "[x,y]", "[ x , y_z ]", "[]", "[,x]", "[x,]", "[é]", " [x]", "[x] [y]"])
RANGES = st.sampled_from(
    ["", ">=1", " >= 1.0 , <2", "==1.*", "===1.0", "=== foo bar", "~=1", "~=1.0", "!=1.0+local", "<1,", ",>1", ">1 >2", "=1", ">",
     "(>=1)", "@ https://index.example/a", "==1!2.0", "<=1.0rc1", ">=1.0-1", "==1.0.*,>1", "== 1.0\t", "=>1", "<>1", ">=v1.0"]
)  # fmt: skip
MARKERS = st.sampled_from(
    ["", ";", "; python_version < '3'", ';python_version>="3.8" and (extra=="a" or os_name != "nt")', "; extra == 'A_b'", "; nothing",
     "; python_version < '3' ; os_name == 'nt'", "; python_version < '3", "; 'a;b' == os_name", "; python_version in '3.8, 3.9'",
     "; python_version not  in '3.8'", " ; sys.platform == 'win32'", "; os_name == 'é'", ";(python_version < '3')"]
)  # fmt: skip


def whole(text: str) -> object:
    try:
        return pep508._parsed(text)
    except (InvalidRequirement, RecursionError):
        return "error"


@settings(max_examples=3000, deadline=None)
@given(
    st.tuples(NAMES, EXTRAS, RANGES, MARKERS).map("".join) | st.text(alphabet="ab1.=<>~!,;[]()@ '\"-_*+", max_size=14)
)
@example("a ; os_name == 'nt'\n")
@example("a>=1\n")
@example("a>=1;")
def test_a_plain_requirement_has_the_parts_that_packaging_finds(text: str) -> None:
    plain = pep508._plain(text)
    if plain is not None:
        assert plain == whole(text)


@pytest.mark.parametrize(
    "text", ["numpy", "numpy>=1.2,<3", "a[b,c]==1.0; python_version < '3.11'", 'typing-extensions>=4.0; extra == "x"']
)
def test_what_tools_write_is_plain(text: str) -> None:
    assert pep508._plain(text) is not None
