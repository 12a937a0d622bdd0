"""The switches of JAX and TensorFlow, and the variables of packages that bring kernels of their own.

Nothing here imports a library. Sources: JAX, "Configuration options" and "Pseudorandom numbers"; XLA, "Determinism (GPU)";
TensorFlow, ``tf.config.experimental.enable_op_determinism``; TransformerEngine, transformers, Mamba and causal-conv1d, their READMEs.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from itertools import count

from ..probes.variables import OURS, set_ours
from . import lateness
from .knobs import LEFT, TOO_LATE, Knob, Switch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

MODULES = ("jax", "tensorflow")
XLA_FLAGS = "XLA_FLAGS"
OP_DETERMINISM = "tf.config.experimental.enable_op_determinism"
DETERMINISTIC_XLA = "--xla_gpu_deterministic_ops=true"
_ENOUGH_FOR_XLA = (DETERMINISTIC_XLA, "--xla_gpu_exclude_nondeterministic_ops=true")
_JAX = (
    "jax_threefry_partitionable",
    "jax_default_prng_impl",
    "jax_random_seed_offset",
    "jax_enable_x64",
    "jax_default_matmul_precision",
)
# Packages whose kernels do not ask torch, the module that each brings, the variable that they read, and what it must be.
_KERNELS = (
    (("flash-attn", "flash-attn-3"), "flash_attn", "FLASH_ATTENTION_DETERMINISTIC", "1"),
    (("transformer-engine", "transformer-engine-torch"), "transformer_engine", "NVTE_ALLOW_NONDETERMINISTIC_ALGO", "0"),
    (("mamba-ssm",), "mamba_ssm", "MAMBA_DETERMINISTIC", "1"),
    (("causal-conv1d",), "causal_conv1d", "CAUSAL_CONV1D_DETERMINISTIC", "1"),
)
_proofs = count(1)
# What ``environment`` looks after.
VARIABLES = (XLA_FLAGS, *(name for _, _, name, _ in _KERNELS))


def knobs(module: Any) -> list[Knob]:
    """Return the switches of *module*, which is JAX or TensorFlow."""
    return _jax(module) if module.__name__ == "jax" else _tensorflow(module)


def _jax(jax: Any) -> list[Knob]:
    # All of them are part of what the program computes; none makes it repeat or not.
    return [
        Knob(f"jax.config.{name}", partial(getattr, jax.config, name)) for name in _JAX if hasattr(jax.config, name)
    ]


def _tensorflow(tf: Any) -> list[Knob]:
    config = tf.config
    inner: Any = sys.modules.get("tensorflow.python.framework.config")
    asked = getattr(inner, "is_op_determinism_enabled", None)
    found = [
        Knob("tf.config.threading.intra_op", config.threading.get_intra_op_parallelism_threads),
        Knob("tf.config.threading.inter_op", config.threading.get_inter_op_parallelism_threads),
        Knob("tf.config.experimental.tensor_float_32_execution", config.experimental.tensor_float_32_execution_enabled),
    ]
    if asked is not None:

        def write(value: object) -> None:
            (config.experimental.enable_op_determinism if value else inner.disable_op_determinism)()

        found.insert(0, Knob(OP_DETERMINISM, asked, wanted=True, write=write, prove=partial(_refuses, tf)))
    return found


def _refuses(tf: Any) -> str:
    """Ask for an operation that refuses to draw without a seed; where TensorFlow is not up yet, that would bring it up."""
    context = sys.modules.get("tensorflow.python.eager.context")
    if not getattr(getattr(context, "_context", None), "_initialized", False):
        return "set, and read back from TensorFlow's kernels, which are not up yet"
    boxes = {"image_size": [2, 2, 1], "bounding_boxes": [[[0.0, 0.0, 1.0, 1.0]]], "min_object_covered": 0.1}
    try:
        with tf.device("/CPU:0"):
            # Another number each time: a kernel that was made before keeps what it asked then.
            tf.raw_ops.SampleDistortedBoundingBoxV2(**boxes, seed=0, seed2=0, max_attempts=next(_proofs))
    except tf.errors.InvalidArgumentError:
        return "set, and SampleDistortedBoundingBoxV2, which was to draw without a seed, was refused"
    raise RuntimeError("SampleDistortedBoundingBoxV2, which was to draw without a seed, was not refused")


def environment(installed: frozenset[str], leave: Collection[str]) -> list[Switch]:
    """Set the variables that kernels outside of torch read where they are here and that is in time; return them as switches."""
    found = []
    for packages, module, name, wanted in _KERNELS:
        here = module in sys.modules
        if here or not installed.isdisjoint(packages):
            left = name in leave
            found.append(_left(name, wanted) if left else _variable(name, wanted, late=here, who=module))
    if _has_gpu_for_jax(installed):
        found.append(_left(XLA_FLAGS, DETERMINISTIC_XLA) if XLA_FLAGS in leave else _xla())
    return found


def _left(name: str, wanted: str) -> Switch:
    value = os.environ.get(name, lateness.NOT_SET)
    return Switch(name=name, wanted=wanted, found=value, when="now", evidence=LEFT)


def _variable(name: str, wanted: str, *, late: bool, who: str) -> Switch:
    value = os.environ.get(name)
    if name in OURS and OURS[name][0] == value:
        return Switch(name=name, wanted=wanted, found=value, when="now", evidence=f"set before {who} was imported")
    if value is not None and (not late or value != wanted or value == lateness.started_with(name)):
        when, evidence = "before enforce()", "as the program has set it"
        return Switch(name=name, wanted=wanted, found=value, when=when, evidence=evidence)
    if late:
        found = lateness.NOT_SET if value is None else f"{value}, perhaps too late"
        evidence = f"{who} was imported before, and may have read it"
        return Switch(name=name, wanted=wanted, found=found, when=TOO_LATE, evidence=evidence)
    set_ours(name, wanted)
    evidence = f"set before {who} is imported"
    return Switch(name=name, wanted=wanted, found=os.environ[name], when="now", evidence=evidence)


def _has_gpu_for_jax(installed: frozenset[str]) -> bool:
    up = set(lateness.xla_platforms())
    return bool(up & {"cuda", "rocm", "gpu"}) or (
        not up and any(name.startswith(("jax-cuda", "jax-rocm")) for name in installed)
    )


def _xla() -> Switch:
    value = os.environ.get(XLA_FLAGS, "")
    has = next((flag for flag in _ENOUGH_FOR_XLA if flag in value.split()), None)
    up = lateness.xla_platforms()
    if has is not None:
        return Switch(name=XLA_FLAGS, wanted=has, found=has, when="before enforce()", evidence=f"{XLA_FLAGS} has it")
    if up:
        evidence = f"the backends {', '.join(up)} are up, and have read {XLA_FLAGS}"
        return Switch(name=XLA_FLAGS, wanted=DETERMINISTIC_XLA, found=f"'{value}'", when=TOO_LATE, evidence=evidence)
    set_ours(XLA_FLAGS, f"{value} {DETERMINISTIC_XLA}".strip())
    evidence = "set before a backend of XLA is up"
    return Switch(name=XLA_FLAGS, wanted=DETERMINISTIC_XLA, found=DETERMINISTIC_XLA, when="now", evidence=evidence)
