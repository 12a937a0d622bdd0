"""Switches are set while that takes effect, read back, proven, and refused when it is too late."""

from __future__ import annotations

import ast
import os
import pickle  # noqa: TID251
import shutil
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from envguard.determinism.start import WORKSPACE
from envguard.determinism.switches import Switches
from envguard.determinism.torch_knobs import INDUCTOR, inductor_knobs, torch_knobs
from envguard.errors import RefusedError
from envguard.probes.variables import OURS, snapshots
from tests.determinism.processes import told


class FakeTorch:
    """A torch as far as the switches ask it; *up* says that CUDA is initialised, *heeds* that the strict mode is heeded.

    *held* is how many bytes it holds on the second of two GPUs; None where it does not tell.
    """

    def __init__(self, *, up: bool = False, heeds: bool = True, held: int | None = 0) -> None:
        def memory_stats(device: int) -> dict[str, int]:
            if held is None:
                raise RuntimeError("CUDAPluggableAllocator does not yet support getDeviceStats")
            return {"allocated_bytes.all.current": held if device else 0}

        self.mode, self.warn, self.heeds = False, False, heeds
        self.cuda = SimpleNamespace(is_initialized=lambda: up, memory_stats=memory_stats, device_count=lambda: 2)
        self.utils = SimpleNamespace(deterministic=SimpleNamespace(fill_uninitialized_memory=True))
        self.backends = SimpleNamespace(cudnn=SimpleNamespace(deterministic=False, benchmark=True, enabled=True))
        self.int64 = "int64"

    def use_deterministic_algorithms(self, on: bool, *, warn_only: bool = False) -> None:
        self.mode, self.warn = on, warn_only

    def set_deterministic_debug_mode(self, mode: str) -> None:
        self.use_deterministic_algorithms(mode != "default", warn_only=mode == "warn")

    def are_deterministic_algorithms_enabled(self) -> bool:
        return self.mode

    def is_deterministic_algorithms_warn_only_enabled(self) -> bool:
        return self.warn

    def zeros(self, *_: int, **__: Any) -> Any:
        def put_(*_: Any) -> None:
            if self.mode and not self.warn and self.heeds:
                raise RuntimeError("put_ does not have a deterministic implementation")

        return SimpleNamespace(put_=put_)


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (WORKSPACE, "NCCL_ALGO", "NCCL_NVLS_ENABLE", "FLASH_ATTENTION_DETERMINISTIC"):
        monkeypatch.setenv(name, "to be restored")
        monkeypatch.delenv(name)
    for name in list(OURS):
        monkeypatch.delitem(OURS, name)
    monkeypatch.setattr(sys, "orig_argv", ["python", "train.py", "--name", "my run"])
    monkeypatch.setattr("envguard.determinism.lateness.started_with", lambda name: None)
    # What these tests' own process computes with (test_processor).
    monkeypatch.setattr("envguard.determinism.processor.knobs", list)


def put(monkeypatch: pytest.MonkeyPatch, torch: FakeTorch) -> FakeTorch:
    monkeypatch.setitem(sys.modules, "torch", torch)
    return torch


def found(switches: Switches) -> dict[str, str]:
    return {name: switch.found for name, switch in switches.state.items()}


def test_everything_is_set_read_back_and_reported_with_the_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, FakeTorch())
    switches = Switches()
    switches.set(frozenset(), level="host-to-host")
    assert os.environ[WORKSPACE] == ":4096:8"
    assert {name: (switch.wanted, switch.found, switch.evidence) for name, switch in switches.state.items()} == {
        WORKSPACE: (":4096:8", ":4096:8", "set before CUDA is initialised"),
        "torch.use_deterministic_algorithms": (
            "True", "True", "set, and put_(), which has no deterministic form, was refused",
        ),
        "torch.utils.deterministic.fill_uninitialized_memory": ("False", "False", "set, and read back"),
        "torch.backends.cudnn.deterministic": ("True", "True", "set, and read back"),
        "torch.backends.cudnn.benchmark": ("False", "False", "set, and read back"),
        "torch.backends.cudnn.enabled": ("any", "True", "read; left to the program"),
    }  # fmt: skip
    assert all(switch.holds for switch in switches.state.values())
    assert pickle.loads(pickle.dumps(switches)).state.keys() == switches.state.keys()


