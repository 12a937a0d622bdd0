"""Requirements and markers told without packaging, held against packaging."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement

from envguard import pep508

CORPORA = Path(__file__).parent / "corpora"
QUOTED = re.compile(r"""'([^'\n]{1,300})'|"((?:[^"\\\n]|\\.){1,300})\"""")

NAMES = st.sampled_from(("torch", "Foo_Bar", "a.b-c", "x", "-a", "a-", "zope.interface"))
VARIABLES = st.sampled_from(("python_version", "os_name", "sys_platform", "platform_release", "python_implementation"))
OPERATORS = st.sampled_from(("==", ">=", "<", "in", "not in", "not  in", "~=", "==="))
TEXTS = st.sampled_from(("'3.8'", '"linux"', "''", "'a\"b'", "'a"))
COMPARISONS = st.one_of(
    st.builds("{} {} {}".format, VARIABLES, OPERATORS, TEXTS),
    st.builds("{} {} {}".format, TEXTS, OPERATORS, VARIABLES),
    st.sampled_from(("extra == 'a'", "extra!='A_b'", "extra == 'a\"", "extra in 'ab'", "'a' in extras")),
)
MARKERS = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        st.builds("{} {} {}".format, inner, st.sampled_from(("and", "or", " and ", "andor")), inner),
        st.builds("({})".format, inner),
        st.builds("( {} )".format, inner),
    ),
    max_leaves=5,
)
EXTRAS = st.sampled_from(("", "[one]", "[ one , Two_x ]", "[]", "[one", " [one]"))
RANGES = st.sampled_from(
    ("", ">=1", " >= 1, <2", "(>=1,<2)", " ( ==1.* )", ">=", "==1.0+cpu", "(>=1", "===x", "==1.0-1")
)


def _theirs(text: str) -> tuple[str, frozenset[str], str, str | None, str | None] | None:
    try:
        found = Requirement(text)
    except InvalidRequirement:
        return None
    marker = str(found.marker) if found.marker is not None else None
    return found.name, frozenset(found.extras), str(found.specifier), found.url, marker


def _ours(text: str) -> tuple[str, frozenset[str], str, str | None, str | None] | None:
    try:
        found = pep508.parse(text)
    except InvalidRequirement:
        return None
    return found.name, found.extras, found.specifier, found.url, found.marker


@given(
    st.builds("{}{}{}{}{}".format, NAMES, EXTRAS, RANGES, st.sampled_from(("", ";", " ; ", " @ file:///a ;")), MARKERS)
)
def test_a_requirement_is_what_it_is_for_packaging(text: str) -> None:
    assert _ours(text) == _theirs(text)


@given(MARKERS)
def test_a_marker_is_spelled_as_packaging_spells_it(text: str) -> None:
    try:
        theirs = str(Marker(text))
    except InvalidMarker:
        with pytest.raises(InvalidMarker):
            pep508.marker(text)
    else:
        assert pep508.marker(text) == theirs


@pytest.mark.parametrize("name", ["pdm-large/pdm.lock", "uv-large/pyproject.toml", "poetry-large/pyproject.toml"])
def test_what_real_locks_write_is_what_it_is_for_packaging(name: str) -> None:
    text = (CORPORA / name).read_text(encoding="utf-8")
    found = {match[1] or match[2].replace('\\"', '"') for match in QUOTED.finditer(text)}
    read = {text: theirs for text in found if (theirs := _theirs(text)) is not None}
    assert len(read) > 10
    assert {text: _ours(text) for text in read} == read


def test_one_that_is_none_is_refused_in_the_words_of_packaging() -> None:
    with pytest.raises(InvalidRequirement, match="Expected comma"):
        pep508.parse("torch >=1 <2 nonsense")
