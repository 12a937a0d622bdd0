"""Switches are set while that takes effect, read back, and refused when it is too late."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from envguard.determinism.switches import WORKSPACE, Switches
from envguard.errors import RefusedError


def fake_torch(*, cuda: bool) -> Any:
    state = {"mode": False}
    return SimpleNamespace(
        cuda=SimpleNamespace(is_initialized=lambda: cuda),
        use_deterministic_algorithms=lambda on: state.update(mode=on),
        are_deterministic_algorithms_enabled=lambda: state["mode"],
        utils=SimpleNamespace(deterministic=SimpleNamespace(fill_uninitialized_memory=True)),
        backends=SimpleNamespace(cudnn=SimpleNamespace(deterministic=False, benchmark=True)),
    )


@pytest.fixture(autouse=True)
def _no_workspace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WORKSPACE, "to be restored")
    monkeypatch.delenv(WORKSPACE)


def test_everything_is_set_read_back_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = fake_torch(cuda=False)
    monkeypatch.setitem(sys.modules, "torch", torch)
    switches = Switches(bitwise=True)
    switches.set(frozenset())
    assert os.environ[WORKSPACE] == ":4096:8"
    assert {name: switch.found for name, switch in switches.state.items() if name != "PYTHONHASHSEED"} == {
        WORKSPACE: ":4096:8",
        "torch.use_deterministic_algorithms": "True",
        "torch.utils.deterministic.fill_uninitialized_memory": "False",
        "torch.backends.cudnn.deterministic": "True",
        "torch.backends.cudnn.benchmark": "False",
    }
    assert all(switch.holds for switch in switches.state.values())


def test_across_hardware_torch_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = fake_torch(cuda=True)
    monkeypatch.setitem(sys.modules, "torch", torch)
    switches = Switches(bitwise=False)
    switches.set(frozenset())
    assert WORKSPACE not in os.environ
    assert torch.are_deterministic_algorithms_enabled() is False
    assert switches.state["torch.backends.cudnn.benchmark"].found == "True"


@pytest.mark.parametrize("value", [":4096:8", ":16:8"])
def test_a_workspace_that_the_user_chose_is_kept(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(WORKSPACE, value)
    monkeypatch.setitem(sys.modules, "torch", fake_torch(cuda=True))
    switches = Switches(bitwise=True)
    switches.set(frozenset())
    assert os.environ[WORKSPACE] == value
    assert switches.state[WORKSPACE].found == value


def test_too_late_is_refused_with_the_command_that_does_it_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "orig_argv", ["python", "train.py", "--name", "my run"])
    monkeypatch.setitem(sys.modules, "torch", fake_torch(cuda=True))
    with pytest.raises(RefusedError) as caught:
        Switches(bitwise=True).set(frozenset())
    assert str(caught.value) == (
        "CUBLAS_WORKSPACE_CONFIG must be :4096:8 or :16:8 before CUDA starts; "
        "it is not set, and CUDA is initialised already\n"
        "why: cuBLAS chooses its algorithms by it, and reads it only once\n"
        "hint: CUBLAS_WORKSPACE_CONFIG=:4096:8 python train.py --name 'my run'"
    )
    assert WORKSPACE not in os.environ, "never set late and called done"


def test_a_workspace_that_is_not_deterministic_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WORKSPACE, ":4096:2")
    monkeypatch.setitem(sys.modules, "torch", fake_torch(cuda=False))
    with pytest.raises(RefusedError, match="it is ':4096:2'"):
        Switches(bitwise=True).set(frozenset())


@pytest.mark.parametrize(("seed", "found"), [("0", "0"), ("17", "17")])
def test_a_fixed_hash_seed_is_reported_as_it_is(monkeypatch: pytest.MonkeyPatch, seed: str, found: str) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", seed)
    switches = Switches(bitwise=True)
    switches.set(frozenset())
    assert switches.state["PYTHONHASHSEED"].found == found
    assert switches.state["PYTHONHASHSEED"].when == "before Python starts"


def test_a_random_hash_seed_is_reported_with_the_way_to_fix_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    switches = Switches(bitwise=True)
    switches.set(frozenset())
    assert switches.state["PYTHONHASHSEED"].found == (
        "random in every process; start with PYTHONHASHSEED=0 to fix the order of sets"
    )


@pytest.mark.torch
def test_the_real_torch_takes_every_switch() -> None:
    import torch

    switches = Switches(bitwise=True)
    try:
        switches.set(frozenset())
        assert torch.are_deterministic_algorithms_enabled()
        assert not torch.is_deterministic_algorithms_warn_only_enabled()
        assert all(switch.holds for switch in switches.state.values())
        assert switches.state["torch.backends.cudnn.benchmark"].found == "False"
    finally:
        torch.use_deterministic_algorithms(False)
