"""Running the canaries of libraries that are loaded, without a trace in the process: in a thread, with known settings."""

from __future__ import annotations

import ctypes
import hashlib
import json
import threading
import time

from . import SCHEME, first_calls
from .conditions import numpy_conditions, torch_conditions, torch_cuda_conditions
from .numbers import numbers
from .numpy_families import Numpy
from .settings import known_settings
from .torch_families import Torch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

UNKNOWN = "unknown: "
NONE = "none"
SECONDS = 120.0
_DIGEST_BYTES = 16


class Results:
    """What the canaries said: by key the *conditions* they ran under, and their *digests*; by group, what was *left_out* and why.

    A value is text: ``none`` where a library has no such thing, or ``unknown: `` and the reason.
    """

    def __init__(self) -> None:
        self.conditions: dict[str, str] = {}
        self.digests: dict[str, str] = {}
        self.left_out: dict[str, str] = {}

    def text(self) -> str:
        """Return all of it as one line of JSON with sorted keys."""
        document = {
            "scheme": SCHEME,
            "conditions": self.conditions,
            "digests": self.digests,
            "left-out": self.left_out,
        }
        return json.dumps(document, sort_keys=True)


def run(numpy: Any = None, torch: Any = None, *, cuda: bool = False) -> Results:
    """Return what the canaries of the modules *numpy* and *torch* say (None: not loaded); those on the GPU where *cuda* is true.

    A GPU is the current one. Nothing is drawn from a generator of somebody else, and every setting is what it was. They run in a
    thread of their own: its modes are nobody's, and the team of OpenMP that it starts ends with it, so that a fork of this process
    is as safe afterwards as it was before.
    """
    results = Results()
    device = torch.cuda.current_device() if cuda else None
    given = numbers()
    deadline = time.monotonic() + SECONDS
    # PyTorch first, and its team gone before NumPy's turn: a worker of OpenBLAS keeps its processor for some 30 ms after a
    # product, and whoever has to share processors with it waits a slice of the scheduler at each of PyTorch's barriers.
    for name, module, each in (("torch", torch, _torch), ("numpy", numpy, _numpy)):
        if module is None:
            continue
        thread = threading.Thread(
            target=_guarded, args=(results, name, module, each, given, device), name="envguard-canaries", daemon=True
        )
        try:
            thread.start()
        except RuntimeError as error:
            return _without(numpy, torch, f"no thread could be started: {error}")
        thread.join(max(0.0, deadline - time.monotonic()))
        if thread.is_alive():
            # A GPU that hangs. The thread is left behind, with what it has said so far.
            return _without(numpy, torch, f"they did not end within {SECONDS:g} seconds")
    return results


def _without(numpy: Any, torch: Any, reason: str) -> Results:
    results = Results()
    for name, module in (("numpy", numpy), ("torch", torch)):
        if module is not None:
            results.digests[name] = UNKNOWN + reason
    return results


def _guarded(
    results: Results,
    name: str,
    module: Any,
    each: Callable[[Results, Any, bytearray, int | None], None],
    given: bytearray,
    device: int | None,
) -> None:
    """Run those of one library; what fails as a whole is unknown as a whole."""
    try:
        each(results, module, given, device)
    except Exception as error:  # noqa: BLE001 - somebody else's module, which may be half there
        results.digests[name] = UNKNOWN + _words(error)


def _numpy(results: Results, numpy: Any, given: bytearray, _: int | None) -> None:
    results.conditions.update(numpy_conditions(numpy))
    with numpy.errstate(all="ignore"):
        _each(results, "numpy.cpu", Numpy(numpy, given).families(), lambda array: array.tobytes())


def _torch(results: Results, torch: Any, given: bytearray, device: int | None) -> None:
    # Asking for them also makes them this thread's.
    results.conditions.update(torch_conditions(torch))
    with torch.no_grad():
        with known_settings(torch, cuda=False):
            first_calls.make(torch)
            families = Torch(torch, given, torch.device("cpu")).families()
            _each(results, "torch.cpu", families, _bits)
        if device is None:
            return
        results.conditions.update(torch_cuda_conditions(torch, device))
        with known_settings(torch, cuda=True):
            families = Torch(torch, given, torch.device("cuda", device)).families()
            _each(results, "torch.cuda", families, lambda tensor: _bits(tensor.cpu()))


def _each(
    results: Results,
    group: str,
    families: Iterable[tuple[str, Callable[[], list[Any]]]],
    bits: Callable[[Any], bytes],
) -> None:
    for name, compute in families:
        try:
            state = hashlib.blake2b(digest_size=_DIGEST_BYTES)
            for made in compute():
                state.update(bits(made))
            told = f"blake2b:{state.hexdigest()}"
        except Exception as error:  # noqa: BLE001 - likewise: a version may lack it, a driver may fail
            told = NONE if _lacks(error) else UNKNOWN + _words(error)
        results.digests[f"{group}.{name}"] = told


def _bits(tensor: Any) -> bytes:
    tensor = tensor.contiguous()
    return ctypes.string_at(tensor.data_ptr(), tensor.numel() * tensor.element_size())


def _lacks(error: Exception) -> bool:
    """Return whether a library says that it has no such thing, not that it failed."""
    return isinstance(error, AttributeError | NotImplementedError) or "not implemented for" in str(error)


def _words(error: Exception) -> str:
    first = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
