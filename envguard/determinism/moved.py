"""Whether a generator has only been drawn from since its state was looked at, or was put somewhere else: reseeded, set back.

Of a Mersenne Twister (Python's, NumPy's legacy one, Numba's, torch's on the CPU) the way from one state to a later one is walked: every
624 numbers all of its words change, so a state is told from an earlier one by stepping there. Where that does not lead, it is walked
back to a seed. Of Philox (CUDA) seed and offset are the state itself. torch remembers the seed that it was given last, which needs no
steps at all.
"""

from __future__ import annotations

import random
import struct
import time
from typing import Any

from .seeded import seed_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_WORDS = 624
_BLOCK = 32 * _WORDS
_SECONDS = 2.0
_SHORT = 4096
# Not more than the walk: had the generator only been drawn from, so near to its seed that would have met it.
_BACK = 1024
_LONG = 8


def moved(name: str, before: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> tuple[bool | None, str]:
    """Return whether the generator *name* was put elsewhere, and what is to be said of it: True, False, None for unknown.

    *before* and *now* are states as ``libraries.looks`` gives them.
    """
    if before is None or now is None:
        return None, "its state cannot be read"
    if before == now:
        return False, ""
    if name == "tensorflow":
        return (
            (True, f"tf.random.set_seed({now['seed']}) was called")
            if now["made"] is not before["made"]
            else (False, "")
        )
    if name.startswith("torch.") and name != "torch.cpu":
        return _device(before, now)
    old, new = _mersenne(name, before), _mersenne(name, now)
    if old is None or new is None:
        return None, "its state changed, and in which way is not known for generators of this kind"
    if name == "torch.cpu":
        seeds = [int.from_bytes(bytes.fromhex(state["hex"][:16]), "little") for state in (before, now)]
        if seeds[0] != seeds[1]:
            return True, f"torch.manual_seed({seeds[1]}) was called"
    return _walked(old, new)


def _device(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[bool | None, str]:
    old, new = bytes.fromhex(before["hex"]), bytes.fromhex(now["hex"])
    if len(old) != 16 or len(new) != 16:
        return None, "its state changed, and in which way is not known for generators of this kind"
    (seed, offset), (new_seed, new_offset) = struct.unpack("<QQ", old), struct.unpack("<QQ", new)
    if seed != new_seed:
        return True, f"it was seeded with {new_seed}"
    if new_offset < offset:
        return True, "it was set back to an earlier state"
    return False, ""


def _walked(old: tuple[bytes, int], new: tuple[bytes, int]) -> tuple[bool | None, str]:
    if old[0] == new[0]:
        return (False, "") if new[1] >= old[1] else (True, "it was set back to an earlier state")
    goal = _numbers(new[0], 0).getrandbits(_BLOCK)
    walker = _numbers(old[0], _WORDS)
    if any(walker.getrandbits(_BLOCK) == goal for _ in range(_SHORT)):
        return False, ""
    back, old_goal = _numbers(new[0], _WORDS), _numbers(old[0], 0).getrandbits(_BLOCK)
    if any(back.getrandbits(_BLOCK) == old_goal for _ in range(_SHORT)):
        return True, "it was set back to an earlier state"
    seed = seed_of(struct.unpack(f"<{_WORDS}I", new[0]), _BACK)
    if seed is not None:
        return True, f"it was seeded with {_shown(seed)}"
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        if any(walker.getrandbits(_BLOCK) == goal for _ in range(256)):
            return False, ""
    return None, "more numbers were drawn than can be followed, or it was seeded long ago or set back"


def _shown(seed: tuple[int, ...]) -> str:
    if len(seed) > _LONG:
        return f"{32 * len(seed)} bits, as text is"
    return str(sum(word << (32 * at) for at, word in enumerate(seed)))


def _numbers(words: bytes, at: int) -> random.Random:
    """Return Python's own Mersenne Twister in the state of those *words*, of which *at* are used up."""
    made = random.Random()  # noqa: S311
    made.setstate((3, (*struct.unpack(f"<{_WORDS}I", words), at), None))
    return made


def _mersenne(name: str, state: Mapping[str, Any]) -> tuple[bytes, int] | None:
    """Return the words of a Mersenne Twister, as 32-bit in little-endian order, and how many of them are used up."""
    if name == "random" or name.startswith("numba."):
        return bytes.fromhex(state["hex"]), int(state["at"])
    if name == "numpy" and state.get("bit_generator") == "MT19937":
        return bytes.fromhex(state["state"]["key"]["hex"]), int(state["state"]["pos"], 16)
    if name == "torch.cpu":
        raw = bytes.fromhex(state["hex"])
        left, _, following = struct.unpack_from("<iiQ", raw, 8)
        words = struct.unpack_from(f"<{_WORDS}Q", raw, 24)
        # With one left all are used up: the next number makes new words.
        return struct.pack(f"<{_WORDS}I", *words), _WORDS if left == 1 else following
    return None
