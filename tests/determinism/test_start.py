"""What a process must be started with, and two words for one thing."""

from __future__ import annotations

import pytest

from envguard.determinism import start
from envguard.errors import ConfigError, RefusedError


def test_a_bare_environment_gets_both_variables() -> None:
    assert start.missing({}, bitwise=True) == {"PYTHONHASHSEED": "0", "CUBLAS_WORKSPACE_CONFIG": ":4096:8"}
    assert start.missing({"PYTHONHASHSEED": "", "CUBLAS_WORKSPACE_CONFIG": ""}, bitwise=True) == start.missing(
        {}, bitwise=True
    )


def test_where_only_statistics_have_to_agree_cublas_is_left_alone() -> None:
    assert start.missing({"CUBLAS_WORKSPACE_CONFIG": ":8:8"}, bitwise=False) == {"PYTHONHASHSEED": "0"}


@pytest.mark.parametrize("workspace", [":4096:8", ":16:8"])
@pytest.mark.parametrize("seed", ["0", "17", "4294967295"])
def test_what_the_user_chose_is_kept(workspace: str, seed: str) -> None:
    assert start.missing({"PYTHONHASHSEED": seed, "CUBLAS_WORKSPACE_CONFIG": workspace}, bitwise=True) == {}


@pytest.mark.parametrize("seed", ["random", "-1", "4294967296", "1.0", "٣", "0x1"])
def test_a_hash_seed_that_fixes_nothing_is_refused(seed: str) -> None:
    with pytest.raises(ConfigError) as caught:
        start.missing({"PYTHONHASHSEED": seed}, bitwise=False)
    assert str(caught.value) == (
        f"PYTHONHASHSEED is '{seed}', which does not fix the order of sets of text: "
        "expected a whole number from 0 to 4294967295\n"
        "hint: unset PYTHONHASHSEED, and it will be 0, or export another number"
    )


def test_a_workspace_that_fixes_nothing_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        start.missing({"CUBLAS_WORKSPACE_CONFIG": ":4096:2:16:8"}, bitwise=True)
    assert str(caught.value) == (
        "CUBLAS_WORKSPACE_CONFIG is ':4096:2:16:8', with which cuBLAS may add up in another order from one call to the next: "
        "expected :4096:8 or :16:8\n"
        "hint: unset CUBLAS_WORKSPACE_CONFIG, and it will be :4096:8"
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("42", 42), ("0x2A", 42), (str(2**256 - 1), 2**256 - 1), ("0x" + "f" * 64, 2**256 - 1)],
)
def test_a_seed_is_read_as_it_is_written(text: str, value: int) -> None:
    assert start.parse_seed(text, "--seed") == value


@pytest.mark.parametrize(
    "text", ["", "-1", "1.5", "0x", "ff", "1_000", " 1", "٣", str(2**256), "0x1" + "0" * 64, "9" * 99]
)
def test_what_is_no_seed_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        start.parse_seed(text, "--seed")
    assert str(caught.value) == (f"--seed is '{text}', which is no seed: expected a whole number from 0 to 2**256 - 1")


def test_the_script_takes_the_seed_that_the_run_was_started_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVGUARD_SEED", "0x2a")
    assert start.agreed_seed(None) == start.agreed_seed(42) == 42
    monkeypatch.setenv("ENVGUARD_SEED", "")
    assert start.agreed_seed(None) is None
    monkeypatch.delenv("ENVGUARD_SEED")
    assert start.agreed_seed(7) == 7


def test_two_seeds_are_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVGUARD_SEED", "42")
    with pytest.raises(RefusedError) as caught:
        start.agreed_seed(43)
    assert str(caught.value) == (
        "enforce(seed=43) and ENVGUARD_SEED=42 disagree\n"
        "why: the run was started for one seed, and its script asks for another\n"
        "hint: leave seed= out of enforce(), or start without it: unset ENVGUARD_SEED, or envguard run without --seed"
    )
    monkeypatch.setenv("ENVGUARD_SEED", "x")
    with pytest.raises(RefusedError, match="ENVGUARD_SEED is 'x', which is no seed"):
        start.agreed_seed(None)


def test_two_levels_are_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVGUARD_LEVEL", "run-to-run")
    assert start.agreed(None, "ENVGUARD_LEVEL", "level") == start.agreed("run-to-run", "ENVGUARD_LEVEL", "level")
    with pytest.raises(RefusedError) as caught:
        start.agreed("cross-hardware", "ENVGUARD_LEVEL", "level")
    assert str(caught.value).startswith("enforce(level='cross-hardware') and ENVGUARD_LEVEL=run-to-run disagree\n")
