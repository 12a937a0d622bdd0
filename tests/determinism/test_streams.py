"""Streams are a function of root, name and indices, and of nothing else."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from envguard.determinism.streams import SCHEME, derive

# These never change: another derivation gets another name.
VECTORS: dict[tuple[Any, ...], str] = {
    (0, "a"): "2523ea631e461fb053724e49e7991747dd902378db7a0401aa7579e7ac9f3153",
    (42, "lib:numpy"): "e44e1679f1bee05965cc0ab961f9e0281ffdf9f8695316f66c033a1a57b216b2",
    (42, "augment", 3, 17): "321abf66495a83d690064efa5a6f82329f7c0a1ff01ccbced9a9aab77c615bb5",
    (2**256 - 1, "ä", 2**64 - 1): "8f9fcb769cced4699d4e0b2a914de8f8a5f1aacff858e2877274947a9d92a677",
}


def test_the_scheme_is_frozen() -> None:
    assert SCHEME == "envguard.rng.v1"
    for arguments, wanted in VECTORS.items():
        assert derive(*arguments).hex() == wanted, arguments


def test_the_hash_seed_of_python_does_not_matter() -> None:
    code = "from envguard.determinism.streams import derive; print(derive(42, 'augment', 3, 17).hex())"
    for seed in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == VECTORS[42, "augment", 3, 17]


def test_names_and_indices_never_run_into_one_another() -> None:
    arguments = [
        (root, name, *index)
        for root in (0, 1, 256)
        for name in ("", "a", "ai", "a\0", "ai\1\0\0\0\0\0\0\0")
        for index in ((), (0,), (1,), (0, 0), (0, 1), (1, 0), (2**32,))
    ]
    assert len({derive(*one) for one in arguments}) == len(arguments)


def test_many_streams_do_not_meet() -> None:
    seen = {
        derive(7, "augment", rank, worker, epoch) for rank in range(16) for worker in range(16) for epoch in range(48)
    }
    assert len(seen) == 16 * 16 * 48


@pytest.mark.parametrize("root", [True, 1.0, "1", None])
def test_what_is_no_whole_number_is_no_seed(root: Any) -> None:
    with pytest.raises(TypeError, match="a seed is a whole number, not"):
        derive(root, "a")


def test_what_is_out_of_range_is_no_seed_and_no_index() -> None:
    with pytest.raises(ValueError, match=r"a seed is at least 0 and below 2\*\*256, not -1"):
        derive(-1, "a")
    with pytest.raises(ValueError, match=r"a seed is at least 0"):
        derive(2**256, "a")
    with pytest.raises(ValueError, match=r"an index of a stream is at least 0 and below 2\*\*64"):
        derive(0, "a", 2**64)
