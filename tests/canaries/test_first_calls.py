"""The first calls of MKL's vector functions: each is made, on one number, and no process computes otherwise afterwards."""

from __future__ import annotations

import json

import pytest

from envguard.canaries import first_calls
from tests.canaries.programs import python

pytestmark = pytest.mark.torch

# Each child is a process that has computed nothing, with a team of threads that has just been busy when the first call comes:
# without what is tested here, one to seven of a hundred computed the share of a thread otherwise, with torch 2.13 and two threads.
STORM = """
import os, threading
import torch
from envguard.canaries import first_calls
from envguard.canaries.numbers import numbers

given = numbers()

def once(told):
    first_calls.make(torch)
    values = torch.frombuffer(given, dtype=torch.float32)
    values[:9760].reshape(61, 160) @ values[:10720].reshape(160, 67)
    line = values[:40001].clone()
    below = line - line.max()
    first, second = below.exp(), below.exp()
    told.append(bool(torch.equal(first, second)))

odd = 0
for _ in range(200):
    if (child := os.fork()) == 0:
        told = []
        thread = threading.Thread(target=once, args=(told,))
        thread.start()
        thread.join()
        os._exit(0 if told == [True] else 1)
    odd += os.waitpid(child, 0)[1] != 0
print(odd)
"""


@pytest.mark.slow
def test_no_process_computes_its_first_exponential_otherwise() -> None:
    assert python(STORM).strip() == "0"


def test_each_function_is_called_on_one_number_of_either_precision() -> None:
    code = """
import json
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from envguard.canaries import first_calls

class Seen(TorchDispatchMode):
    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if isinstance(args[0], torch.Tensor):
            called.append((function.__name__.partition(".")[0], str(args[0].dtype), args[0].numel(), args[0].device.type))
        return function(*args, **(kwargs or {}))

called = []
before = torch.get_rng_state()
with Seen():
    count = first_calls.make(torch)
assert torch.equal(before, torch.get_rng_state())
print(json.dumps([count, called]))
"""
    count, called = json.loads(python(code))
    assert count == len(first_calls.FUNCTIONS)
    assert called == [
        [name, kind, 1, "cpu"] for kind in ("torch.float32", "torch.float64") for name in first_calls.FUNCTIONS
    ]


def test_what_has_no_mkl_or_does_not_tell_needs_none() -> None:
    class Nothing: ...

    assert first_calls.has_mkl(Nothing()) is False
