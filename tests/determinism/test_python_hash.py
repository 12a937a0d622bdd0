"""Which PYTHONHASHSEED is in force is told by a hash: the interpreters themselves are the oracle."""

from __future__ import annotations

import subprocess
import sys

import pytest

from envguard.determinism import python_hash

SEEDS = ("0", "1", "42", "65536", "4294967295")


def ask(seed: str, code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_hash_of_a_text_is_known_for_each_seed(seed: str) -> None:
    rounds = python_hash._ROUNDS[sys.hash_info.algorithm]
    for text in ("a", "envguard", "envguard!", "x" * 31, "é" * 9):
        data = text.encode("latin-1")
        expected = python_hash._signed(python_hash._siphash(python_hash._key(int(seed)), data, *rounds))
        assert int(ask(seed, f"print(hash({text!r}))")) == expected, text


def test_siphash_gives_the_value_that_its_authors_published() -> None:
    """SipHash-2-4 of the bytes 0 to 14 under the key 0 to 15 (Aumasson and Bernstein, appendix A)."""
    assert python_hash._siphash(bytes(range(16)), bytes(range(15)), 2, 4) == 0xA129CA6149BE45E5


@pytest.mark.parametrize("seed", [*SEEDS, "random"])
def test_a_process_knows_its_seed_and_no_other(seed: str) -> None:
    code = f"from envguard.determinism.python_hash import in_force; print([in_force(int(s)) for s in {SEEDS!r}])"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str([other == seed for other in SEEDS])


def test_where_text_is_hashed_otherwise_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python_hash, "_ROUNDS", {})
    assert python_hash.in_force(0) is None
