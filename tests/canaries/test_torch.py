"""PyTorch's canaries, in processes of their own: repeatable, without a trace, and changed by what changes PyTorch."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.canaries.programs import changed, python, said

pytestmark = pytest.mark.torch

FAMILIES = {"matmul", "convolution", "softmax", "reduction", "norm", "exp", "attention", "linalg", "random"}
SAY = "from envguard.canaries.live import live\ntext = live(only='torch').text()\n"


@pytest.fixture(scope="module")
def plain() -> dict[str, dict[str, str]]:
    return said("torch, numpy")


def of_torch(told: dict[str, dict[str, str]]) -> dict[str, str]:
    return {key: value for key, value in told["digests"].items() if key.startswith("torch.")}


def test_each_family_is_there_and_known(plain: dict[str, dict[str, str]]) -> None:
    digests = of_torch(plain)
    assert {key.split(".")[2] for key in digests} == FAMILIES
    assert {key.split(".")[3] for key in digests} == {"float32", "float64", "bfloat16", "generator"}
    assert all(value.startswith("blake2b:") for value in digests.values()), digests
    assert len(set(digests.values())) == len(digests)
    assert plain["left-out"] == {"torch.cuda": "CUDA is not initialised"}
    assert set(plain["conditions"]) >= {"torch.version", "torch.threads", "torch.capability"}


def test_the_same_process_and_others_say_the_same_again(plain: dict[str, dict[str, str]]) -> None:
    code = """
import torch
from envguard.canaries.live import live
kept, said = [], set()
for number in range(10):
    kept.append(torch.zeros(1 + 7 * number, dtype=torch.uint8))
    said.add(live(only="torch").text())
print(len(said), said.pop())
"""
    for _ in range(3):
        count, _, text = python(code).partition(" ")
        assert (count, json.loads(text)["digests"]) == ("1", of_torch(plain))


COUNTING = """
#define _GNU_SOURCE
#include <dlfcn.h>
static int regions;
int counted(void) { return regions; }
void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags) {
    static void (*real)(void (*)(void *), void *, unsigned, unsigned);
    if (real == 0) real = (void (*)(void (*)(void *), void *, unsigned, unsigned))dlsym(RTLD_NEXT, "GOMP_parallel");
    regions++;
    real(body, data, threads, flags);
}
"""


@pytest.mark.skipif("__import__('platform').system() != 'Linux'", reason="elsewhere it is another OpenMP")
def test_few_of_them_wait_for_threads(tmp_path: Path) -> None:
    """Each time that threads share a computation, all wait for the last; on a busy machine that is milliseconds. It was 110 times."""
    source, library = tmp_path / "counting.c", tmp_path / "counting.so"
    source.write_text(COUNTING)
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", source, "-o", library, "-ldl"], check=True)
    code = f"import ctypes, torch\n{SAY}print(ctypes.CDLL({str(library)!r}).counted())"
    counted = int(python(code, OMP_NUM_THREADS="2", LD_PRELOAD=str(library)))
    assert 10 <= counted <= 25


STATE = """
def state():
    core = torch._C
    if hasattr(core, "_get_fp32_precision_getter"):
        precision = {
            (backend, kind): core._get_fp32_precision_getter(backend, kind)
            for backend in ("generic", "mkldnn", "cuda") for kind in ("all", "matmul", "conv", "rnn")
            if (backend, kind) not in [("generic", kind) for kind in ("matmul", "conv", "rnn")]
        }
    else:  # before torch 2.9
        precision = [core._get_cublas_allow_tf32(), core._get_cudnn_allow_tf32(), core._get_onednn_allow_tf32()]
    try:
        word = torch.get_float32_matmul_precision()
    except RuntimeError as error:
        word = type(error).__name__
    return (
        random.getstate(), str(numpy.random.get_state()), bytes(torch.get_rng_state().tolist()), torch.initial_seed(),
        torch.get_deterministic_debug_mode(), torch.utils.deterministic.fill_uninitialized_memory,
        torch.get_default_dtype(), torch.get_default_device(), torch.get_num_threads(), torch.get_num_interop_threads(),
        torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.is_autocast_enabled("cpu"),
        torch.backends.mkldnn.enabled, torch.backends.mkldnn.deterministic,
        torch.backends.cudnn.enabled, torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic,
        torch.backends.cuda.flash_sdp_enabled(), torch.backends.cuda.math_sdp_enabled(),
        torch.backends.cuda.mem_efficient_sdp_enabled(), precision, word, torch.cuda.is_initialized(),
        dict(os.environ), numpy.geterr(),
    )
