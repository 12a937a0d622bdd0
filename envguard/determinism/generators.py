"""A generator of each library from the entropy of a stream, and the state of one as plain values.

Part of the scheme ``envguard.rng.v1``, so frozen: NumPy's is PCG64DXSM through SeedSequence (a bit generator that NumPy
promises not to change, where ``default_rng`` may), Python's is MT19937 seeded with all 256 bits, torch's on the CPU is
MT19937 with all of its 624 words set, on another device the device's own engine with a seed of 64 bits, JAX's is a key of
as many words as its implementation takes.
"""

from __future__ import annotations

import hashlib
import random
import struct

from ..errors import ResumeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    import jax
    import numpy as np
    import torch

    Plain = str | int | float | None | Mapping[str, "Plain"] | list["Plain"]

_MT_WORDS = 624
_MT_LEFT, _MT_STATE = 8, 24
_KEY_WORDS = {"threefry2x32": 2, "rbg": 4, "unsafe_rbg": 4}


def words(entropy: bytes) -> list[int]:
    """Return *entropy* as 32-bit words in little-endian order."""
    return list(struct.unpack(f"<{len(entropy) // 4}I", entropy))


def mersenne_words(entropy: bytes) -> list[int]:
    """Return 624 words of 32 bits for a Mersenne Twister; the first has its top bit set, so that not all are zero."""
    key = words(hashlib.shake_256(b"envguard.mt19937.v1" + entropy).digest(4 * _MT_WORDS))
    key[0] |= 1 << 31
    return key


def numpy_generator(entropy: bytes) -> np.random.Generator:
    """Return a ``numpy.random.Generator`` of 256 bits of entropy."""
    import numpy as np

    made: np.random.Generator = watched(np.random.Generator)(
        np.random.PCG64DXSM(np.random.SeedSequence(np.frombuffer(entropy, dtype="<u4").astype(np.uint32)))
    )
    return made


_watched_classes: dict[type[Any], type[Any]] = {}


def watched(generator: type[Any]) -> type[Any]:
    """Return the class *generator*, or, where a weak reference cannot watch what it makes, a class under it that differs in that alone.

    A state belongs into a checkpoint only while its generator lives. NumPy's cannot be watched, nor can those of older releases of torch (2.11 and before).
    """
    if generator.__weakrefoffset__:
        return generator
    made = _watched_classes.get(generator)
    if made is None:
        made = type("Generator", (generator,), {"__slots__": ("__weakref__",), "__doc__": generator.__doc__})
        made.__module__ = generator.__module__
        _watched_classes[generator] = made
    return made


def python_random(entropy: bytes) -> random.Random:
    """Return a ``random.Random`` of 256 bits of entropy."""
    return random.Random(int.from_bytes(entropy, "little"))  # noqa: S311


def torch_generator(entropy: bytes, device: torch.device | str) -> torch.Generator:
    """Return a ``torch.Generator`` on *device*: of 19,937 bits derived from 256 on the CPU, of 64 bits elsewhere."""
    import torch

    generator: torch.Generator = watched(torch.Generator)(device=device)
    reseed_torch(torch, generator, entropy)
    return generator


def reseed_torch(torch: Any, generator: torch.Generator, entropy: bytes) -> None:
    """Bring *generator* into the state that *entropy* means."""
    generator.manual_seed(int.from_bytes(entropy[:8], "little"))
    if generator.device.type == "cpu":
        generator.set_state(mersenne_state(torch, generator.get_state(), entropy))


def mersenne_state(torch: Any, state: torch.Tensor, entropy: bytes) -> torch.Tensor:
    """Return *state*, that of a CPU generator that was just seeded, with 624 words of *entropy* in the place of its own.

    The layout is that of at::mt19937 in ATen/CPUGeneratorImpl.h, as ``set_state`` takes it: u64 seed, i32 left, i32 seeded,
    u64 next, 624 words of u64, then the normal cache.
    """
    raw = bytearray(state.tolist())
    raw[_MT_LEFT:_MT_STATE] = struct.pack("<iiQ", 1, 1, 0)
    raw[_MT_STATE : _MT_STATE + 8 * _MT_WORDS] = struct.pack(f"<{_MT_WORDS}Q", *mersenne_words(entropy))
    found: torch.Tensor = torch.frombuffer(raw, dtype=torch.uint8)
    return found


def jax_key(entropy: bytes, implementation: str) -> jax.Array:
    """Return a key of *implementation* (``threefry2x32``, ``rbg``, ``unsafe_rbg``); ValueError where it is another."""
    taken = _KEY_WORDS.get(implementation)
    if taken is None:
        raise ValueError(f"a key is one of {', '.join(_KEY_WORDS)}, not {implementation!r}")
    import jax
    import numpy as np

    return jax.random.wrap_key_data(np.array(words(entropy)[:taken], dtype=np.uint32), impl=implementation)


def state_of(library: str, generator: Any) -> dict[str, Any]:
    """Return the state of a generator of *library* (``numpy``, ``random``, ``torch``) as plain JSON values."""
    if library == "random":
        return random_state(generator.getstate())
    if library == "numpy":
        found: dict[str, Any] = plain(generator.bit_generator.state)
        return found
    return {"device": str(generator.device), "hex": bytes(generator.get_state().tolist()).hex()}


def put_state(library: str, generator: Any, state: Mapping[str, Any]) -> None:
    """Bring *generator* into *state*, as ``state_of`` gave it.

    ResumeError where that is of another device; ValueError, TypeError, KeyError or RuntimeError where it is none at all.
    """
    if library == "random":
        generator.setstate(random_unpacked(state))
    elif library == "numpy":
        generator.bit_generator.state = unplain(state)
    else:
        saved, here = state["device"].partition(":")[0], generator.device.type
        if saved != here:
            raise ResumeError(f"a torch.Generator that was saved on {saved} is on {here} now: its state does not fit")
        generator.set_state(torch_bytes(state["hex"]))


def torch_bytes(text: str) -> torch.Tensor:
    """Return bytes that are written in hexadecimal as a tensor, as torch's generators take their state."""
    import torch

    return torch.frombuffer(bytearray(bytes.fromhex(text)), dtype=torch.uint8)


def random_state(state: tuple[Any, ...]) -> dict[str, Any]:
    """Return what ``random.getstate()`` gave as plain values."""
    version, internal, gauss = state
    raw = struct.pack(f"<{len(internal) - 1}I", *internal[:-1])
    return {"version": version, "hex": raw.hex(), "at": internal[-1], "gauss": gauss}


def random_unpacked(state: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return plain values as ``random.setstate()`` takes them."""
    return (state["version"], (*words(bytes.fromhex(state["hex"])), state["at"]), state["gauss"])


def plain(value: Any) -> Any:
    """Return the state of a bit generator of NumPy as plain values: numbers and arrays as text that loses nothing."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if getattr(value, "shape", ()):
        return {
            "dtype": value.dtype.newbyteorder("<").str,
            "hex": value.astype(value.dtype.newbyteorder("<")).tobytes().hex(),
        }
    if isinstance(value, (str, float, bool)) or value is None:
        return value
    return hex(value)


def unplain(value: Any) -> Any:
    """Return what ``plain`` was given."""
    if isinstance(value, dict) and value.keys() == {"dtype", "hex"}:
        import numpy as np

        return np.frombuffer(bytes.fromhex(value["hex"]), dtype=value["dtype"]).astype(value["dtype"][1:])
    if isinstance(value, dict):
        return {key: unplain(item) for key, item in value.items()}
    if isinstance(value, str) and value.startswith("0x"):
        return int(value, 16)
    return value
