"""Markers mean what packaging says that they mean, and no text makes the parser stumble."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.markers import InvalidMarker, Marker, UndefinedComparison

from envguard.lockfiles.markers import MarkerError, parse

if TYPE_CHECKING:
    from envguard.lockfiles.markers import Marker as OurMarker

VALUES = {
    "python_version": ["3.9", "3.11", "3.12", "4"],
    "python_full_version": ["3.11.7", "3.12.0rc1", "3.12.4", "3.12.*"],
    "sys_platform": ["linux", "win32", "darwin"],
    "platform_machine": ["x86_64", "arm64", "arm"],
    "platform_system": ["Linux", "Darwin"],
    "os_name": ["posix", "nt"],
    "implementation_name": ["cpython", "pypy"],
    "platform_release": ["5.10", "6.1-generic"],
}
VERSIONED = ("python_version", "python_full_version")


@st.composite
def atoms(draw: st.DrawFn) -> str:
    name = draw(st.sampled_from(sorted(VALUES)))
    value = draw(st.sampled_from(VALUES[name]))
    operators = ["==", "!=", "in", "not in"]
    if name in VERSIONED and not value.endswith("*"):
        operators += ["<", "<=", ">", ">=", "~="] if "." in value else ["<", "<=", ">", ">="]
    operator = draw(st.sampled_from(operators))
    quote = draw(st.sampled_from(["'", '"']))
    if draw(st.booleans()) and operator not in ("~=", "==", "!=") and "*" not in value:
        return f"{quote}{value}{quote} {operator} {name}"
    return f"{name} {operator} {quote}{value}{quote}"


markers = st.recursive(
    atoms(),
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner), st.builds("{} or {}".format, inner, inner).map("({})".format)
    ),
    max_leaves=6,
)
environments = st.fixed_dictionaries(
    {name: st.sampled_from([value for value in values if "*" not in value]) for name, values in VALUES.items()}
)


@settings(max_examples=500, deadline=None)
@given(text=markers, environment=environments)
def test_a_marker_holds_where_packaging_says_so(text: str, environment: dict[str, str]) -> None:
    try:
        wanted = Marker(text).evaluate({**environment, "extra": ""})
    except UndefinedComparison:
        with pytest.raises(MarkerError):
            parse(text).holds(environment)
        return
    assert parse(text).holds(environment) == wanted


@settings(max_examples=500, deadline=None)
@given(text=st.one_of(st.text(), st.text(alphabet="()'\"=<>!~ andorinotexpyth_. 3", max_size=60)))
def test_any_text_is_a_marker_or_a_marker_error(text: str) -> None:
    try:
        marker: OurMarker | None = parse(text)
    except MarkerError:
        marker = None
    if marker is None:
        return
    try:
        Marker(text)
    except InvalidMarker as error:
        raise AssertionError(f"{text!r} is no marker to packaging: {error}") from error
