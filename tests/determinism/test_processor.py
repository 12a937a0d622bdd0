"""Over how many threads the pools of this process sum, and whether it keeps denormal numbers: read, and seen to change."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from envguard.determinism import processor
from tests.determinism.processes import python, told

LOOK = """
from envguard.determinism.processor import knobs
def look(): return {knob.name: knob.value() for knob in knobs()}
"""


def test_before_a_library_that_computes_is_there_no_pool_is_looked_for() -> None:
    assert told(LOOK + "print(look())") == "{'cpu.denormals': 'kept'}"


def test_a_pool_is_asked_itself_whoever_limits_it() -> None:
    limit = """
import numpy
from envguard.probes import live
(limit,) = live.openblas("openblas_set_num_threads")
before = look()
limit(1)
after = look()
print([name.partition("-")[0] for name in before if before[name] != after[name]], [after[name] for name in after if before[name] != after[name]])
"""
    assert told(LOOK + limit, OPENBLAS_NUM_THREADS="2") == "['threads.libscipy_openblas64_'] [1]"


def test_a_pool_of_numba_is_read_and_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("envguard.probes.live.loaded", lambda: "")
    monkeypatch.setitem(sys.modules, "numba", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "numba.core.config", SimpleNamespace(NUMBA_NUM_THREADS=8))
    parallel = SimpleNamespace(_is_initialized=False, get_num_threads=lambda: 3)
    monkeypatch.setitem(sys.modules, "numba.np.ufunc.parallel", parallel)
    assert {knob.name: knob.value() for knob in processor.knobs()}["threads.numba"] == 8
    parallel._is_initialized = True
    assert {knob.name: knob.value() for knob in processor.knobs()}["threads.numba"] == 3


def test_ranks_do_not_differ_by_a_library_that_one_of_them_has_loaded() -> None:
    code = """
import numpy
from envguard.determinism.switches import Switches
switches = Switches()
switches.set(frozenset(), level="run-to-run")
print([name.partition("-")[0] for name in switches.state.keys() - switches.shared().keys()], "cpu.denormals" in switches.shared())
"""
    assert told(code) == "['threads.libscipy_openblas64_'] True"


@pytest.mark.torch
def test_who_has_denormals_flushed_is_seen() -> None:
    flush = (
        "import torch\nprint(look()['cpu.denormals'])\ntorch.set_flush_denormal(True)\nprint(look()['cpu.denormals'])"
    )
    done = python("-c", LOOK + flush)
    if done.returncode == 0 and done.stdout == "kept\nkept\n":
        pytest.skip("this processor cannot flush denormals")
    assert (done.stdout, done.stderr) == ("kept\nflushed to zero\n", "")
