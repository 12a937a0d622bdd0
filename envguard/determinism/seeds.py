"""Seeding the global generators of the libraries that are there, each from a stream of its own.

With one integer for all of them NumPy's and torch's CPU generators would walk the same Mersenne words. What a library
drew before it was seeded cannot be taken back: seeding fixes what comes after it.
"""

from __future__ import annotations

import hashlib
import random
import secrets
import sys
from typing import TYPE_CHECKING, Any

from .on_import import after_import
from .streams import derive

if TYPE_CHECKING:
    from types import ModuleType

ROOT_BITS = 128
_MT_WORDS = 624
_MT_LEFT, _MT_NEXT, _MT_STATE = 8, 16, 24


def fresh_root() -> int:
    """Return a root seed that nobody has used: 128 bits of the system's entropy."""
    return secrets.randbits(ROOT_BITS)


class Seeding:
    """What one ``enforce`` seeds: *state* maps each library to ``seeded`` or to what it waits for."""

    def __init__(self, root: int) -> None:
        self.root = root
        self.state: dict[str, str] = {}

    def seed(self, installed: frozenset[str]) -> None:
        """Seed what is loaded now, and what is *installed* (normalised names) as soon as it is imported."""
        random.seed(int.from_bytes(derive(self.root, "lib:python"), "little"))
        self.state["random"] = "seeded"
        for name, seed in (("numpy", self._numpy), ("torch", self._torch)):
            self.state[name] = "not installed"
            if name in installed or _loaded(name):
                self.state[name] = "will be seeded when it is imported"
                after_import(name, "seed", seed)

    def _numpy(self, module: ModuleType) -> None:
        numpy: Any = module
        numpy.random.seed(words(derive(self.root, "lib:numpy")))
        self.state["numpy"] = "seeded"

    def _torch(self, module: ModuleType) -> None:
        seed_torch(module, derive(self.root, "lib:torch"))
        self.state["torch"] = "seeded"


def _loaded(name: str) -> bool:
    return name in sys.modules


def words(entropy: bytes) -> list[int]:
    """Return *entropy* as 32-bit words in little-endian order."""
    return [int.from_bytes(entropy[at : at + 4], "little") for at in range(0, len(entropy), 4)]


def seed_torch(torch: Any, entropy: bytes) -> None:
    """Seed every generator of *torch* from *entropy*; CUDA is not initialised by it.

    ``manual_seed`` gives all devices 64 bits, of which the CPU's Mersenne Twister takes 32: with hashed seeds that is too
    few for streams that must not meet. So its 624 words are set, as ``set_state`` takes them (at::mt19937 in the layout of
    ATen/CPUGeneratorImpl.h: u64 seed, i32 left, i32 seeded, u64 next, 624 words of u64, then the normal cache).
    """
    torch.manual_seed(int.from_bytes(entropy[:8], "little"))
    state = torch.get_rng_state()
    raw = bytearray(bytes(state.tolist()))
    key = mersenne_words(entropy)
    raw[_MT_LEFT : _MT_LEFT + 4] = (1).to_bytes(4, "little")
    raw[_MT_NEXT : _MT_NEXT + 8] = (0).to_bytes(8, "little")
    for number, word in enumerate(key):
        at = _MT_STATE + 8 * number
        raw[at : at + 8] = word.to_bytes(8, "little")
    torch.set_rng_state(torch.tensor(list(raw), dtype=torch.uint8))


def mersenne_words(entropy: bytes) -> list[int]:
    """Return 624 words of 32 bits for a Mersenne Twister; the first has its top bit set, so that not all are zero."""
    key = words(hashlib.shake_256(b"envguard.mt19937.v1" + entropy).digest(4 * _MT_WORDS))
    key[0] |= 1 << 31
    return key
