"""A switch that is to be left out must be one: a name that means nothing would leave nothing out, and say nothing."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from envguard.determinism import frameworks, leaving, torch_knobs
from envguard.determinism.start import LEAVE_VARIABLE, left_out
from envguard.errors import RefusedError
from tests.determinism.processes import told
from tests.guarded import Project

if TYPE_CHECKING:
    from pathlib import Path

BENCHMARK = "torch.backends.cudnn.benchmark"
WHY = "why: nothing would be left out, and the switch that was meant would be set"


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LEAVE_VARIABLE, raising=False)


@pytest.mark.parametrize("name", leaving.NAMES)
def test_every_switch_that_is_set_can_be_left_out_by_either_way(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert left_out([name]) == {name}
    monkeypatch.setenv(LEAVE_VARIABLE, f" {name} , ")
    assert left_out(()) == {name}


def test_a_typo_is_refused_with_what_may_have_been_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    told = "torch.backends.cudnn.benchmrak"
    with pytest.raises(RefusedError) as caught:
        left_out([BENCHMARK, told])
    hint = f"hint: did you mean '{BENCHMARK}' or 'torch.backends.cudnn.deterministic'?"
    assert str(caught.value) == f"leave names '{told}', which is no switch that enforce() sets\n{WHY}\n{hint}"
    monkeypatch.setenv(LEAVE_VARIABLE, told)
    with pytest.raises(RefusedError) as caught:
        left_out(())
    assert str(caught.value) == f"ENVGUARD_LEAVE names '{told}', which is no switch that enforce() sets\n{WHY}\n{hint}"


@pytest.mark.parametrize("name", ["nonsense", "", 7, "OMP_NUM_THREADS"])
def test_what_resembles_nothing_is_refused_with_all_that_there_is(name: object) -> None:
    with pytest.raises(RefusedError) as caught:
        left_out([name])  # type: ignore[list-item]
    assert str(caught.value) == (
        f"leave names {name!r}, which is no switch that enforce() sets\n{WHY}\n"
        f"hint: what can be left out is {', '.join(leaving.NAMES)}"
    )


def test_one_text_is_not_a_list_of_its_letters() -> None:
    with pytest.raises(RefusedError) as caught:
        left_out(BENCHMARK)
    assert str(caught.value) == (
        f"leave is the text '{BENCHMARK}', expected names in a list\n{WHY}\nhint: leave=['{BENCHMARK}']"
    )


def test_what_tensorflow_and_the_variables_of_kernels_are_called_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = SimpleNamespace(is_op_determinism_enabled=bool)
    monkeypatch.setitem(sys.modules, "tensorflow.python.framework.config", inner)
    asked = SimpleNamespace(get_intra_op_parallelism_threads=int, get_inter_op_parallelism_threads=int)
    config = SimpleNamespace(threading=asked, experimental=SimpleNamespace(tensor_float_32_execution_enabled=bool))
    module = SimpleNamespace(__name__="tensorflow", config=config)
    assert {knob.name for knob in frameworks.knobs(module) if knob.write is not None} <= set(leaving.NAMES)
    assert set(frameworks.VARIABLES) <= set(leaving.NAMES)


@pytest.mark.torch
def test_whatever_is_set_in_the_real_torch_can_be_left_out() -> None:
    pytest.importorskip("torch")
    code = """
import torch, torch._inductor.config
from envguard.determinism.torch_knobs import inductor_knobs, torch_knobs
knobs = torch_knobs(torch, audit=True) + inductor_knobs()
print(*(knob.name for knob in knobs if knob.write is not None or knob.value() == "no such switch in this release of torch"))
"""
    names = set(told(code).split())
    # A build without a GPU has no tuning to turn off, and torch 2.8 no such switch of the compiler.
    younger = {"torch.cuda.tunable.tuning", "torch._inductor.config.deterministic"}
    assert names | younger == set(torch_knobs.SET)


def test_enforce_refuses_before_anything_is_checked(folder: Path) -> None:
    project = Project(folder)
    done = project.train("envguard.enforce(seed=42, leave=['cudnn.benchmark'])")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[0].endswith("leave names 'cudnn.benchmark', which is no switch that enforce() sets")
    assert "Traceback" not in done.stderr
