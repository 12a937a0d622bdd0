"""Versions and ranges told without packaging, held against packaging."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_version
from packaging.version import Version

from envguard import pep440

NUMBERS = st.sampled_from(("0", "1", "2", "3", "1", "2", "00", "03", "010"))
RELEASES = st.lists(NUMBERS, min_size=1, max_size=4).map(".".join)
LOCALS = st.sampled_from(("", "+cpu", "+1", "+cu128.1", "+1.cpu"))


@st.composite
def versions(draw: st.DrawFn) -> str:
    """Return a version as it is usually spelled, with any of the parts that one can have."""
    stage = draw(st.sampled_from(("", "a0", "b1", "rc2", "a.0")))
    post, dev = draw(st.sampled_from(("", ".post0", ".post3"))), draw(st.sampled_from(("", ".dev0", ".dev2")))
    return draw(st.sampled_from(("", "1!"))) + draw(RELEASES) + stage + post + dev + draw(LOCALS)


@st.composite
def ranges(draw: st.DrawFn) -> str:
    """Return a range as a tool or a hand may spell it; some are none."""
    operators = st.sampled_from(("==", "!=", "<", ">", "<=", ">=", "~=", "==="))
    clauses = st.builds(
        lambda operator, space, version, end: operator + space + version + end,
        operators,
        st.sampled_from(("", " ")),
        st.one_of(RELEASES, versions()),
        st.sampled_from(("", "", "", ".*")),
    )
    return draw(st.sampled_from((",", ", "))).join(draw(st.lists(clauses, max_size=3)))


@given(versions(), versions())
def test_versions_are_in_the_order_of_packaging(one: str, other: str) -> None:
    left, right = pep440.written(one), pep440.written(other)
    assert left is not None
    assert right is not None
    assert (left.key < right.key, left.key == right.key) == (
        Version(one) < Version(other),
        Version(one) == Version(other),
    )
    assert pep440.same(one, other) is (Version(one) == Version(other))
    assert (pep440.normal(one), pep440.shortest(one)) == (str(Version(one)), canonicalize_version(one))
    assert pep440.release_of(one) == Version(one).release


@given(ranges(), versions())
def test_a_range_is_what_it_is_for_packaging(text: str, version: str) -> None:
    try:
        theirs = SpecifierSet(text)
    except InvalidSpecifier:
        with pytest.raises(ValueError, match="Invalid specifier"):
            pep440.clauses(text)
        return
    assert pep440.contains(text, version) is theirs.contains(version, prereleases=True)
    assert pep440.spelled(text) == str(theirs)
    assert SpecifierSet(",".join(map("".join, pep440.clauses(text)))) == theirs


@pytest.mark.parametrize("version", ["1.43.117", "2.0a0", "2.0a1", "2.0.dev1", "2.0", "1.99.post1", "2.0.post1", "3"])
@pytest.mark.parametrize(
    "text", ["<2.0a.0,>=1.37.4", "<2.0a0", ">2.0rc1", ">2.0.post0", "<2.0.dev0", "<2.00", ">=2.0a.0"]
)
def test_a_bound_before_or_after_a_release_is_what_it_is_for_packaging(text: str, version: str) -> None:
    assert pep440.contains(text, version) is SpecifierSet(text).contains(version, prereleases=True)
    assert pep440.spelled(text) == str(SpecifierSet(text))


@pytest.mark.parametrize(
    "text", ["1.0-1", "v1.0", "1.0.0RC1", "1.0rc01", "1_0", "1.0+CPU", "\u0661.\u0660", "1.0\n", "9" * 5000]
)
def test_what_is_spelled_otherwise_is_left_to_packaging(text: str) -> None:
    assert pep440.written(text) is None
    for ours, theirs in ((pep440.normal, lambda item: str(Version(item))), (pep440.shortest, canonicalize_version)):
        try:
            expected = theirs(text)
        except ValueError:
            with pytest.raises(ValueError):
                ours(text)
        else:
            assert ours(text) == expected


def test_the_usual_spellings_need_no_packaging() -> None:
    code = (
        "import sys; from envguard import pep440, pep508\n"
        "assert pep440.contains('>=1.2,<2,!=1.5.*', '1.4.post1') and not pep440.contains('~=1.4', '2.0rc1')\n"
        "assert pep440.contains('<2.0a.0,>=1.37.4', '1.43.117') and pep440.normal('2021.09.1') == '2021.9.1'\n"
        "assert pep440.same('1.0', '1') and pep440.spelled('>=1, <2') == '<2,>=1'\n"
        'pep508.parse(\'torch[opt] (>=2.0,<3) ; (os_name == "nt" or extra == "a") and python_version >= "3.11"\')\n'
        "sys.exit('packaging' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