def test_what_is_set_and_not_heeded_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, FakeTorch(heeds=False))
    with pytest.raises(RefusedError) as caught:
        Switches().set(frozenset(), level="run-to-run")
    assert str(caught.value) == (
        "torch.use_deterministic_algorithms was set to True, and is True, but not in force\n"
        "why: the same bits need it (RuntimeError: put_(), which has no deterministic form, was not refused)\n"
        "hint: enforce(leave=['torch.use_deterministic_algorithms']) goes on without it, and the receipt says so"
    )


def test_across_hardware_torch_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = put(monkeypatch, FakeTorch(up=True))
    switches = Switches()
    switches.set(frozenset(), level="cross-hardware")
    assert WORKSPACE not in os.environ
    assert not torch.mode
    assert switches.state["torch.backends.cudnn.benchmark"].told() == {
        "wanted": "any", "found": "True", "when": "now", "evidence": "read; left to the program",
    }  # fmt: skip


def test_precisions_of_a_torch_that_has_the_old_names_alone_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    torch: Any = put(monkeypatch, FakeTorch())
    torch._C = SimpleNamespace(
        _get_float32_matmul_precision=lambda: "highest",
        _get_cublas_allow_tf32=lambda: False,
        _get_cudnn_allow_tf32=lambda: True,
        _get_onednn_allow_tf32=lambda: None,
    )
    switches = Switches()
    switches.set(frozenset(), level="run-to-run")
    old = {
        "torch.get_float32_matmul_precision": "highest",
        "torch.backends.cuda.matmul.allow_tf32": "False",
        "torch.backends.cudnn.allow_tf32": "True",
        "torch.backends.mkldnn.allow_tf32": "None",
    }
    assert old.items() <= found(switches).items()
    assert {switches.state[name].wanted for name in old} == {"any"}
    torch._C._get_fp32_precision_getter = lambda backend, operation: "ieee"
    new = found_anew(torch)
    assert not old.keys() & new.keys()
    assert new["torch.backends.mkldnn.rnn.fp32_precision"] == "ieee"


def found_anew(torch: Any) -> dict[str, str]:
    return {knob.name: str(knob.value()) for knob in torch_knobs(torch, audit=False)}


def test_a_compiler_that_lacks_a_switch_is_told_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, FakeTorch())
    assert inductor_knobs() == [] or INDUCTOR in sys.modules
    monkeypatch.setitem(sys.modules, INDUCTOR, SimpleNamespace(fallback_random=False))
    switches = Switches()
    switches._inductor(ModuleType(INDUCTOR))
    assert {name: (switch.wanted, switch.found) for name, switch in switches.state.items()} == {
        "torch._inductor.config.deterministic": ("any", "no such switch in this release of torch"),
        "torch._inductor.config.fallback_random": ("True", "True"),
    }
    assert [switches.sets(knob) for knob in inductor_knobs()] == [False, True]


def test_a_switch_that_is_left_out_is_not_set_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = put(monkeypatch, FakeTorch())
    switches = Switches(leave=["torch.backends.cudnn.benchmark", WORKSPACE])
    switches.set(frozenset(), level="run-to-run")
    assert torch.backends.cudnn.benchmark is True
    assert WORKSPACE not in os.environ
    switch = switches.state["torch.backends.cudnn.benchmark"]
    assert (switch.wanted, switch.found, switch.evidence, switch.holds) == (
        "False", "True", "left out, as was asked for", False,
    )  # fmt: skip
    assert switches.state[WORKSPACE].told() == {
        "wanted": ":4096:8", "found": "not set", "when": "now", "evidence": "left out, as was asked for",
    }  # fmt: skip


