"""run.seal() and run.verify(): what others do to a run is found; and a block that may be non-deterministic leaves nothing behind."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from tests.determinism.processes import told

RUN = """
import os, random, sys
os.environ["ENVGUARD"] = "off"
os.environ["ENVGUARD_RUNS"] = "off"
sys.stderr = open(os.devnull, "w")
import envguard
run = envguard.enforce(seed=42, level="run-to-run")
def verify(**asked):
    try:
        return run.verify(**asked)
    except envguard.BrokenSealError as error:
        print(error)
        return error.changes
"""
HINT = "hint: find who does it, or call run.seal() after it where it is wanted; run.verify(strict=False) only tells"


def test_drawing_is_no_change_and_reseeding_is() -> None:
    code = """
random.random()
print(verify())
random.seed(7)
changes = verify()
print([(c.kind, c.name, c.certain) for c in changes])
run.seal()
print(verify())
"""
    assert told(RUN + code).splitlines() == [
        "()",
        "the generator of random was put elsewhere: it was seeded with 7",
        "  why: whatever is drawn from now on is not what the seed of the run gives",
        HINT,
        "[('generator', 'random', True)]",
        "()",
    ]


def test_a_variable_that_somebody_writes_over_is_found() -> None:
    code = """
run.seal()
os.environ["PYTHONHASHSEED"] = "1"
os.environ["OMP_NUM_THREADS"] = "3"
print([c.told for c in verify(strict=False)])
verify()
"""
    assert told(RUN + code, OMP_NUM_THREADS="2").splitlines() == [
        "[\"OMP_NUM_THREADS is '3', and was '2'\", \"PYTHONHASHSEED is '1', and was not set\"]",
        "OMP_NUM_THREADS is '3', and was '2'",
        "  why: libraries that have read it go on with the old value, those that come later and child processes with the new one",
        "PYTHONHASHSEED is '1', and was not set",
        "  why: libraries that have read it go on with the old value, those that come later and child processes with the new one",
        HINT,
    ]


def test_a_variable_that_is_set_behind_pythons_back_is_found() -> None:
    code = "import ctypes\nctypes.CDLL(None).setenv(b'NCCL_PROTO', b'LL', 1)\nprint(verify(strict=False)[0].told)"
    assert told(RUN + code) == "NCCL_PROTO is 'LL', and was not set"


def test_a_library_that_comes_later_is_told_and_fails_nothing() -> None:
    code = """
run.seal()
import numpy
changes = verify()
print({(c.kind, c.certain) for c in changes}, any("openblas" in c.name for c in changes))
numpy.random.rand()
print([c for c in verify() if c.kind != "library"])
numpy.random.seed(42)
print([c.told for c in verify(strict=False) if c.kind != "library"])
"""
    assert told(RUN + code).splitlines() == [
        "{('library', False)} True",
        "[]",
        "['the generator of numpy was put elsewhere: it was seeded with 42']",
    ]


def test_what_was_sealed_and_verified_is_in_the_receipt() -> None:
    code = """
