"""Markers that are called the same hold in the same environments, whatever spells them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from envguard.lockfiles.markers import parse
from envguard.lockfiles.uv.equivalence import grid, same
from envguard.lockfiles.uv.ranges import EVERYTHING, bounds, contains
from envguard.lockfiles.uv.sources import negated
from envguard.lockfiles.uv.specifiers import Samples, specifier_set

PYTHONS = ["3.9", "3.10", "3.11", "3.11.4", "3.12", "3.12.0", "3.12.7", "3.13"]
MINORS = ["3.9", "3.10", "3.11", "3.12", "3.13"]
TEXTS = {
    "sys_platform": ["linux", "win32", "darwin"],
    "platform_system": ["Linux", "Windows", "Darwin"],
    "platform_machine": ["x86_64", "arm64"],
    "implementation_name": ["cpython", "pypy"],
}


def comparisons() -> st.SearchStrategy[str]:
    order = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
    equality = st.sampled_from(["==", "!="])
    return st.one_of(
        st.builds("python_full_version {} '{}'".format, order, st.sampled_from(PYTHONS)),
        st.builds("python_version {} '{}'".format, order, st.sampled_from(MINORS)),
        *(st.builds((name + " {} '{}'").format, equality, st.sampled_from(values)) for name, values in TEXTS.items()),
    )


markers = st.recursive(
    comparisons(),
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner), st.builds("({} or {})".format, inner, inner)
    ),
    max_leaves=5,
)


@st.composite
def environments(draw: st.DrawFn) -> dict[str, str]:
    system = draw(
        st.sampled_from([("linux", "Linux"), ("win32", "Windows"), ("darwin", "Darwin"), ("sunos5", "SunOS")])
    )
    python = f"3.{draw(st.integers(8, 15))}.{draw(st.integers(0, 12))}"
    return {
        "python_version": python.rpartition(".")[0],
        "python_full_version": python,
        "sys_platform": system[0],
        "platform_system": system[1],
        "platform_machine": draw(st.sampled_from(["x86_64", "arm64", "riscv64"])),
        "implementation_name": draw(st.sampled_from(["cpython", "pypy", "graalpy"])),
    }


@given(markers, markers, environments())
def test_markers_that_are_called_the_same_hold_together(one: str, other: str, environment: dict[str, str]) -> None:
    if same([one], [other], EVERYTHING):
        assert Marker(one).evaluate(environment) == Marker(other).evaluate(environment)


@given(markers, environments())
@settings(max_examples=200)
def test_a_marker_is_called_the_same_as_itself_in_other_words(text: str, environment: dict[str, str]) -> None:
    opposite = negated(parse(text))
    assert Marker(opposite).evaluate(environment) != Marker(text).evaluate(environment)
    assert same([text], [negated(parse(opposite))], EVERYTHING)
    assert same([text], [f"({text} and python_version >= '3') or {text}"], EVERYTHING)
    points = grid(frozenset((text, opposite)), EVERYTHING)
    assert points.truth(text) | points.truth(opposite) == points.truth(None)
    assert not points.truth(text) & points.truth(opposite)


VERSIONS = ["0.5", "1", "1.0.1", "1.4", "2.0", "3"]
clauses = st.one_of(
    st.builds("{}{}".format, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), st.sampled_from(VERSIONS)),
    st.builds("{}{}.*".format, st.sampled_from(["==", "!="]), st.sampled_from(VERSIONS)),
    st.builds("~={}.0".format, st.sampled_from(VERSIONS)),
)
specifiers = st.lists(clauses, max_size=3).map(",".join)
releases = st.builds(
    "{}.{}.{}{}".format, *(st.integers(0, 4),) * 3, st.sampled_from(["", "a1", ".post1", ".dev2", "+cpu"])
)


@given(specifiers, specifiers, releases)
@settings(max_examples=300)
def test_specifiers_that_are_called_the_same_accept_the_same(one: str, other: str, version: str) -> None:
    left, right = specifier_set(one), specifier_set(other)
    samples = Samples((left, right))
    if samples.accepted(left) == samples.accepted(right):
        assert SpecifierSet(one).contains(version, prereleases=True) == SpecifierSet(other).contains(
            version, prereleases=True
        )


ranges = st.lists(
    st.builds(
        "{}3.{}{}".format,
        st.sampled_from(["<", "<=", ">", ">=", "!="]),
        st.integers(8, 14),
        st.sampled_from(["", ".0", ".5"]),
    ),
    max_size=4,
).map(",".join)


@given(ranges, st.integers(7, 15), st.integers(0, 6))
def test_bounds_hold_every_version_of_the_range(text: str, minor: int, micro: int) -> None:
    accepted = SpecifierSet(text).contains(Version(f"3.{minor}.{micro}"))
    inside = bounds(text)
    if accepted:
        assert inside is not None
        assert contains(inside, (3, minor, micro))