def test_a_mode_that_only_warns_is_not_the_level(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = put(monkeypatch, FakeTorch())
    torch.use_deterministic_algorithms(True, warn_only=True)
    with pytest.raises(RefusedError) as caught:
        Switches().set(frozenset(), level="run-to-run")
    assert str(caught.value) == (
        "torch.use_deterministic_algorithms is set to warn only, which is not run-to-run\n"
        "why: operations that are not deterministic run all the same, the backward pass of attention among them\n"
        "hint: leave warn_only=True out (Lightning: deterministic=True, not 'warn'), "
        "or ask for less: enforce(level='cross-hardware')"
    )
    passed: list[str] = []
    switches = Switches(refuse=passed.append)
    switches.set(frozenset(), level="run-to-run")
    assert torch.warn, "what the program chose is not changed behind its back"
    assert len(passed) == 1
    assert not switches.state["torch.use_deterministic_algorithms"].holds
    assert switches.state["torch.use_deterministic_algorithms"].found == "warn only"


@pytest.mark.parametrize("value", [":4096:8", ":16:8"])
@pytest.mark.parametrize("up", [False, True])
def test_a_workspace_that_the_user_chose_is_kept(monkeypatch: pytest.MonkeyPatch, value: str, up: bool) -> None:
    monkeypatch.setenv(WORKSPACE, value)
    monkeypatch.setattr("envguard.determinism.lateness.started_with", lambda name: value)
    put(monkeypatch, FakeTorch(up=up))
    switches = Switches()
    switches.set(frozenset(), level="run-to-run")
    assert os.environ[WORKSPACE] == value
    assert switches.state[WORKSPACE].told() == {
        "wanted": value, "found": value, "when": "before the process starts",
        "evidence": "as the process was started with it",
    }  # fmt: skip


def test_too_late_is_refused_with_the_command_that_does_it_right(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, FakeTorch(up=True))
    with pytest.raises(RefusedError) as caught:
        Switches(seed=42).set(frozenset(), level="run-to-run")
    assert str(caught.value) == (
        "CUBLAS_WORKSPACE_CONFIG must be :4096:8 or :16:8 before CUDA starts; "
        "it is not set, and CUDA is initialised already\n"
        "why: cuBLAS chooses its algorithms by it, and reads it only once\n"
        "hint: CUBLAS_WORKSPACE_CONFIG=:4096:8 envguard run --seed 42 --level run-to-run -- "
        "python train.py --name 'my run'"
    )
    assert WORKSPACE not in os.environ, "never set late and called done"


def test_a_workspace_that_is_not_deterministic_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WORKSPACE, ":4096:2")
    put(monkeypatch, FakeTorch())
    with pytest.raises(RefusedError, match="it is ':4096:2'"):
        Switches().set(frozenset(), level="host-to-host")
    assert os.environ[WORKSPACE] == ":4096:2"


