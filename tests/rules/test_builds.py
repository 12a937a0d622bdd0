"""What the builds of conda's packages say that they are made for."""

from __future__ import annotations

import pytest

from envguard.lockfiles.diff.compare import compare
from envguard.lockfiles.model import CondaBuild, LockedPackage, When
from envguard.rules.builds import build_lines, flavour_of
from tests.rules.evidence import conda_locked, lock

# As they stand in locks of pixi and conda-lock.
BUILDS = {
    "cuda129_mkl_py312_h2ff76c1_300": "cuda129 mkl",
    "cuda129py312ha3fd0c4_252": "cuda129",
    "cuda13_py312_260205_5b9658c4": "cuda13",
    "cuda_126_py310h1_0": "cuda126",
    "gpu_cuda118py312h1_0": "cuda118",
    "py3.10_cuda11.8_cudnn8.7.0_0": "cuda118",
    "h1c0d118_27_cuda": "cuda",
    "cpu_generic_py312h1_0": "cpu",
    "h155c802_0_cpu": "cpu",
    "cpu_mkl_py312h1_0": "cpu mkl",
    "20_linux64_openblas": "openblas",
    "5_h5875eb1_mkl": "mkl",
    "mkl": "mkl",
    "py312h5c1d_0": "",
    "pyhd8ed1ab_0": "",
    "hcuda_0": "",
    "": "",
    None: "",
}


@pytest.mark.parametrize(("build", "flavour"), BUILDS.items())
def test_a_build_says_what_it_is_made_for(build: str | None, flavour: str) -> None:
    assert flavour_of(build) == flavour


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "cpu_mkl_py312h1_0",
            "cuda129_mkl_py312h2_0",
            "cpu mkl -> cuda129 mkl: a build for the processor becomes one for CUDA 12.9",
        ),
        ("h1_0_cuda", "h1_0_cpu", "cuda -> cpu: a build for CUDA becomes one for the processor"),
        ("cuda126_h1_0", "cuda13_h1_0", "cuda126 -> cuda13: CUDA libraries change from 12 to 13"),
        ("cuda126_h1_0", "cuda129_h1_0", "cuda126 -> cuda129: CUDA libraries change from 12.6 to 12.9"),
        ("20_linux64_openblas", "20_linux64_mkl", "openblas -> mkl: another BLAS"),
        ("cuda129_mkl_h1_0", "cuda129_openblas_h1_0", "cuda129 mkl -> cuda129 openblas: another BLAS"),
        ("h1_0", "cuda129_h1_0", "no build named -> cuda129: CUDA as the index chooses becomes CUDA 12.9"),
        ("h1_0", "h1_0_cpu", "no build named -> cpu"),
    ],
)
def test_a_change_of_it_is_spelled_out(old: str, new: str, said: str) -> None:
    diff = compare(lock([conda_locked("pytorch", "2.9", old)]), lock([conda_locked("pytorch", "2.10", new)]))
    assert list(build_lines(diff)) == [f"pytorch {said}"]


def test_a_build_that_names_nothing_more_is_not_worth_a_line() -> None:
    for old, new in (("cuda129_py311h1_0", "cuda129_py312h9_3"), ("py311h1_0", "py312h9_3")):
        diff = compare(lock([conda_locked("a", build=old)]), lock([conda_locked("a", build=new)]))
        assert diff.packages
        assert list(build_lines(diff)) == []


def test_what_is_the_same_on_several_platforms_is_said_once() -> None:
    def blas(flavour: str) -> list[LockedPackage]:
        return [
            conda_locked(
                "libblas",
                conda=CondaBuild(build=f"20_{place}_{flavour}", subdir=place),
                when=(When(platform=place),),
            )
            for place in ("linux-64", "osx-64")
        ]

    diff = compare(lock(blas("openblas")), lock(blas("mkl")))
    assert list(build_lines(diff)) == ["libblas openblas -> mkl: another BLAS"]
