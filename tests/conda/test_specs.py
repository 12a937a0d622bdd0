"""Match specs: how they are read, which versions and builds they take, and what they leave open."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.conda import specs
from envguard.conda.specs import Spec, build_matches, parse_spec, satisfies

READ = {
    "numpy": ("numpy", "", ""),
    "NumPy": ("numpy", "", ""),
    "_libgcc_mutex 0.1 conda_forge": ("_libgcc_mutex", "0.1", "conda_forge"),
    "python >=3.10,<3.11.0a0": ("python", ">=3.10,<3.11.0a0", ""),
    "python_abi 3.10.* *_cp310": ("python_abi", "3.10.*", "*_cp310"),
    "ruamel.yaml=0.18": ("ruamel.yaml", "=0.18", ""),
    "numpy==1.2": ("numpy", "==1.2", ""),
    "numpy=1.2=py_0": ("numpy", "==1.2", "py_0"),
    "jaxlib>=0.4.31=cuda12*": ("jaxlib", ">=0.4.31", "cuda12*"),
    "libblas * *mkl": ("libblas", "*", "*mkl"),
    "numpy >= 1.2 , < 2": ("numpy", ">=1.2,<2", ""),
    "blas[build=mkl]": ("blas", "", "mkl"),
    "numpy[version='>=1,<2', build=\"py*\"]": ("numpy", ">=1,<2", "py*"),
}


@pytest.mark.parametrize(("text", "parts"), READ.items(), ids=READ.keys())
def test_specs_are_read(text: str, parts: tuple[str, str, str]) -> None:
    spec = parse_spec(text)
    assert spec is not None
    assert (spec.name, spec.version, spec.build) == parts
    assert spec.readable
    assert not spec.more


def test_more_in_brackets_and_a_channel_are_kept() -> None:
    spec = parse_spec("conda-forge::numpy[build-number=3, md5=0a1b, subdir='linux-64']")
    assert spec is not None
    assert spec.more == (("build_number", "3"), ("channel", "conda-forge"), ("md5", "0a1b"), ("subdir", "linux-64"))
    assert spec.readable


@pytest.mark.parametrize("text", ["numpy; if python <3", "numpy[extras=[a]]", "numpy[license=MIT]", "numpy[version=']"])
def test_what_is_not_known_here_makes_a_spec_unreadable(text: str) -> None:
    spec = parse_spec(text)
    assert spec is not None
    assert (spec.name, spec.readable) == ("numpy", False)


@pytest.mark.parametrize("text", ["", " ", ">=1", "[version=1]", "a b c d ]", "*"])
def test_what_has_no_name_is_no_spec(text: str) -> None:
    spec = parse_spec(text)
    assert spec is None or not spec.readable or " " in spec.build


def test_virtual_packages_are_told_from_others() -> None:
    assert parse_spec("__glibc >=2.17,<3.0.a0") == Spec(
        name="__glibc", version=">=2.17,<3.0.a0", text="__glibc >=2.17,<3.0.a0"
    )
    assert Spec(name="__glibc").virtual
    assert not Spec(name="_openmp_mutex").virtual


@pytest.mark.parametrize(
    ("version", "wanted", "answer"),
    [
        ("1.5", "", True),
        ("1.5", "*", True),
        ("1.5", ">=1.2,<2", True),
        ("2.0", ">=1.2,<2", False),
        ("2.0a1", "<2.0a0", False),
        ("2.0", ">=1.2,<2|>=2.0", True),
        ("1.2.3", "=1.2", True),
        ("1.2.3", "1.2", False),
        ("1.2.0", "1.2", True),
        ("1.2.3", "1.2.*", True),
        ("1.20", "1.2.*", False),
        ("1.2.3", "!=1.2.*", False),
        ("1.2.3", "~=1.2", True),
        ("1.3", "~=1.2.0", False),
        ("1.2", ">=1.1.*", True),
        # What a wildcard means beside these, conda and rattler do not agree about.
        ("1.2", "==1.2.*", None),
        ("1.2", ">1.1.*", None),
        ("1.2", "^1\\.2$", None),
        ("1.2", "(1.2|1.3)", None),
        ("1.2", "1.*.2", None),
        ("1.2", "nonsense version", None),
        ("no version", ">=1", None),
        # No one part must hide what another one leaves open, and no open one what is sure.
        ("1.2", ">=2,==1.2.*", False),
        ("1.2", "1.2|==1.2.*", True),
        ("1.2", "1.3|==1.2.*", None),
    ],
)
def test_which_versions_a_range_takes(version: str, wanted: str, answer: bool | None) -> None:
    assert satisfies(version, wanted) is answer


@pytest.mark.parametrize(
    ("build", "wanted", "answer"),
    [
        ("py310_0", "", True),
        ("py310_0", "py310_0", True),
        ("py310_0", "*_0", True),
        ("py310_0", "*_cp310", False),
        ("py310_0", "^py.*$", None),
        ("py310_0", "py31[01]_0", None),
        ("py310_0", "a|b", None),
    ],
)
def test_which_builds_a_glob_takes(build: str, wanted: str, answer: bool | None) -> None:
    assert build_matches(build, wanted) is answer


@given(st.text("ab_*", min_size=1, max_size=7).filter(lambda text: text != "*"), st.text("ab_", max_size=9))
def test_a_star_stands_for_anything(wanted: str, build: str) -> None:
    assert build_matches(build, wanted) is fnmatchcase(build, wanted)


PIECES = (
    "a",
    "py-x",
    "_y",
    "Z.b",
    " ",
    "  ",
    ">=1",
    "<2",
    "=",
    "==",
    "*",
    ",",
    "|",
    "h_0",
    "[",
    "]",
    "build=x",
    "::",
    ";",
    "\n",
    "é",
)


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=7).map("".join))
def test_what_is_plain_is_read_as_anything_else_is(text: str) -> None:
    found = parse_spec.__wrapped__(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(specs, "_PLAIN_SPEC", re.compile("(?!)"))
        assert parse_spec.__wrapped__(text) == found
