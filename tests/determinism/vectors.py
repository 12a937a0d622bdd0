"""What a stream of scheme envguard.rng.v1 gives in each library: computed here, compared with vectors.json, which never changes.

Only what the libraries promise to keep, or what we compute ourselves, is in it: raw output of bit generators, states, key data.
``python -m tests.determinism.vectors numpy random`` prints what this version of envguard gives.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envguard.determinism.generators import jax_key, numpy_generator, python_random, torch_generator
from envguard.determinism.libraries import BY_MODULE, states
from envguard.determinism.seeds import stream_name
from envguard.determinism.streams import derive

if TYPE_CHECKING:
    from collections.abc import Callable

FROZEN = Path(__file__).with_name("vectors.json")
STREAMS: tuple[tuple[Any, ...], ...] = (
    (0, "a"),
    (42, "augment", 3, 17),
    (42, "augment", 3, "images/0001.png"),
    (2**128 - 1, "shuffle", 0),
    (2**256 - 1, "ä", 2**64 - 1, 0),
)


def digest(raw: bytes) -> str:
    return hashlib.blake2b(raw, digest_size=16).hexdigest()


def of_numpy(entropy: bytes) -> Any:
    return [str(word) for word in numpy_generator(entropy).bit_generator.random_raw(4)]


def of_random(entropy: bytes) -> Any:
    generator = python_random(entropy)
    return [*(str(generator.getrandbits(64)) for _ in range(3)), generator.random().hex()]


def of_torch(entropy: bytes) -> Any:
    generator = torch_generator(entropy, "cpu")
    state = bytes(generator.get_state().tolist())
    return {"words": digest(state[24 : 24 + 8 * 624]), "seed": state[:8].hex(), "left": state[8:24].hex()}


def of_jax(entropy: bytes) -> Any:
    import jax

    found = {}
    for kind in ("threefry2x32", "rbg", "unsafe_rbg"):
        found[kind] = [str(word) for word in jax.random.key_data(jax_key(entropy, kind)).tolist()]
    return found


OF: dict[str, Callable[[bytes], Any]] = {"numpy": of_numpy, "random": of_random, "torch": of_torch, "jax": of_jax}


def of_globals(module: str) -> Any:
    """Return digests of the states of the global generators of a library that was seeded from root 42."""
    library = BY_MODULE[module]
    library.seed(sys.modules[module], derive(42, stream_name(library)))
    kept = {key: state for key, state in states().items() if key.partition(".")[0] == module}
    if module == "torch":  # what lies behind the words may grow with torch
        kept = {"torch.cpu": kept["torch.cpu"]["hex"][: 2 * (24 + 8 * 624)]}
    return {key: digest(json.dumps(state, sort_keys=True).encode()) for key, state in kept.items()}


def made(library: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if library in OF:
        found["streams"] = {repr(stream): OF[library](derive(*stream)) for stream in STREAMS}
    if library != "jax":
        found["globals"] = of_globals(library)
    return found


def frozen(library: str) -> Any:
    return json.loads(FROZEN.read_text())[library]


if __name__ == "__main__":
    import importlib

    before = random.getstate()
    for name in sys.argv[1:]:
        importlib.import_module(name)
    print(json.dumps({name: made(name) for name in sys.argv[1:]}, indent=1, sort_keys=True))