run.seal()
run.verify()
random.seed(1)
run.verify(strict=False)
print([(e["kind"], e.get("changes")) for e in run.receipt.to_dict()["events"]])
"""
    assert told(RUN + code) == (
        "[('seal', None), ('verify', []), ('verify', ['the generator of random was put elsewhere: it was seeded with 1'])]"
    )


TORCH = RUN + "import torch\n"


@pytest.mark.torch
@pytest.mark.parametrize(
    ("act", "found"),
    [
        ("torch.backends.cudnn.benchmark = True", "torch.backends.cudnn.benchmark is True, and was False"),
        ("torch.use_deterministic_algorithms(False)", "torch.use_deterministic_algorithms is False, and was True"),
        (
            "torch.use_deterministic_algorithms(True, warn_only=True)",
            "torch.use_deterministic_algorithms is warn only, and was True",
        ),
        ("torch.set_num_threads(1)", "torch.get_num_threads is 1, and was 2"),
        (
            "torch.backends.cuda.matmul.fp32_precision = 'tf32'",
            "torch.backends.cuda.matmul.fp32_precision is tf32, and was none",
        ),
        ("torch.set_default_dtype(torch.float64)", "torch.get_default_dtype is torch.float64, and was torch.float32"),
        ("torch.manual_seed(42)", "the generator of torch.cpu was put elsewhere: torch.manual_seed(42) was called"),
        (
            "os.environ['CUBLAS_WORKSPACE_CONFIG'] = ':16:8'",
            "CUBLAS_WORKSPACE_CONFIG is ':16:8', and was ':4096:8'",
        ),
    ],
)
@pytest.mark.parametrize("sealed", ["run.seal()", "pass"], ids=["sealed", "as enforce() left it"])
def test_what_trainers_do_to_the_real_torch_is_found(act: str, found: str, sealed: str) -> None:
    torch: Any = pytest.importorskip("torch")
    if "fp32" in act and not hasattr(torch._C, "_get_fp32_precision_getter"):  # torch 2.8
        act = "torch.backends.cudnn.allow_tf32 = False"
        found = "torch.backends.cudnn.allow_tf32 is False, and was True"
    threads = "torch.set_num_threads(2)\n" if "seal()" in sealed else ""
    if "threads" in act and not threads:
        threads = "assert torch.get_num_threads() == 2\n"
    code = f"{threads}{sealed}\ntorch.rand(5)\nassert verify() == ()\n{act}\nchanges = [c.told for c in verify(strict=False)]"
    # This one imports the compiler, whose own switch, where it has one, follows it.
    asked = "hasattr(sys.modules.get('torch._inductor.config'), 'deterministic')"
    changes, has = ast.literal_eval(told(f"{TORCH}{code}\nprint((changes, {asked}))", OMP_NUM_THREADS="2"))
    more = ["torch._inductor.config.deterministic is False, and was True"] if "(False)" in act and has else []
    # And so Triton, where torch is built with it.
    assert [change for change in changes if not change.startswith("libtriton.so was loaded: ")] == [found, *more]


@pytest.mark.torch
def test_a_block_that_may_be_non_deterministic_puts_everything_back() -> None:
    cuda = pytest.importorskip("torch").version.cuda
    code = """
def now():
    return {k.name: str(k.value()) for k in run._switches.knobs() if run._switches.sets(k)}
print(now())
before = now()
with run.nondeterministic("no other kernel"):
    torch.zeros(1).put_(torch.tensor([0]), torch.zeros(1))
    print(now())
    with run.nondeterministic("within it"):
        pass
    print(torch.are_deterministic_algorithms_enabled())
assert now() == before
try:
    with run.nondeterministic("one that fails"):
        1 / 0
except ZeroDivisionError:
    pass
assert now() == before
assert verify() == ()
events = [e for e in run.receipt.to_dict()["events"] if e["kind"] == "non-deterministic block"]
print([e["reason"] for e in events], events[0]["switches"]["torch.use_deterministic_algorithms"])
try:
    run.nondeterministic(" ")
except ValueError as error:
    print(error)
"""
    on = {
        "torch.use_deterministic_algorithms": "True",
        "torch.utils.deterministic.fill_uninitialized_memory": "False",
        "torch.backends.cudnn.deterministic": "True",
        "torch.backends.cudnn.benchmark": "False",
        "torch.backends.mkldnn.deterministic": "True",
        **({"torch.cuda.tunable.tuning": "False"} if cuda else {}),
    }
    off = {
        "torch.use_deterministic_algorithms": "False",
        "torch.utils.deterministic.fill_uninitialized_memory": "True",
        "torch.backends.cudnn.deterministic": "False",
        "torch.backends.cudnn.benchmark": "False",
        "torch.backends.mkldnn.deterministic": "False",
        **({"torch.cuda.tunable.tuning": "True"} if cuda else {}),
    }
    assert told(TORCH + code).splitlines() == [
        str(on),
        str(off),
        "False",
        "['no other kernel', 'within it', 'one that fails'] False",
        "a block that may be non-deterministic needs a reason: the receipt tells it",
    ]
