"""What packages are for, as far as their names tell."""

from __future__ import annotations

import pytest

from envguard.model import Impact
from envguard.rules.impact import impact_of, role_of, roles


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("torch", "numeric"),
        ("pytorch", "numeric"),
        ("pytorch-gpu", "numeric"),
        ("libtorch", "numeric"),
        ("ml_dtypes", "numeric"),
        ("opt_einsum", "numeric"),
        ("libtensorflow_cc", "numeric"),
        ("libblas", "libraries"),
        ("libopenblas", "libraries"),
        ("mkl-devel", "libraries"),
        ("_openmp_mutex", "libraries"),
        ("llvm-openmp", "libraries"),
        ("cuda-version", "libraries"),
        ("libcublas", "libraries"),
        ("libcudnn-dev", "libraries"),
        ("nccl", "libraries"),
        ("openmpi", "libraries"),
        ("libopencv", "decoders"),
        ("pyarrow-core", "data"),
        ("dask-core", "data"),
        ("openssl", "other"),
        ("_libgcc_mutex", "other"),
        ("python", "other"),
    ],
)
def test_packages_of_both_kinds_have_a_role(name: str, role: str) -> None:
    found = role_of(name)
    assert found.name == role
    assert (impact_of(name) is Impact.NUMBERS) is (role != "other")


def test_a_project_names_more_in_any_spelling() -> None:
    assert role_of("our_kernels", ["Our-*"]).name == "numeric"
    assert role_of("_private_lib", ["_private*"]).name == "numeric"


def test_the_last_role_is_that_of_all_others() -> None:
    assert roles()[-1].packages == ("*",)