@pytest.mark.parametrize("held", [0, 512, 128 * 1024 - 1])
def test_a_workspace_that_the_script_set_while_torch_held_next_to_nothing_came_in_time(
    monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    monkeypatch.setenv(WORKSPACE, ":4096:8")
    monkeypatch.setattr("envguard.determinism.lateness.started_with", lambda name: None)
    put(monkeypatch, FakeTorch(up=True, held=held))
    switches = Switches()
    switches.set(frozenset(), level="run-to-run")
    assert switches.state[WORKSPACE].told() == {
        "wanted": ":4096:8", "found": ":4096:8", "when": "after CUDA was initialised",
        "evidence": "CUDA was up already, and torch held less of the GPU's memory than cuBLAS' workspace takes",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("started", "held", "module", "reason"),
    [
        (None, 128 * 1024, "", "torch held 131072 bytes of the GPU's memory by then, the workspace of earlier products perhaps among them"),
        (None, None, "", "torch does not tell what memory it holds (RuntimeError)"),
        (":0:0", 512, "", "the process was started with ':0:0'"),
        (None, 512, "cupy", "CuPy, which nobody can ask, is imported"),
    ],
)  # fmt: skip
def test_a_workspace_that_came_when_the_buffer_may_have_been_there_is_refused(
    monkeypatch: pytest.MonkeyPatch, started: str | None, held: int | None, module: str, reason: str
) -> None:
    """PyTorch 2.11 refuses no product under its strict mode any more, so that none can prove it."""
    monkeypatch.setenv(WORKSPACE, ":4096:8")
    monkeypatch.setattr("envguard.determinism.lateness.started_with", lambda name: started)
    if module:
        monkeypatch.setitem(sys.modules, module, ModuleType(module))
    put(monkeypatch, FakeTorch(up=True, held=held))
    with pytest.raises(RefusedError) as caught:
        Switches(seed=42).set(frozenset(), level="run-to-run")
    assert str(caught.value) == (
        "CUBLAS_WORKSPACE_CONFIG must be :4096:8 or :16:8 before CUDA starts; "
        f"it is ':4096:8', set when CUDA was up: {reason}\n"
        "why: cuBLAS chooses its algorithms by it, and reads it only once\n"
        "hint: CUBLAS_WORKSPACE_CONFIG=:4096:8 envguard run --seed 42 --level run-to-run -- "
        "python train.py --name 'my run'"
    )


@pytest.mark.parametrize(
    "value", ["NVLS", "Ring,NVLSTree", "^Tree", "ring;allreduce:nvls", "allreduce:^tree,collnetchain"]
)
def test_an_algorithm_of_nccl_that_does_not_repeat_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("NCCL_ALGO", value)
    with pytest.raises(RefusedError) as caught:
        Switches().set(frozenset(), level="run-to-run")
    assert str(caught.value) == (
        f"NCCL_ALGO is '{value}', which lets NCCL sum in the switches of NVLink\n"
        "why: NVLS does not promise the same sum from one call to the next (NVIDIA/nccl issue 1497)\n"
        "hint: unset NCCL_ALGO, and torch leaves NVLS out by itself, or export NCCL_ALGO=Ring"
    )
    Switches().set(frozenset(), level="cross-hardware")
    for fine in ("Ring", "^NVLS", "Tree", "^Tree,nvls", "allreduce:tree", "ring;allreduce:^nvls"):
        monkeypatch.setenv("NCCL_ALGO", fine)
        Switches().set(frozenset(), level="run-to-run")
    monkeypatch.setenv("NCCL_ALGO", "^Tree")
    monkeypatch.setenv("NCCL_NVLS_ENABLE", "0")
    Switches().set(frozenset(), level="run-to-run")


def test_kernels_that_do_not_ask_torch_are_told_by_their_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "FLASH_ATTENTION_DETERMINISTIC"
    switches = Switches()
    switches.set(frozenset(("flash-attn",)), level="run-to-run")
    assert os.environ[name] == "1"
    assert switches.state[name].told() == {
        "wanted": "1", "found": "1", "when": "now", "evidence": "set before flash_attn is imported",
    }  # fmt: skip
    assert snapshots()[1].get(name) is None, "a switch of ours is no fact of the machine"
    monkeypatch.setitem(sys.modules, "flash_attn", SimpleNamespace())
    switches.set(frozenset(), level="run-to-run")
    assert switches.state[name].holds, "it was in time, and is so when it is looked at again"


@pytest.mark.parametrize(
    ("value", "here", "told", "evidence"),
    [
        ("0", False, "0", "as the program has set it"),
        ("0", True, "0", "as the program has set it"),
        (None, True, "not set", "flash_attn was imported before, and may have read it"),
        ("1", True, "1, perhaps too late", "flash_attn was imported before, and may have read it"),
    ],
)
def test_kernels_that_do_not_ask_torch_and_may_not_repeat_are_refused(
    monkeypatch: pytest.MonkeyPatch, value: str | None, here: bool, told: str, evidence: str
) -> None:
    name = "FLASH_ATTENTION_DETERMINISTIC"
    if value is not None:
        monkeypatch.setenv(name, value)
    if here:
        monkeypatch.setitem(sys.modules, "flash_attn", SimpleNamespace())
    with pytest.raises(RefusedError) as caught:
        Switches().set(frozenset(("flash-attn",)), level="run-to-run")
    assert str(caught.value) == (
        f"{name} must be 1; it is {told}\n"
        f"why: kernels that do not ask torch read it, and are not deterministic without it ({evidence})\n"
        f"hint: enforce(leave=['{name}']) goes on without it, and the receipt says so, or: "
        f"{name}=1 envguard run --level run-to-run -- python train.py --name 'my run'"
    )
    assert os.environ.get(name) == value, "it is not set late"
    switches = Switches(leave=[name])
    switches.set(frozenset(("flash-attn",)), level="run-to-run")
    assert switches.state[name].told() == {
        "wanted": "1", "found": value or "not set", "when": "now", "evidence": "left out, as was asked for",
    }  # fmt: skip
    Switches().set(frozenset(("flash-attn",)), level="cross-hardware")
    # As the process was started with it, nobody can have read another one.
    monkeypatch.setenv(name, "1")
    monkeypatch.setattr("envguard.determinism.lateness.started_with", lambda _: "1")
    Switches().set(frozenset(("flash-attn",)), level="run-to-run")


def test_jax_on_a_gpu_needs_a_flag_of_xla_before_its_backend_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XLA_FLAGS", "--xla_dump_to=x")
    switches = Switches()
    switches.set(frozenset(("jax-cuda12-plugin",)), level="run-to-run")
    assert os.environ["XLA_FLAGS"] == "--xla_dump_to=x --xla_gpu_deterministic_ops=true"
    assert switches.state["XLA_FLAGS"].holds
    assert snapshots()[1]["XLA_FLAGS"] == "--xla_dump_to=x", "a fact is what the user has set"
    switches.set(frozenset(("jax-cuda12-plugin",)), level="run-to-run")
    assert switches.state["XLA_FLAGS"].holds
    monkeypatch.setenv("XLA_FLAGS", "--xla_dump_to=x")
    monkeypatch.setitem(sys.modules, "jax._src.xla_bridge", SimpleNamespace(_backends={"cpu": 1, "cuda": 2}))
    with pytest.raises(RefusedError) as caught:
        Switches().set(frozenset(), level="run-to-run")
    assert str(caught.value) == (
        "XLA_FLAGS must have --xla_gpu_deterministic_ops=true; it is '--xla_dump_to=x'\n"
        "why: the backends cpu, cuda are up, and have read XLA_FLAGS\n"
        "hint: call enforce() before the first operation, or: "
        "XLA_FLAGS='--xla_dump_to=x --xla_gpu_deterministic_ops=true' "
        "envguard run --level run-to-run -- python train.py --name 'my run'"
    )
    monkeypatch.setitem(sys.modules, "jax._src.xla_bridge", SimpleNamespace(_backends={"cpu": 1}))
    Switches().set(frozenset(("jax-cuda12-plugin",)), level="run-to-run")


def fake_tensorflow(state: dict[str, bool]) -> Any:
    inner = SimpleNamespace(
        is_op_determinism_enabled=lambda: state["on"], disable_op_determinism=lambda: state.update(on=False)
    )
    threading = SimpleNamespace(get_intra_op_parallelism_threads=lambda: 0, get_inter_op_parallelism_threads=lambda: 2)
    experimental = SimpleNamespace(
        enable_op_determinism=lambda: state.update(on=True), tensor_float_32_execution_enabled=lambda: True
    )
    config = SimpleNamespace(threading=threading, experimental=experimental)
    return SimpleNamespace(__name__="tensorflow", config=config), inner


def test_tensorflow_is_made_deterministic_and_its_choices_are_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    state = {"on": False}
    module, inner = fake_tensorflow(state)
    monkeypatch.setitem(sys.modules, "tensorflow", module)
    monkeypatch.setitem(sys.modules, "tensorflow.python.framework.config", inner)
    switches = Switches()
    switches.set(frozenset(), level="run-to-run")
    assert state == {"on": True}
    assert found(switches) == {
        "tf.config.experimental.enable_op_determinism": "True",
        "tf.config.threading.intra_op": "0",
        "tf.config.threading.inter_op": "2",
        "tf.config.experimental.tensor_float_32_execution": "True",
    }


def test_jax_is_recorded_and_left_to_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    config = SimpleNamespace(jax_threefry_partitionable=True, jax_enable_x64=False, jax_default_matmul_precision=None)
    monkeypatch.setitem(sys.modules, "jax", SimpleNamespace(__name__="jax", config=config))
    switches = Switches()
    switches.set(frozenset(), level="run-to-run")
    assert found(switches) == {
        "jax.config.jax_threefry_partitionable": "True",
        "jax.config.jax_enable_x64": "False",
        "jax.config.jax_default_matmul_precision": "None",
    }


REAL = """
import sys
from envguard.determinism.switches import Switches
switches = Switches(audit={audit})
switches.set(frozenset(("torch",)), level="run-to-run")
assert "torch" not in sys.modules
import torch
assert "torch._inductor.config" not in sys.modules
assert all(switch.holds for switch in switches.state.values()), [s.told() for s in switches.state.values() if not s.holds]
"""


@pytest.mark.torch
def test_the_real_torch_takes_every_switch_when_it_is_imported() -> None:
    tuning = ["torch.cuda.tunable.tuning False"] if pytest.importorskip("torch").version.cuda else []
    show = "print(*(f'{n} {s.found}' for n, s in switches.state.items() if s.wanted != 'any'), sep=chr(10))"
    assert told(REAL.format(audit=False) + show).splitlines() == [
        "CUBLAS_WORKSPACE_CONFIG :4096:8",
        "torch.use_deterministic_algorithms True",
        "torch.utils.deterministic.fill_uninitialized_memory False",
        "torch.backends.cudnn.deterministic True",
        "torch.backends.cudnn.benchmark False",
        "torch.backends.mkldnn.deterministic True",
        *tuning,
        "mkl.vml.first_calls made by one thread",
    ]


@pytest.mark.torch
def test_who_leaves_the_first_calls_out_is_told_that_they_were_not_made() -> None:
    pytest.importorskip("torch")
    code = """
from envguard.determinism.switches import Switches
switches = Switches(leave=("mkl.vml.first_calls",))
switches.set(frozenset(("torch",)), level="run-to-run")
import torch
print(switches.state["mkl.vml.first_calls"].told())
"""
    assert ast.literal_eval(told(code)) == {
        "wanted": "made by one thread",
        "found": "not made here",
        "when": "now",
        "evidence": "left out, as was asked for",
    }


@pytest.mark.torch
def test_the_real_compiler_is_set_when_it_is_imported_and_never_imported_for_it() -> None:
    pytest.importorskip("torch")
    code = """
import torch._inductor.config as config
assert config.fallback_random and getattr(config, "deterministic", True)
assert switches.state["torch._inductor.config.deterministic"].holds
assert hasattr(config, "deterministic") == (switches.state["torch._inductor.config.deterministic"].found == "True")
assert switches.state["torch._inductor.config.fallback_random"].evidence == "set, and read back"
"""
    assert told(REAL.format(audit=False) + code) == ""


@pytest.mark.torch
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="needs a compiler")
def test_compiled_code_draws_what_eager_code_draws_and_would_not_without_the_switch() -> None:
    pytest.importorskip("torch")
    code = """
import logging
# A build for CUDA warns where there is none, once something is compiled.
logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)
def draw():
    return torch.nn.functional.dropout(torch.ones(64), 0.5), torch.rand(8)
def same():
    torch.manual_seed(1)
    eager = draw()
    torch.manual_seed(1)
    return all(map(torch.equal, eager, torch.compile(draw)()))
print(same())
torch._dynamo.reset()
torch._inductor.config.fallback_random = False
print(same())
"""
    assert told(REAL.format(audit=False) + code) == "True\nFalse"


