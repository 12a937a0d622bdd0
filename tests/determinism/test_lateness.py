"""What was changed after it had been read is found by evidence, and what came in time is left in peace."""

from __future__ import annotations

import os

import pytest

from tests.determinism.processes import python, told

LOOK = """
import sys; sys.orig_argv = ["python", "train.py"]
from envguard.determinism.switches import Switches
from envguard.errors import RefusedError
switches = Switches(level="host-to-host", seed=7)
late = switches.look()
try:
    switches.refuse_late(late)
except RefusedError as error:
    print(error)
for name, switch in switches.state.items():
    print(name, "|", switch.wanted, "|", switch.found, "|", switch.evidence)
"""
RANDOM = "PYTHONHASHSEED | a fixed number | random in this process | PYTHONHASHSEED is not set"


def test_nothing_is_late_where_nothing_was_changed() -> None:
    assert told(LOOK) == RANDOM
    assert told(LOOK, PYTHONHASHSEED="17", OMP_NUM_THREADS="1") == (
        "PYTHONHASHSEED | 17 | 17 | a known text has the hash of this seed\n"
        "OMP_NUM_THREADS | any | 1 | as the process was started with it"
    )


def test_a_hash_seed_that_the_script_sets_is_too_late() -> None:
    assert told("import os; os.environ['PYTHONHASHSEED'] = '17'\n" + LOOK) == (
        "PYTHONHASHSEED is 17 too late: a known text has not the hash of that seed\n"
        "why: the order of sets of text follows it, and is random now\n"
        "hint: PYTHONHASHSEED=17 envguard run --seed 7 --level host-to-host -- python train.py\n"
        "PYTHONHASHSEED | a fixed number | random in this process | "
        "PYTHONHASHSEED is 17, and a known text has not the hash of that seed"
    )


def test_another_seed_than_the_one_in_force_is_too_late_and_the_same_one_is_none() -> None:
    change = "import os; os.environ['PYTHONHASHSEED'] = '{}'\n"
    assert told(change.format(1) + LOOK, PYTHONHASHSEED="0").startswith("PYTHONHASHSEED is 1 too late")
    assert told(change.format(0) + LOOK, PYTHONHASHSEED="0").startswith("PYTHONHASHSEED | 0 | 0 |")


@pytest.mark.parametrize("seed", ["random", ""])
def test_a_seed_that_fixes_nothing_is_told_as_it_is(seed: str) -> None:
    assert told(LOOK, PYTHONHASHSEED=seed) == (
        f"PYTHONHASHSEED | a fixed number | random in this process | PYTHONHASHSEED is '{seed}'"
    )


def test_a_seed_that_python_was_told_to_ignore_is_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.determinism.processes import ROOT

    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{LOOK}"
    done = python("-E", "-c", code, PYTHONHASHSEED="17")
    assert done.stdout.startswith(
        "PYTHONHASHSEED is 17, and Python ignores it: it was started with -E or -I\n"
        "why: the order of sets of text follows it, and is random now\n"
        "hint: start Python without -E and -I\n"
    )


@pytest.mark.parametrize(
    "setting",
    [
        "os.environ['OPENBLAS_NUM_THREADS'] = '1'",
        "os.environ['OPENBLAS_CORETYPE'] = 'Nehalem'",
        "os.environ['OMP_NUM_THREADS'] = '1'",
    ],
)
def test_openblas_is_asked_what_it_took(setting: str) -> None:
    name = setting.split("'")[1]
    value = setting.split("'")[3]
    before = told(f"import os; {setting}; import numpy\n{LOOK}")
    assert before.splitlines()[1:] == [
        f"{name} | any | {value} | it was not set when the process was started, and OpenBLAS itself says {value.lower()}"
    ]
    after = told(f"import os, numpy; {setting}\n{LOOK}").splitlines()
    assert after[0].startswith(
        f"{name} is '{value}', which is not in force: it was not set when the process was started, and OpenBLAS itself says "
    )
    assert after[2] == f"hint: {name}={value} envguard run --seed 7 --level host-to-host -- python train.py"
    assert f"| {value}, too late |" in after[4]


def test_openblas_that_has_a_number_of_its_own_does_not_read_that_of_openmp() -> None:
    found = told(
        f"import os, numpy; os.environ['OMP_NUM_THREADS'] = '1'\n{LOOK}", OPENBLAS_NUM_THREADS="2"
    ).splitlines()
    assert (
        "OMP_NUM_THREADS | any | 1 | it was not set when the process was started, and an OpenMP library was not there yet "
        "when enforce() looked"
    ) in found


def test_numpy_is_asked_which_features_it_does_without() -> None:
    features = "import numpy; core = numpy._core._multiarray_umath\nprint(*(f for f in core.__cpu_dispatch__ if core.__cpu_features__[f]))"
    found = told(features).split()
    if not found:
        assert told(f"import os, numpy; os.environ['NPY_DISABLE_CPU_FEATURES'] = 'X'\n{LOOK}").startswith("NPY_DISABLE")
        return
    late = told(f"import os, numpy; os.environ['NPY_DISABLE_CPU_FEATURES'] = '{found[-1]}'\n{LOOK}")
    assert late.startswith(
        f"NPY_DISABLE_CPU_FEATURES is '{found[-1]}', which is not in force: it was not set when the process was started, "
        "and numpy.__cpu_features__ says none of it\n"
    )
    early = told(f"import os; os.environ['NPY_DISABLE_CPU_FEATURES'] = '{found[-1]}'; import numpy\n{LOOK}")
    assert early.splitlines()[1].endswith(f"and numpy.__cpu_features__ says {found[-1]}")


