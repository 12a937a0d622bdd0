"""The canaries on a GPU, without one: PyTorch with a stand-in for CUDA that computes on the CPU.

What a real GPU gives is tested by ``test_gpu.py``. Here it is what is asked of CUDA, under which settings, and what becomes of it.
"""

from __future__ import annotations

import json

import pytest

from tests.canaries.programs import python
from tests.canaries.test_torch import STATE, skip_without

pytestmark = pytest.mark.torch

STAND_IN = """
import os, random, types
import numpy, torch
import torch.utils._device  # it names the type that is replaced below

class Gpu:
    type, index = "cuda", 0

seen = set()

def precision():
    if hasattr(torch._C, "_get_fp32_precision_getter"):
        return torch._C._get_fp32_precision_getter("cuda", "matmul")
    return "tf32" if torch._C._get_cublas_allow_tf32() else "ieee"  # before torch 2.9

def on_cpu(real):
    def call(*arguments, **more):
        if isinstance(more.get("device"), Gpu):
            seen.add((torch.get_deterministic_debug_mode(), torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark,
                      precision()))
            more["device"] = "cpu"
        arguments = ["cpu" if isinstance(given, Gpu) else given for given in arguments]
        return real(*arguments, **more)
    return call

for name in ("rand", "randn", "randperm", "randint", "empty", "eye", "Generator"):
    setattr(torch, name, on_cpu(getattr(torch, name)))
torch.Tensor.to = on_cpu(torch.Tensor.to)
real_device = torch.device
torch.device = lambda kind, index=None: Gpu() if kind == "cuda" else real_device(kind)
torch.cuda.current_device = lambda: 0
torch.cuda.is_initialized = lambda: True
torch.cuda.get_device_properties = lambda _: types.SimpleNamespace(
    name="NVIDIA Stand-In", major=9, minor=0, multi_processor_count=132
)
torch.backends.cudnn.version = lambda: 91002
torch.version.cuda = "13.0"
"""
RUN = "from envguard.canaries.live import live\ntext = live(only='torch').text()\n"


@pytest.fixture(scope="module")
def plain() -> dict[str, dict[str, str]]:
    told: dict[str, dict[str, str]] = json.loads(python(f"{STAND_IN}\n{RUN}\nprint(text)"))
    return told


def test_they_are_run_beside_those_on_the_cpu_with_what_the_gpu_is(plain: dict[str, dict[str, str]]) -> None:
    gpu = {key: value for key, value in plain["digests"].items() if key.startswith("torch.cuda.")}
    assert {key.split(".")[2] for key in gpu} == {
        "matmul", "convolution", "softmax", "reduction", "norm", "exp", "attention", "linalg", "random",
    }  # fmt: skip
    assert {key.split(".")[3] for key in gpu} == {"float32", "float64", "bfloat16", "float16", "generator"}
    assert all(value.startswith("blake2b:") or value == "none" for value in gpu.values()), gpu
    assert any(key.startswith("torch.cpu.") for key in plain["digests"])
    told = {key: value for key, value in plain["conditions"].items() if key.startswith("torch.cuda.")}
    assert told == {
        "torch.cuda.gpu": "NVIDIA Stand-In",
        "torch.cuda.capability": "9.0",
        "torch.cuda.multiprocessors": "132",
        "torch.cuda.runtime": "13.0",
        "torch.cuda.cudnn": "91002",
        "torch.cuda.convolution": "tf32",
    }
    assert plain["left-out"] == {"numpy": "it is not imported"}


@pytest.mark.parametrize(
    "setting",
    [
        "torch.set_deterministic_debug_mode(1); torch.backends.cudnn.benchmark = True",
        "torch.set_float32_matmul_precision('medium')",
        "torch.backends.cuda.matmul.fp32_precision = 'tf32'",
        "torch.backends.fp32_precision = 'tf32'",
        "torch.backends.cuda.enable_flash_sdp(False); torch.backends.cuda.enable_mem_efficient_sdp(False)",
    ],
)
def test_settings_of_cuda_are_known_while_they_run_and_then_what_they_were(
    plain: dict[str, dict[str, str]], setting: str
) -> None:
    skip_without(setting)
    code = f"""
{STAND_IN}
{STATE}
{setting}
before = state()
{RUN}
different = [(was, now) for was, now in zip(before, state()) if was != now]
assert not different, different
assert {{(mode, fixed, timed) for mode, fixed, timed, _ in seen}} == {{(2, True, False)}}, seen
assert {{precision for *_, precision in seen}} <= {{"none", "ieee"}}, seen
print(text)
"""
    told = json.loads(python(code))
    assert told["digests"] == plain["digests"]


def test_where_cuda_is_not_initialised_it_is_not_asked() -> None:
    code = f"""
{STAND_IN}
def never(*_):
    raise AssertionError("CUDA was asked")
torch.cuda.is_initialized = lambda: False
torch.cuda.current_device = torch.cuda.get_device_properties = torch.cuda.is_available = torch.cuda.init = never
{RUN}
print(text)
"""
    told = json.loads(python(code))
    assert not [key for key in told["digests"] if key.startswith("torch.cuda")]
    assert told["left-out"] == {"numpy": "it is not imported", "torch.cuda": "CUDA is not initialised"}


def test_a_gpu_that_fails_is_unknown_and_the_cpu_is_not() -> None:
    code = f"""
{STAND_IN}
def fail(_):
    raise RuntimeError("CUDA error: unspecified launch failure\\nmore")
torch.cuda.get_device_properties = fail
{RUN}
print(text)
"""
    told = json.loads(python(code))["digests"]
    assert told["torch"] == "unknown: RuntimeError: CUDA error: unspecified launch failure"
    assert not [key for key in told if key.startswith("torch.cuda")]
    assert told["torch.cpu.exp.float32"].startswith("blake2b:")


def test_one_kernel_that_is_missing_leaves_the_others() -> None:
    code = f"""
{STAND_IN}
real = torch.nn.functional.scaled_dot_product_attention
def none(*_, **__):
    raise RuntimeError('"attention" not implemented for this GPU')
torch.nn.functional.scaled_dot_product_attention = none
{RUN}
print(text)
"""
    told = json.loads(python(code))["digests"]
    assert told["torch.cuda.attention.float32"] == "none"
    assert told["torch.cuda.matmul.float32"].startswith("blake2b:")


def test_a_gpu_that_hangs_is_left_behind() -> None:
    code = f"""
{STAND_IN}
import threading
from envguard.canaries import running
running.SECONDS = 5.0
torch.cuda.get_device_properties = lambda _: threading.Event().wait()
{RUN}
print(text)
"""
    told = json.loads(python(code))
    assert told["digests"] == {"torch": "unknown: they did not end within 5 seconds"}