"""
ODD = {
    "deterministic algorithms": "torch.use_deterministic_algorithms(True)",
    "deterministic, only warned": "torch.use_deterministic_algorithms(True, warn_only=True)",
    "float64 by default": "torch.set_default_dtype(torch.float64)",
    "a default device": "torch.set_default_device('meta')",
    "no gradients": "torch.set_grad_enabled(False)",
    "inference mode": "mode = torch.inference_mode(); mode.__enter__()",
    "autocast": "mode = torch.autocast('cpu', dtype=torch.bfloat16); mode.__enter__()",
    "no oneDNN": "torch.backends.mkldnn.enabled = False",
    "deterministic oneDNN": "torch.backends.mkldnn.deterministic = True",
    "medium precision": "torch.set_float32_matmul_precision('medium')",
    "high precision": "torch.set_float32_matmul_precision('high')",
    "bfloat16 products of oneDNN": "torch.backends.mkldnn.matmul.fp32_precision = 'bf16'",
    "tf32 wherever possible": "torch.backends.fp32_precision = 'tf32'",
    "bfloat16 where oneDNN follows all": (
        "torch._C._set_fp32_precision_setter('mkldnn', 'all', 'bf16'); torch.backends.fp32_precision = 'tf32'"
    ),
    "no fused attention": "torch.backends.cuda.enable_flash_sdp(False)",
    "cuDNN as it comes": "torch.backends.cudnn.benchmark = True",
    "fake tensors": (
        "from torch._subclasses.fake_tensor import FakeTensorMode; mode = FakeTensorMode(); mode.__enter__()"
    ),
    "denormals as zero": "torch.set_flush_denormal(True)",
    "warnings as errors": "import warnings; warnings.simplefilter('error')",
}


def skip_without(setting: str) -> None:
    """Skip where this release of torch does not have what *setting* sets."""
    import torch

    if "fp32_precision" in setting and not hasattr(torch._C, "_get_fp32_precision_getter"):
        pytest.skip("this release of torch has no such setting")


@pytest.mark.parametrize("setting", [pytest.param(code, id=name) for name, code in ODD.items()])
def test_they_leave_everything_as_it_was_and_do_not_depend_on_it(
    plain: dict[str, dict[str, str]], setting: str
) -> None:
    skip_without(setting)
    code = f"""
