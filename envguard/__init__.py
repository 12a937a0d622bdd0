"""envguard: a lockfile and environment drift checker that refuses to train on another environment than was recorded.

The public names are imported when they are first used, so that ``import envguard`` costs next to nothing.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .check import check
    from .data.manifest import Manifest
    from .data.model import Tree
    from .data.trees import hash_bytes, hash_file, hash_tree
    from .determinism.changes import Change
    from .determinism.prices import Cost, Price
    from .errors import (
        BaselineError,
        BrokenSealError,
        ConfigError,
        DriftError,
        EnvguardError,
        EnvironmentNotFoundError,
        LockfileError,
        RanksError,
        RefusedError,
        ResumeError,
        StreamError,
        UndecidedError,
        UnreadableError,
        WriteError,
    )
    from .guard import enforce
    from .model import Finding, Level, Report, Severity, Verdict, Waiver
    from .receipt import Receipt
    from .run import Run

__version__ = "0.1.0"

__all__ = [
    "BaselineError",
    "BrokenSealError",
    "Change",
    "ConfigError",
    "Cost",
    "DriftError",
    "EnvguardError",
    "EnvironmentNotFoundError",
    "Finding",
    "Level",
    "LockfileError",
    "Manifest",
    "Price",
    "RanksError",
    "Receipt",
    "RefusedError",
    "Report",
    "ResumeError",
    "Run",
    "Severity",
    "StreamError",
    "Tree",
    "UndecidedError",
    "UnreadableError",
    "Verdict",
    "Waiver",
    "WriteError",
    "__version__",
    "check",
    "enforce",
    "hash_bytes",
    "hash_file",
    "hash_tree",
]

_ROOMS = {
    "check": ("check",),
    "data.manifest": ("Manifest",),
    "data.model": ("Tree",),
    "data.trees": ("hash_bytes", "hash_file", "hash_tree"),
    "determinism.changes": ("Change",),
    "determinism.prices": ("Cost", "Price"),
    "errors": (
        "BaselineError",
        "BrokenSealError",
        "ConfigError",
        "DriftError",
        "EnvguardError",
        "EnvironmentNotFoundError",
        "LockfileError",
        "RanksError",
        "RefusedError",
        "ResumeError",
        "StreamError",
        "UndecidedError",
        "UnreadableError",
        "WriteError",
    ),
    "guard": ("enforce",),
    "model": ("Finding", "Level", "Report", "Severity", "Verdict", "Waiver"),
    "receipt": ("Receipt",),
    "run": ("Run",),
}
# What IPython looks for by name is no part of the interface.
_FOR_TOOLS = {"integrations.notebook": ("load_ipython_extension", "unload_ipython_extension")}
_ROOM_OF = {name: room for rooms in (_ROOMS, _FOR_TOOLS) for room, names in rooms.items() for name in names}


def __getattr__(name: str) -> object:
    room = _ROOM_OF.get(name)
    if room is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(f".{room}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__


class _Package(type(sys)):  # type: ignore[misc]
    """A package whose function ``check`` is not hidden by the module of that name when that is imported."""

    def __setattr__(self, name: str, value: object) -> None:
        if name != "check" or not isinstance(value, type(sys)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
