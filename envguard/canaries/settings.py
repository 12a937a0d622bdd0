"""PyTorch's settings for the whole process, made known ones while the canaries run, and then what they were.

What belongs to a thread (autograd's modes, autocast, the default device, dispatch modes) needs nothing: the canaries run in a
thread of their own. What a canary names itself (types, devices, generators) needs nothing either.
"""

from __future__ import annotations

import contextlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_EXACT = ("none", "ieee")
_ROOT = ("generic", "all")


@contextlib.contextmanager
def known_settings(torch: Any, *, cuda: bool) -> Iterator[None]:
    """Hold the settings that a canary's bits follow from at known values; for those on a GPU where *cuda* is true.

    How exactly cuDNN convolves float32 is left as it is: its default cannot be set again once it was changed. It is told as a
    condition instead.
    """
    with contextlib.ExitStack() as undo:
        core = torch._C  # noqa: SLF001 - public names do not tell what was set apart from what follows from it
        _hold(undo, torch.get_deterministic_debug_mode, torch.set_deterministic_debug_mode, 2 if cuda else 0)
        _hold_named(undo, core, "_get_mkldnn_enabled", "_set_mkldnn_enabled", True)
        _hold_named(undo, core, "_get_mkldnn_deterministic", "_set_mkldnn_deterministic", False)
        _exact_products(
            undo, torch, (("mkldnn", "matmul"), ("mkldnn", "conv"), *([("cuda", "matmul")] if cuda else []))
        )
        if cuda:
            _hold_named(undo, core, "_get_cudnn_enabled", "_set_cudnn_enabled", True)
            _hold_named(undo, core, "_get_cudnn_benchmark", "_set_cudnn_benchmark", False)
            _hold_named(undo, core, "_get_cudnn_deterministic", "_set_cudnn_deterministic", True)
            for name in ("flash", "mem_efficient", "math"):
                _hold_named(undo, core, f"_get_{name}_sdp_enabled", f"_set_sdp_use_{name}", True)
        yield


def _hold(undo: contextlib.ExitStack, read: Callable[[], Any], write: Callable[[Any], Any], value: Any) -> None:
    before = read()
    if before != value:
        undo.callback(write, before)
        write(value)


def _hold_named(undo: contextlib.ExitStack, core: Any, read: str, write: str, value: Any) -> None:
    """Do it where this version of PyTorch has the setting."""
    if hasattr(core, read) and hasattr(core, write):
        _hold(undo, getattr(core, read), getattr(core, write), value)


def _exact_products(undo: contextlib.ExitStack, torch: Any, leaves: tuple[tuple[str, str], ...]) -> None:
    """Let float32 be multiplied as float32.

    Since 2.9 each operation of each backend has a precision, which may follow from that of its backend or of all; the older
    word for all of them stands beside it, and reading that raises where the two do not agree.
    """
    core = torch._C  # noqa: SLF001 - likewise
    try:
        word = torch.get_float32_matmul_precision()
    except RuntimeError:
        word = None
    if not hasattr(core, "_get_fp32_precision_getter"):
        if word not in (None, "highest"):
            undo.callback(torch.set_float32_matmul_precision, word)
            torch.set_float32_matmul_precision("highest")
        return
    read, write = core._get_fp32_precision_getter, core._set_fp32_precision_setter  # noqa: SLF001 - likewise
    loose = [leaf for leaf in leaves if read(*leaf) not in _EXACT]
    if not loose:
        return
    # The older word sets these two as well.
    for leaf in dict.fromkeys((*loose, ("mkldnn", "matmul"), ("cuda", "matmul"))):
        undo.callback(write, leaf[0], leaf[1], _own(read, write, leaf))
    if word not in (None, "highest"):
        undo.callback(torch.set_float32_matmul_precision, word)
        torch.set_float32_matmul_precision("highest")
    for leaf in loose:
        write(*leaf, "ieee")


def _own(read: Callable[..., str], write: Callable[..., Any], leaf: tuple[str, str]) -> str:
    """Return what was set for *leaf* itself, ``none`` where it only follows."""
    parents = (_ROOT, (leaf[0], "all"))
    with contextlib.ExitStack() as undo:
        for parent in parents:
            undo.callback(write, parent[0], parent[1], read(*parent))
            write(*parent, "none")
        return read(*leaf)
