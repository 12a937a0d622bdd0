"""envguard cost: whole runs, with and without each switch, of a training that calls enforce()."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Cli

# What enforce() asks of torch, so that a run takes no longer than Python's start.
TORCH = """\
from types import SimpleNamespace as N
state, int64 = {"on": False}, "int64"
cuda = N(is_initialized=lambda: False)
utils = N(deterministic=N(fill_uninitialized_memory=True))
backends = N(cudnn=N(deterministic=False, benchmark=True, enabled=True), mps=N(is_available=lambda: False))
def set_deterministic_debug_mode(mode): state["on"] = mode != "default"
def are_deterministic_algorithms_enabled(): return state["on"]
def is_deterministic_algorithms_warn_only_enabled(): return False
def manual_seed(seed): pass
class Bytes(bytes):
    def tolist(self): return list(self)
def get_rng_state(): return Bytes(5056)
def set_rng_state(state): pass
uint8 = "uint8"
def frombuffer(raw, dtype): return Bytes(raw)
def put_(*_):
    if state["on"]: raise RuntimeError("not deterministic")
def zeros(*_, **__): return N(put_=put_)
"""
TRAIN = """\
import os
os.environ["ENVGUARD"] = "off"
import envguard, torch
run = envguard.enforce(seed=42, level="run-to-run")
with open("runs", "a") as file:
    file.write(os.environ.get("ENVGUARD_LEAVE", "") + "|" + str(torch.backends.cudnn.benchmark) + chr(10))
"""
BENCHMARK = "torch.backends.cudnn.benchmark"


@pytest.mark.torch
@pytest.mark.slow
def test_a_run_with_the_real_torch_is_measured(cli: Cli, folder: Path) -> None:
    (folder / "train.py").write_text(TRAIN)
    name = "torch.use_deterministic_algorithms"
    command = ("cost", "--rounds", "3", "--switch", name, "--format", "json", "--", sys.executable, "train.py")
    result = cli.process(*command, cwd=folder)
    assert (result.status, result.err) == (0, "")
    found = json.loads(result.out)
    assert list(found["prices"]) == [name, "all of them", "nothing: the same measured twice"]
    runs = (folder / "runs").read_text().splitlines()
    assert (runs.count(f"{name}|False"), len(runs)) == (3, 1 + 3 * (1 + 3))


def test_every_switch_that_is_set_is_left_out_in_turn(cli: Cli, folder: Path) -> None:
    (folder / "torch.py").write_text(TORCH)
    (folder / "train.py").write_text(TRAIN)
    result = cli.process(
        "cost", "--rounds", "3", "--switch", BENCHMARK, "--format", "json", "--", sys.executable, "train.py", cwd=folder
    )
    assert (result.status, result.err) == (0, "")
    found = json.loads(result.out)
    assert (found["what"], found["rounds"]) == ("a whole run", 3)
    assert list(found["prices"]) == [BENCHMARK, "all of them", "nothing: the same measured twice"]
    runs = (folder / "runs").read_text().splitlines()
    assert len(runs) == 1 + 3 * (1 + 3)
    assert runs.count("|False") == 1 + 3 * 2
    assert runs.count(f"{BENCHMARK}|True") == 3
    together = [run for run in runs if "," in run]
    assert len(together) == 3
    assert "torch.use_deterministic_algorithms" in together[0]
    assert together[0].endswith("|True")


def test_what_cannot_be_measured_is_said(cli: Cli, folder: Path) -> None:
    (folder / "train.py").write_text("print('no enforce here')")
    result = cli.process("cost", "--", sys.executable, "train.py", cwd=folder)
    assert (result.status, result.out) == (2, "")
    assert result.err == (
        "error: the command called no enforce() that sets a switch, so there is nothing to measure\n\n"
        "hint: call envguard.enforce() in the script, at another level than cross-hardware\n"
    )
    result = cli.process("cost", "--", sys.executable, "-c", "raise SystemExit('it fails')", cwd=folder)
    assert result.err == (
        "error: the command ended with status 1 with all switches\n\n"
        "hint: run it by itself; the last that it said is:\nit fails\n"
    )
    assert "'nothing' cannot be run: no such file" in cli.process("cost", "--", "nothing", cwd=folder).err
    slow = cli.process("cost", "--timeout", "0.2", "--", "sleep", "60", cwd=folder)
    assert slow.err == "error: a run took longer than 0.2 seconds\n\nhint: make it shorter, or give --timeout\n"
