"""The libraries that have generators of their own, and how each is seeded, read and put back.

Nothing here imports a library or brings up a device. Sources: transformers ``set_seed`` and Lightning ``seed_everything``
(what "the same integer everywhere" means), PyTorch "Reproducibility", CuPy ``cupy.random`` (CUPY_SEED is what a generator
that does not exist yet is seeded with), Numba "Random" (a generator for each thread), TensorFlow ``tf.random.set_seed``.
"""

from __future__ import annotations

import os
import random
import sys

from .generators import (
    mersenne_state,
    mersenne_words,
    plain,
    random_state,
    random_unpacked,
    torch_bytes,
    unplain,
    words,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

_DEVICES = ("cuda", "xpu", "mtia")
CUPY_SEED = "CUPY_SEED"


class Library:
    """A library whose own generators can be seeded. *module* is imported under this name, *packages* bring it.

    *left* says what of its randomness no seed reaches; *through* names the library whose generators it draws from.
    """

    module = ""
    packages: tuple[str, ...] = ()
    left = ""
    through = ""

    def seed(self, module: Any, entropy: bytes) -> None:
        """Seed the generators of *module* from 32 bytes."""

    def seed_worker(self, module: Any, entropy: bytes) -> None:
        """Seed the generators of *module* in a child process, which may not be able to use the devices of its parent."""
        self.seed(module, entropy)

    def same(self, module: Any, seed: int) -> None:
        """Seed the generators of *module* with the integer itself."""

    def states(self, module: Any) -> dict[str, Any]:
        """Return the state of each generator that is up, as plain values by its name; None where it cannot be read."""
        return {}

    def looks(self, module: Any) -> dict[str, Any]:
        """Return as ``states`` does, in this process alone, what tells whether a generator was put elsewhere."""
        return self.states(module)

    def restore(self, module: Any, key: str, state: Mapping[str, Any]) -> None:
        """Bring the generator *key* into *state*; LookupError where this process does not have it."""


class _Python(Library):
    module = "random"

    def seed(self, module: Any, entropy: bytes) -> None:
        random.seed(int.from_bytes(entropy, "little"))

    def same(self, module: Any, seed: int) -> None:
        random.seed(seed)

    def states(self, module: Any) -> dict[str, Any]:
        return {"random": random_state(random.getstate())}

    def restore(self, module: Any, key: str, state: Mapping[str, Any]) -> None:
        random.setstate(random_unpacked(state))


class _NumPy(Library):
    module = "numpy"
    packages = ("numpy",)

    def seed(self, module: Any, entropy: bytes) -> None:
        self.same(module, words(entropy))

    def same(self, module: Any, seed: int | list[int]) -> None:
        bits = module.random.mtrand._rand._bit_generator  # noqa: SLF001
        if isinstance(bits, module.random.MT19937):
            module.random.seed(seed)
        else:  # numpy.random.set_bit_generator() put another into its place, which seed() refuses
            bits.state = type(bits)(seed).state

    def states(self, module: Any) -> dict[str, Any]:
        return {"numpy": plain(module.random.get_state(legacy=False))}

    def restore(self, module: Any, key: str, state: Mapping[str, Any]) -> None:
        module.random.set_state(unplain(state))


class _Torch(Library):
    module = "torch"
    packages = ("torch",)

    def seed(self, module: Any, entropy: bytes) -> None:
        # All devices take 64 bits of it, those that are not up as soon as they are; of the CPU's Mersenne Twister that
        # would seed 32, which is too few for streams that must not meet, so its words are set.
        module.manual_seed(int.from_bytes(entropy[:8], "little"))
        module.set_rng_state(mersenne_state(module, module.get_rng_state(), entropy))

    def same(self, module: Any, seed: int) -> None:
        module.manual_seed(seed)

    def states(self, module: Any) -> dict[str, Any]:
        found = {"torch.cpu": _hex(module.get_rng_state())}
        for kind in _DEVICES:
            device = getattr(module, kind, None)
            if device is not None and getattr(device, "is_initialized", bool)():
                for number in range(device.device_count()):
                    found[f"torch.{kind}:{number}"] = _hex(device.get_rng_state(number))
        if module.backends.mps.is_available():
            found["torch.mps"] = _hex(module.mps.get_rng_state())
        return found

    def restore(self, module: Any, key: str, state: Mapping[str, Any]) -> None:
        kind, _, number = key.removeprefix("torch.").partition(":")
        device = getattr(module, kind, None) if kind in _DEVICES else None
        value = torch_bytes(state["hex"])
        if kind == "cpu":
            module.set_rng_state(value)
        elif kind == "mps" and module.backends.mps.is_available():
            module.mps.set_rng_state(value)
        elif device is not None and device.is_available() and int(number) < device.device_count():
            device.set_rng_state(value, int(number))
        else:
            raise LookupError(f"there is no device {kind}{':' if number else ''}{number} here")


class _CuPy(Library):
    module = "cupy"
    packages = ("cupy", *(f"cupy-{kind}" for kind in ("cuda11x", "cuda12x", "cuda13x", "rocm-5-0", "rocm-7-0")))

    def seed(self, module: Any, entropy: bytes) -> None:
        self.same(module, int.from_bytes(entropy[:8], "little"))

    def seed_worker(self, module: Any, entropy: bytes) -> None:
        os.environ[CUPY_SEED] = str(int.from_bytes(entropy[:8], "little"))

    def same(self, module: Any, seed: int) -> None:
        os.environ[CUPY_SEED] = str(seed)
        for number, state in self._up(module).items():
            with module.cuda.Device(number):
                state.seed(seed)

    def states(self, module: Any) -> dict[str, Any]:
        return {f"cupy.cuda:{number}": None for number in self._up(module)}

    def _up(self, module: Any) -> dict[int, Any]:
        return dict(module.random._generator._random_states)  # noqa: SLF001


class _Numba(Library):
    module = "numba"
    packages = ("numba",)
    left = "the threads of a parallel loop seed themselves from the system"

    def seed(self, module: Any, entropy: bytes) -> None:
        for pointer, which in zip(self._pointers(module), (b"numpy", b"python"), strict=True):
            self._inner(module).rnd_set_state(pointer, (624, mersenne_words(entropy + which)))

    def same(self, module: Any, seed: int) -> None:
        inner = self._inner(module)
        numpy_pointer, python_pointer = self._pointers(module)
        inner.rnd_seed(numpy_pointer, seed)
        state = random.Random(seed).getstate()[1]  # noqa: S311
        inner.rnd_set_state(python_pointer, (state[-1], list(state[:-1])))

    def states(self, module: Any) -> dict[str, Any]:
        found = {}
        for name, pointer in zip(("numba.numpy", "numba.python"), self._pointers(module), strict=True):
            at, state = self._inner(module).rnd_get_state(pointer)
            found[name] = random_state((3, (*state, at), None))
        return found

    def restore(self, module: Any, key: str, state: Mapping[str, Any]) -> None:
        pointer = self._pointers(module)[0 if key == "numba.numpy" else 1]
        _, internal, _ = random_unpacked(state)
        self._inner(module).rnd_set_state(pointer, (internal[-1], list(internal[:-1])))

    def _inner(self, module: Any) -> Any:
        return module._helperlib  # noqa: SLF001

    def _pointers(self, module: Any) -> tuple[int, int]:
        inner = self._inner(module)
        return inner.rnd_get_np_state_ptr(), inner.rnd_get_py_state_ptr()


class _TensorFlow(Library):
    module = "tensorflow"
    packages = ("tensorflow", "tensorflow-cpu", "tensorflow-rocm", "tensorflow-macos", "tf-nightly")
    left = "tf.random.get_global_generator() seeds itself from the system"

    def seed(self, module: Any, entropy: bytes) -> None:
        self.same(module, int.from_bytes(entropy[:8], "little") >> 1)

    def same(self, module: Any, seed: int) -> None:
        module.random.set_seed(seed)

    def states(self, module: Any) -> dict[str, Any]:
        # The counters of its operations are kept in their kernels, where nobody can read them.
        return {"tensorflow": None} if getattr(self._context(), "_initialized", False) else {}

    def looks(self, module: Any) -> dict[str, Any]:
        # The generator of the seeds of its operations, which set_seed() makes anew; before that there is none.
        context = self._context()
        rng = getattr(context, "_rng", None)
        if not isinstance(rng, random.Random):
            return self.states(module)
        # Held, so that no other can be taken for it: who sets the same seed again has the kernels forget where they were.
        return {"tensorflow": {"seed": str(getattr(context, "_seed", None)), "made": rng}}

    def _context(self) -> Any:
        return getattr(sys.modules.get("tensorflow.python.eager.context"), "_context", None)


class _Keys(Library):
    module = "jax"
    packages = ("jax",)
    through = "the keys that run.jax() hands out"


class _Through(Library):
    def __init__(self, module: str, package: str, through: str) -> None:
        self.module = module
        self.packages = (package,)
        self.through = through


LIBRARIES: tuple[Library, ...] = (
    _Python(),
    _NumPy(),
    _Torch(),
    _CuPy(),
    _Numba(),
    _TensorFlow(),
    _Keys(),
    _Through("sklearn", "scikit-learn", "numpy"),
    _Through("scipy", "scipy", "numpy"),
    _Through("pandas", "pandas", "numpy"),
    _Through("transformers", "transformers", "random, numpy and torch"),
)
BY_MODULE = {library.module: library for library in LIBRARIES}


def library_of(key: str) -> Library | None:
    """Return the library that the generator *key* belongs to; None where it is one of another version of envguard."""
    return BY_MODULE.get(key.partition(".")[0])


def states() -> dict[str, Any]:
    """Return the state of every global generator of the libraries that are loaded, as plain values by its name.

    A generator that is up and cannot be read is None. Nothing is imported or initialised for it.
    """
    return {name: state for library, module in _loaded() for name, state in library.states(module).items()}


def looks() -> dict[str, Any]:
    """Return as ``states`` does, in this process alone, what tells whether a generator was put elsewhere."""
    return {name: look for library, module in _loaded() for name, look in library.looks(module).items()}


def _loaded() -> Iterator[tuple[Library, Any]]:
    for library in LIBRARIES:
        module = sys.modules.get(library.module)
        if module is not None and not _loading(module):
            yield library, module


def _loading(module: Any) -> bool:
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


def _hex(state: Any) -> dict[str, str]:
    return {"hex": bytes(state.tolist()).hex()}
