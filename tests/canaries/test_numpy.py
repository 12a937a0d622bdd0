"""NumPy's canaries, in processes of their own: repeatable, without a trace, and changed by what changes NumPy."""

from __future__ import annotations

import json

import pytest

from tests.canaries.programs import changed, python, said

FAMILIES = {"matmul", "convolution", "softmax", "reduction", "norm", "exp", "linalg", "random"}


@pytest.fixture(scope="module")
def plain() -> dict[str, dict[str, str]]:
    return said("numpy")


def test_each_family_is_there_and_known(plain: dict[str, dict[str, str]]) -> None:
    assert {key.split(".")[2] for key in plain["digests"]} == FAMILIES
    assert all(value.startswith("blake2b:") for value in plain["digests"].values()), plain
    assert len(set(plain["digests"].values())) == len(plain["digests"])
    assert plain["left-out"] == {"torch": "it is not imported"}
    assert plain["conditions"]["numpy.version"]


def test_the_same_process_and_others_say_the_same_again(plain: dict[str, dict[str, str]]) -> None:
    code = """
import numpy
from envguard.canaries.live import live
kept = []
said = set()
for number in range(30):
    kept.append(numpy.zeros(1 + 7 * number, dtype="u1"))  # so that what is allocated next lies elsewhere
    said.add(live().text())
print(len(said), said.pop())
"""
    for _ in range(3):
        count, _, text = python(code).partition(" ")
        assert (count, json.loads(text)) == ("1", plain)


def test_they_leave_generators_and_settings_as_they_were_and_do_not_depend_on_them(
    plain: dict[str, dict[str, str]],
) -> None:
    code = """
import random, warnings
import numpy
warnings.simplefilter("error")
numpy.seterr(all="raise")
numpy.set_printoptions(precision=2)
numpy.random.seed(7)
random.seed(7)
def state():
    return (random.getstate(), [str(part) for part in numpy.random.get_state()], numpy.geterr(), numpy.get_printoptions())
before = state()
from envguard.canaries.live import live
text = live().text()
assert repr(state()) == repr(before)
assert numpy.random.random() == numpy.random.RandomState(7).random_sample()
print(text)
"""
    assert json.loads(python(code)) == plain


def test_numpys_own_loops_show_which_vector_extensions_they_use(plain: dict[str, dict[str, str]]) -> None:
    used = plain["conditions"]["numpy.simd"].split()
    wide = [name for name in used if name in ("X86_V3", "X86_V4", "AVX2", "FMA3", "AVX512F", "AVX512_SKX")]
    told = said("numpy", NPY_DISABLE_CPU_FEATURES=" ".join(wide))
    if not wide:
        # Nothing can be taken away from a processor that has none of them, and nothing changes.
        assert changed(plain, told) == set()
        return
    assert set(told["conditions"]["numpy.simd"].split()) == set(used) - set(wide)
    assert "numpy exp" in changed(plain, told)
    assert changed(plain, told) <= {"numpy exp", "numpy softmax", "numpy reduction", "numpy norm"}


def other_kernels(blas: str) -> str | None:
    """Return kernels of OpenBLAS that every processor with those called *blas* can run, None where there are none."""
    x86 = ("SkylakeX", "Cooperlake", "Sapphirerapids", "Zen", "Haswell", "Excavator")
    return "Nehalem" if blas.removeprefix("OpenBLAS ") in x86 else None


def test_blas_shows_which_kernels_it_chose(plain: dict[str, dict[str, str]]) -> None:
    other = other_kernels(plain["conditions"].get("numpy.blas", ""))
    told = said("numpy", OPENBLAS_CORETYPE=other or "")
    if other is None:
        assert changed(plain, told) == set()
        return
    assert told["conditions"]["numpy.blas"] == f"OpenBLAS {other}"
    assert {"numpy matmul", "numpy norm", "numpy linalg"} <= changed(plain, told)
    # Its own loops are not BLAS.
    assert not {"numpy exp", "numpy softmax", "numpy reduction"} & changed(plain, told)


def test_blas_shows_how_many_threads_share_a_sum(plain: dict[str, dict[str, str]]) -> None:
    threads = plain["conditions"].get("numpy.threads", "1")
    told = said("numpy", OPENBLAS_NUM_THREADS="1")
    if threads == "1":
        assert changed(plain, told) == set()
        return
    assert told["conditions"]["numpy.threads"] == "1"
    assert "numpy norm" in changed(plain, told)


def test_a_thread_that_cannot_be_started_is_unknown() -> None:
    code = """
import threading
import numpy
def refuse(self):
    raise RuntimeError("can't start new thread")
threading.Thread.start = refuse
from envguard.canaries.live import live
print(live().digests)
"""
    assert python(code) == "{'numpy': \"unknown: no thread could be started: can't start new thread\"}\n"


def test_one_that_fails_is_unknown_and_the_others_are_not(plain: dict[str, dict[str, str]]) -> None:
    code = """
import numpy
def fail(*_):
    raise MemoryError("no more")
numpy.linalg.svd = fail
del numpy.convolve
from envguard.canaries.live import live
print(live().text())
"""
    told = json.loads(python(code))["digests"]
    failed = {key: value for key, value in told.items() if plain["digests"][key] != value}
    assert failed == {
        "numpy.cpu.linalg.float32": "unknown: MemoryError: no more",
        "numpy.cpu.linalg.float64": "unknown: MemoryError: no more",
        "numpy.cpu.random.linalg": "unknown: MemoryError: no more",
        "numpy.cpu.convolution.float32": "none",
        "numpy.cpu.convolution.float64": "none",
    }
