"""The C core, and what stands in for it where it could not be built.

Both give the same bytes; only the speed differs. ``backend()`` says which of the two is active, and why.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from typing_extensions import Buffer

_FEATURES = ("SSE2", "SSSE3", "SSE41", "AVX", "AVX2", "AVX512F", "AVX512VL", "SHA", "NEON", "SHA2")


class Backend:
    """The active hasher: its *name* (``C core`` or ``blake3 package``), a *detail*, the processor *features* it sees."""

    __slots__ = ("detail", "features", "name")

    def __init__(self, name: str, detail: str, features: tuple[str, ...]) -> None:
        self.name = name
        self.detail = detail
        self.features = features

    def __str__(self) -> str:
        return f"{self.name} ({self.detail})"


def _load_core() -> Any:
    """Return the extension module, or the ImportError that says why there is none."""
    try:
        from . import _core
    except ImportError as error:
        return error
    return _core


def _core_blake3(core: Any) -> Callable[[Buffer], bytes]:
    ffi, hash_one, good = core.ffi, core.lib.eg_blake3, core.lib.EG_OK
    from_buffer = ffi.from_buffer
    # Every step here costs as much as hashing a hundred bytes or more. So places for a digest are kept; a call owns the one
    # that it takes, whatever thread, signal handler or finalizer calls meanwhile.
    places: list[tuple[Any, Any]] = []

    def blake3(data: Buffer) -> bytes:
        try:
            owned = places.pop()
        except IndexError:
            out = ffi.new("uint8_t[32]")
            owned = (out, ffi.buffer(out))
        out, place = owned
        if type(data) is bytes:  # cannot change or move: needs no more than its address
            status: int = hash_one(data, len(data), out)
        else:
            try:
                source = from_buffer(data)  # as long as it is held nobody can resize the buffer
            except (BufferError, ValueError):
                if not memoryview(data).c_contiguous:
                    raise BufferError("only contiguous buffers can be hashed") from None
                raise
            status = hash_one(source, len(source), out)
        if status != good:
            raise RuntimeError(f"the C core refused the buffer with status {status}")
        digest: bytes = place[:]
        places.append(owned)
        return digest

    return blake3


def _core_hash_many(core: Any) -> Callable[[Sequence[Buffer]], list[bytes]]:
    ffi, hash_all = core.ffi, core.lib.eg_blake3_many

    def hash_many(data: Sequence[Buffer]) -> list[bytes]:
        views = [memoryview(item) for item in data]
        if not all(view.c_contiguous for view in views):
            raise BufferError("only contiguous buffers can be hashed")
        sources = [ffi.from_buffer(view) for view in views]
        out = bytearray(32 * len(views))
        inputs, lengths = ffi.new("void *[]", sources), ffi.new("size_t[]", [view.nbytes for view in views])
        with ffi.from_buffer(out, require_writable=True) as target:
            status: int = hash_all(inputs, lengths, len(views), target)
        for source in sources:
            ffi.release(source)
        if status != core.lib.EG_OK:
            raise RuntimeError(f"the C core refused the buffers with status {status}")
        return [bytes(out[start : start + 32]) for start in range(0, len(out), 32)]

    return hash_many


def _package_blake3() -> Callable[[Buffer], bytes]:
    from blake3 import blake3 as hasher

    def blake3(data: Buffer) -> bytes:
        view = memoryview(data)
        if not view.c_contiguous:
            raise BufferError("only contiguous buffers can be hashed")
        return hasher(view.cast("B") if view.nbytes else b"").digest()

    return blake3


_core = _load_core()
blake3 = _package_blake3() if isinstance(_core, ImportError) else _core_blake3(_core)
blake3.__doc__ = """Return the BLAKE3 hash of *data* (any C-contiguous buffer): 32 bytes. The GIL is released.

Raises BufferError where the buffer is not contiguous. Source: the BLAKE3 paper (2020), section 2.
"""

hash_many: Callable[[Sequence[Buffer]], list[bytes]] = (
    (lambda data: [blake3(item) for item in data]) if isinstance(_core, ImportError) else _core_hash_many(_core)
)
hash_many.__doc__ = """Return the BLAKE3 hashes of *data* (C-contiguous buffers of any lengths) in one call. The GIL is released.

Short inputs share the processor's vectors: several times as fast as one by one where they have less than a few kilobytes.
Raises BufferError where a buffer is not contiguous.
"""


def hexdigest(data: Buffer) -> str:
    """Return the BLAKE3 hash of *data* as 64 lower-case hexadecimal digits."""
    return blake3(data).hex()


def backend() -> Backend:
    """Return which hasher is active and why."""
    if isinstance(_core, ImportError):
        missing = isinstance(_core, ModuleNotFoundError) or "cannot import name" in str(_core)
        why = "the C core was not built" if missing else f"the C core: {_core}"
        return Backend("blake3 package", f"the slow one; {why}", ())
    bits = _core.lib.eg_cpu_features()
    features = tuple(name.lower() for name in _FEATURES if bits & getattr(_core.lib, f"EG_CPU_{name}"))
    level = _core.ffi.string(_core.lib.eg_blake3_level_name()).decode()
    return Backend(
        "C core", f"{level}; this processor has {', '.join(features) or 'nothing beyond the base'}", features
    )


def instruction_sets() -> tuple[frozenset[str], frozenset[str]] | None:
    """Return the instruction sets that this processor has, and all that could be told, by the names that Linux gives them.

    None where the C core is missing, or cannot tell on this system.
    """
    if isinstance(_core, ImportError):
        return None
    names: list[str] = []
    while (name := _core.lib.eg_cpu_set_name(len(names))) != _core.ffi.NULL:
        names.append(_core.ffi.string(name).decode())
    bits = _core.lib.eg_cpu_sets()
    return (frozenset(name for bit, name in enumerate(names) if bits >> bit & 1), frozenset(names)) if names else None