@pytest.mark.torch
def test_the_real_audit_fills_memory_that_nobody_wrote() -> None:
    pytest.importorskip("torch")
    name = "torch.utils.deterministic.fill_uninitialized_memory"
    code = f"print(switches.state[{name!r}].found, '|', switches.state[{name!r}].evidence)"
    assert told(REAL.format(audit=True) + code) == "True | set, and torch.empty() gave NaN alone"


PRECISION = (
    "import torch\n{write}\n"
    + REAL.replace('assert "torch" not in sys.modules', "").format(audit=False)
    + """
precisions = [n for n in switches.state if 'fp32' in n or 'allow_tf32' in n or 'matmul_precision' in n]
print(*(f'{n} {s.found}' for n, s in switches.state.items() if 'unreadable' in s.found or n in precisions), sep=chr(10))
"""
)


@pytest.mark.torch
@pytest.mark.parametrize(
    "write",
    [
        "torch.backends.cuda.matmul.fp32_precision = 'tf32'",
        "torch.backends.cudnn.conv.fp32_precision = 'ieee'",
        "torch.backends.fp32_precision = 'ieee'",
        "torch.set_float32_matmul_precision('high')",
        "torch.backends.cudnn.allow_tf32 = False",
        "torch.backends.cuda.matmul.allow_tf32 = True",
    ],
)
def test_every_precision_of_the_real_torch_is_read_whatever_was_written(write: str) -> None:
    """After a write through one of the two interfaces most getters of the other raise; before torch 2.9 there is one of them."""
    torch: Any = pytest.importorskip("torch")
    new = hasattr(torch._C, "_get_fp32_precision_getter")
    if not new and "fp32" in write:
        pytest.skip("this release of torch has no such setting")
    lines = told(PRECISION.replace("{write}", write)).splitlines()
    assert len(lines) == (9 if new else 4)
    assert {line.split()[-1] for line in lines} <= (
        {"none", "ieee", "tf32"} if new else {"highest", "high", "True", "False", "None"}
    )
    before = told(PRECISION.replace("{write}", "")).splitlines()
    assert lines != before


@pytest.mark.gpu
def test_on_a_gpu_a_workspace_that_is_set_after_cublas_has_started_is_refused() -> None:
    """By experiment: torch keeps the buffer of its first product, whatever size it reads later."""
    pytest.importorskip("torch")
    code = """
import os, torch
{before}
os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"
from envguard.determinism.switches import Switches
from envguard.errors import RefusedError
switches = Switches()
try:
    switches.set(frozenset(), level="run-to-run")
    print(switches.state["CUBLAS_WORKSPACE_CONFIG"].evidence)
except RefusedError as error:
    print(str(error).splitlines()[0])
"""
    late = "torch.ones(2, 2, device='cuda') @ torch.ones(2, 2, device='cuda')"
    assert "set when CUDA was up: torch held " in told(code.format(before=late))
    in_time = told(code.format(before="torch.zeros(1, device='cuda')"))
    assert in_time == "CUDA was up already, and torch held less of the GPU's memory than cuBLAS' workspace takes"
