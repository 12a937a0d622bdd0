"""Whether a locked package is one that a match spec asks for."""

from __future__ import annotations

import pytest

from envguard.conda.specs import parse_spec
from envguard.lockfiles.conda.matching import decide
from envguard.lockfiles.model import Artifact, CondaBuild, LockedPackage, Source, SourceKind


def package(**changes: object) -> LockedPackage:
    conda = {"build": "py310_3", "subdir": "linux-64", "number": 3, "md5": "aa"} | changes
    return LockedPackage(
        index=0,
        name="numpy",
        version="1.26.4",
        source=Source(kind=SourceKind.CONDA, location="https://conda.index.example/conda-forge"),
        artifacts=(Artifact(filename="numpy-1.26.4-py310_3.conda", wheel=False, hash="sha256:bb"),),
        conda=CondaBuild(**conda),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("numpy", True),
        ("numpy 1.26.* py310*", True),
        ("numpy 1.26.* py311*", False),
        ("numpy <1 ==1.*", False),
        ("numpy[build_number=3]", True),
        ("numpy[build_number='>=4']", False),
        ("numpy[subdir=linux-64]", True),
        ("numpy[subdir=noarch]", False),
        ("numpy[sha256=BB]", True),
        ("numpy[sha256=cc]", False),
        ("numpy[md5=aa]", True),
        ("conda-forge::numpy", True),
        ("bioconda::numpy", None),
        ("https://conda.index.example/bioconda::numpy", False),
        ("numpy[license=BSD]", None),
        ("numpy[license=BSD, version=2.*]", False),
    ],
)
def test_whether_a_package_is_what_is_asked_for(text: str, answer: bool | None) -> None:
    spec = parse_spec(text)
    assert spec is not None
    assert decide(spec, package()) is answer


def test_what_the_lock_does_not_say_is_not_decided() -> None:
    for text in ("numpy[build_number=3]", "numpy * py310*", "numpy[subdir=linux-64]"):
        spec = parse_spec(text)
        assert spec is not None
        assert decide(spec, package(number=None, build=None, subdir=None)) is None
