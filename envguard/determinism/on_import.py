"""Doing something right after a library is imported, without importing it.

A finder at the head of ``sys.meta_path`` waits for the names that it was given, lets the other finders find the module,
and calls back when its code has run. It takes itself away when nothing is left to wait for.
"""

from __future__ import annotations

import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    import importlib.abc
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    Then = Callable[[ModuleType], None]

_lock = threading.RLock()
_waiting: dict[str, dict[str, Then]] = {}


def after_import(name: str, key: str, then: Then) -> bool:
    """Call *then* with the module *name*: now if it is loaded (True), else when it has been imported (False).

    A later call with the same *key* takes the place of an earlier one that still waits.
    """
    with _lock:
        module = sys.modules.get(name)
        if module is not None and not _loading(module):
            _waiting.get(name, {}).pop(key, None)
        else:
            _waiting.setdefault(name, {})[key] = then
            if _FINDER not in sys.meta_path:
                sys.meta_path.insert(0, _FINDER)
            return False
    then(module)
    return True


def _loading(module: ModuleType) -> bool:
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


# The protocols of importlib without its base classes: importlib.abc costs ten milliseconds on a clean start.
class _Finder:
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in _waiting:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None:
                if spec.loader is not None and hasattr(spec.loader, "exec_module"):
                    spec.loader = _Loader(spec.loader)  # type: ignore[assignment]
                return spec
        return None


class _Loader:
    """The module's own loader, with a call after its code has run."""

    def __init__(self, loader: importlib.abc.Loader) -> None:
        self.loader = loader

    def __getattr__(self, name: str) -> object:
        return getattr(self.loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        spec = module.__spec__
        if spec is not None:
            spec.loader = self.loader
        module.__loader__ = self.loader
        self.loader.exec_module(module)
        with _lock:
            calls = _waiting.pop(module.__name__, {})
            if not _waiting and _FINDER in sys.meta_path:
                sys.meta_path.remove(_FINDER)
        for then in calls.values():
            then(module)


_FINDER = _Finder()
