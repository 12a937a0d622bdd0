"""Frozen vectors: what a stream gives never changes, in any library."""

from __future__ import annotations

import importlib
import json
import random

import numpy as np
import pytest

from tests.determinism import vectors


@pytest.fixture(autouse=True)
def _kept() -> object:
    before = random.getstate(), np.random.get_state()  # noqa: NPY002
    yield
    random.setstate(before[0])
    np.random.set_state(before[1])  # noqa: NPY002


def test_every_library_has_its_vectors() -> None:
    held = json.loads(vectors.FROZEN.read_text())
    assert set(held) == {"jax", "numba", "numpy", "random", "torch"}
    for library in vectors.OF:
        assert set(held[library]["streams"]) == {repr(stream) for stream in vectors.STREAMS}


@pytest.mark.parametrize("library", ["numpy", "random"])
def test_the_vectors_are_frozen(library: str) -> None:
    assert vectors.made(library) == vectors.frozen(library)


@pytest.mark.torch
def test_the_vectors_of_torch_are_frozen() -> None:
    import torch

    before = torch.get_rng_state()
    assert vectors.made("torch") == vectors.frozen("torch")
    torch.set_rng_state(before)


@pytest.mark.libraries
@pytest.mark.parametrize("library", ["jax", "numba"])
def test_the_vectors_of_other_libraries_are_frozen(library: str) -> None:
    importlib.import_module(library)
    assert vectors.made(library) == vectors.frozen(library)
