"""Version specifiers by what they accept."""

from __future__ import annotations

import pytest

from envguard.lockfiles.uv.specifiers import Samples, specifier_set


def same(one: str, other: str) -> bool:
    left, right = specifier_set(one), specifier_set(other)
    samples = Samples((left, right))
    return samples.accepted(left) == samples.accepted(right)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (">=1", ">=1.0.0"),
        (">=1,<3", "<3,>=1,>0.5"),
        (">=1,<3", ">=1,<3,!=4"),
        ("~=1.0", ">=1.0,==1.*"),
        ("~=1.4.2", ">=1.4.2,<1.5"),
        ("==1.0", ">=1.0,<=1.0"),
        ("===1.0", "=== 1.0"),
    ],
)
def test_specifiers_that_accept_the_same_are_the_same(one: str, other: str) -> None:
    assert same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (">=1", ">1"),
        (">=1", "~=1.0"),
        ("==1.*", "==1.0.*"),
        ("==1.*", ">=1,<2"),
        ("==1.0", "==1.0+cpu"),
        ("==1.0+cpu", "==1.0+cu130"),
        (">=1", ">=1,!=1.5"),
        (">=1", ">=1,!=1.5.*"),
        ("<2", "<2.dev0"),
        (">=1", ">=1.dev0"),
        (">1", ">1.post1"),
        (">1.0a1", ">1.0a2"),
        ("==1!1.0", "==1.0"),
        # Whoever names a pre-release lets pre-releases in.
        ("==1!2.*", "==1!2.*,>=1!2.dev0"),
        ("===1.0", "==1.0"),
        ("", ">=0"),
    ],
)
def test_specifiers_that_accept_something_else_are_not(one: str, other: str) -> None:
    assert not same(one, other)


def test_a_text_that_is_no_specifier_is_an_error() -> None:
    with pytest.raises(ValueError, match="Invalid specifier"):
        specifier_set(">>1")