import os, random
import numpy, torch
random.seed(3); numpy.random.seed(3); torch.manual_seed(3)
{STATE}
{setting}
drawn = torch.rand(5, device="cpu")
before = state()
{SAY}
after = state()
different = [(was, now) for was, now in zip(before, after) if was != now]
assert not different, different
print(text)
"""
    assert of_torch(json.loads(python(code))) == of_torch(plain)


def test_what_a_process_set_for_its_threads_counts(plain: dict[str, dict[str, str]]) -> None:
    code = f"import torch\ntorch.set_num_threads(1)\n{SAY}assert torch.get_num_threads() == 1\nprint(text)"
    one = json.loads(python(code))
    assert one["conditions"]["torch.threads"] == "1"
    started_so = said("torch, numpy", OMP_NUM_THREADS="1")
    assert of_torch(one) == of_torch(started_so)
    if plain["conditions"]["torch.threads"] != "1":
        assert of_torch(one) != of_torch(plain)


def test_numbers_of_threads_change_long_sums(plain: dict[str, dict[str, str]]) -> None:
    told = said("torch, numpy", OMP_NUM_THREADS="1")
    assert told["conditions"]["torch.threads"] == "1"
    if plain["conditions"]["torch.threads"] == "1":
        assert changed(plain, told) == set()
        return
    assert {"torch reduction", "torch norm"} <= changed(plain, told)
    # The other types are computed in sizes that no threads share.
    shared = {key for key, value in of_torch(plain).items() if told["digests"][key] != value}
    assert {key.split(".")[3] for key in shared} == {"float32"}
    assert not {"torch exp", "torch attention", "torch linalg", "torch random"} & changed(plain, told)


@pytest.mark.parametrize("wanted", ["avx2", "default"])
def test_atens_capability_changes_what_it_vectorises(plain: dict[str, dict[str, str]], wanted: str) -> None:
    order = ["DEFAULT", "AVX2", "AVX512"]
    has, capped = plain["conditions"]["torch.capability"], wanted.upper()
    told = said("torch, numpy", ATEN_CPU_CAPABILITY=wanted)
    if has not in order or order.index(has) <= order.index(capped):
        # This processor has no more than that to begin with (or is none of x86-64's), and nothing changes.
        assert changed(plain, told) == set()
        return
    # torch 2.8 has another word for it.
    assert told["conditions"]["torch.capability"].replace("NO AVX", "DEFAULT") == capped
    assert {"torch softmax", "torch attention"} <= changed(plain, told)
    if wanted == "default":
        assert {"torch norm", "torch random"} <= changed(plain, told)
    # What MKL and oneDNN compute does not ask ATen, and NumPy has never heard of it.
    assert not {"torch matmul", "torch linalg", "numpy exp", "numpy matmul"} & changed(plain, told)


def features() -> frozenset[str]:
    from envguard._native import instruction_sets

    found = instruction_sets()
    assert found is not None
    return found[0]


def test_onednns_instruction_sets_change_convolutions(plain: dict[str, dict[str, str]]) -> None:
    told = said("torch, numpy", ONEDNN_MAX_CPU_ISA="SSE41")
    if "avx" not in features():
        # There is nothing that it could be kept from.
        assert changed(plain, told) == set()
        return
    assert "torch convolution" in changed(plain, told)
    assert not {"torch softmax", "torch linalg", "torch random", "numpy exp"} & changed(plain, told)


def test_mkls_reproducibility_changes_products_and_what_is_made_of_them(plain: dict[str, dict[str, str]]) -> None:
    code = "import torch; print(torch.backends.mkl.is_available())"
    told = said("torch, numpy", MKL_CBWR="COMPATIBLE")
    if python(code) == "False\n" or "avx" not in features():
        # There is no MKL in this build, or only one code path for this processor.
        assert changed(plain, told) == set()
        return
    assert {"torch matmul", "torch exp", "torch attention", "torch linalg"} <= changed(plain, told)
    assert not {"torch softmax", "torch reduction", "torch random", "numpy matmul"} & changed(plain, told)


@pytest.mark.skipif("not hasattr(__import__('os'), 'fork')", reason="this system has no fork")
def test_a_fork_is_as_safe_afterwards_as_it_was_before() -> None:
    """A team of OpenMP that the canaries left behind would let the sum of the child wait for threads that it has not got."""
    code = """
import os, signal
import numpy, torch
from envguard.canaries.live import live
live()
child = os.fork()
if child == 0:
    signal.alarm(240)
    total = torch.ones(400_000).sum().item()
    again = live(only="torch").digests
    os._exit(0 if total == 400_000 and all(value.startswith("blake2b:") for value in again.values()) else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert python(code) == "0\n"


def test_neither_autograds_engine_nor_what_it_imports_is_touched() -> None:
    code = f"""
import sys
import numpy.random, torch
before = set(sys.modules)
{SAY}
new = {{name.partition(".")[0] for name in set(sys.modules) - before}} - {{"envguard"}}
print(sorted(new & {{"sympy", "triton", "networkx", "scipy"}}), torch.cuda.is_initialized())
"""
    assert python(code) == "[] False\n"