def test_a_variable_of_a_library_that_is_not_there_yet_is_in_time() -> None:
    assert told(f"import os; os.environ['MKL_CBWR'] = 'AVX2'\n{LOOK}") == (
        f"{RANDOM}\n"
        "MKL_CBWR | any | AVX2 | it was not set when the process was started, and MKL was not there yet when enforce() looked"
    )


def test_one_that_was_taken_away_is_a_change_as_well() -> None:
    late = told(f"import os, numpy; del os.environ['OPENBLAS_CORETYPE']\n{LOOK}", OPENBLAS_CORETYPE="Nehalem")
    assert late.splitlines()[:3] == [
        "OPENBLAS_CORETYPE is not set, perhaps too late: it was 'Nehalem' when the process was started, and OpenBLAS is there since",
        "why: kernels are chosen by it, and other kernels give other bits",
        "hint: env -u OPENBLAS_CORETYPE envguard run --seed 7 --level host-to-host -- python train.py",
    ]


def test_jax_is_asked_what_it_took() -> None:
    jax = (
        "import types; sys.modules['jax'] = types.SimpleNamespace(config=types.SimpleNamespace(jax_enable_x64=True))\n"
    )
    set_to = "import os, sys; os.environ['JAX_ENABLE_X64'] = '{}'\n"
    assert told(set_to.format("1") + jax + LOOK).splitlines()[1:] == [
        "JAX_ENABLE_X64 | any | 1 | it was not set when the process was started, and jax.config.jax_enable_x64 says True"
    ]
    assert told(set_to.format("0") + jax + LOOK).startswith(
        "JAX_ENABLE_X64 is '0', which is not in force: it was not set when the process was started, "
        "and jax.config.jax_enable_x64 says True\n"
    )


TORCH = "import os, torch\n"


@pytest.mark.torch
@pytest.mark.parametrize(("first", "late"), [("os.environ['OMP_NUM_THREADS'] = '1'", False), ("omp()", True)])
def test_openmp_is_asked_where_torch_is_not_loaded(first: str, late: bool) -> None:
    pytest.importorskip("torch")
    omp = """
import ctypes, glob, importlib.util, os
def omp():
    folder = os.path.dirname(importlib.util.find_spec("torch").origin)
    ctypes.CDLL(glob.glob(folder + "/lib/libgomp*")[0]).omp_get_max_threads()
"""
    seen = told(f"{omp}{first}\nomp()\nos.environ['OMP_NUM_THREADS'] = '1'\n{LOOK}")
    assert seen.startswith("OMP_NUM_THREADS is '1', which is not in force") or not late or os.cpu_count() == 1
    assert late or seen.splitlines()[1].endswith("and OpenMP itself says 1")


@pytest.mark.torch
@pytest.mark.parametrize(
    ("used", "name", "value", "says"),
    [
        ("", "OMP_NUM_THREADS", "1", "torch.get_num_threads() says "),
        ("torch.ones(2, 2) @ torch.ones(2, 2)", "MKL_CBWR", "COMPATIBLE", "MKL itself says OFF"),
        (
            "torch.ones(64).softmax(0)",
            "ATEN_CPU_CAPABILITY",
            "default",
            "torch.backends.cpu.get_cpu_capability() says avx",
        ),
        ("", "ONEDNN_MAX_CPU_ISA", "SSE41", "torch is there since"),
    ],
)
def test_what_torch_has_read_is_too_late(used: str, name: str, value: str, says: str) -> None:
    pytest.importorskip("torch")
    late = told(f"{TORCH}torch.set_num_threads(2)\n{used}\nos.environ[{name!r}] = {value!r}\n{LOOK}").splitlines()
    assert late[0].startswith(f"{name} is '{value}'")
    assert f"it was not set when the process was started, and {says}" in late[0]
    assert late[2] == f"hint: {name}={value} envguard run --seed 7 --level host-to-host -- python train.py"


@pytest.mark.torch
@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("OMP_NUM_THREADS", "1", "torch.get_num_threads() says 1"),
        ("MKL_CBWR", "COMPATIBLE", "MKL itself says COMPATIBLE"),
        ("ATEN_CPU_CAPABILITY", "default", "torch.backends.cpu.get_cpu_capability() says default"),
    ],
)
def test_what_was_set_before_torch_is_proven_to_be_in_time(name: str, value: str, says: str) -> None:
    pytest.importorskip("torch")
    seen = told(f"import os\nos.environ[{name!r}] = {value!r}\nimport torch\n{LOOK}")
    assert seen == f"{RANDOM}\n{name} | any | {value} | it was not set when the process was started, and {says}"
