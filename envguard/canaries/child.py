"""A program of its own: import NumPy and PyTorch, run the canaries, and write what they say as one line of JSON.

Run as ``PYTHON child.py`` with the interpreter of the environment that is asked about, which need not have envguard: the package of
canaries is loaded from beside this file, under a name of its own. Here, and only here, CUDA is initialised.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HERE = os.path.dirname(os.path.abspath(__file__))
_NAME = "_envguard_canaries"


def main() -> None:
    """Ask both libraries."""
    # Libraries that print, print on standard error from now on.
    out = os.dup(1)
    os.dup2(2, 1)
    # What lies beside this file must not come in the place of a module that is meant.
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != _HERE]
    spec = importlib.util.spec_from_file_location(
        _NAME, os.path.join(_HERE, "__init__.py"), submodule_search_locations=[_HERE]
    )
    if spec is None or spec.loader is None:
        raise ImportError(_HERE)
    package = importlib.util.module_from_spec(spec)
    sys.modules[_NAME] = package
    spec.loader.exec_module(package)
    running: Any = importlib.import_module(f"{_NAME}.running")
    modules, told = {}, {}
    for name in ("numpy", "torch"):
        try:
            modules[name] = importlib.import_module(name)
        except ModuleNotFoundError as error:
            missing = error.name == name
            told[name] = running.NONE if missing else f"{running.UNKNOWN}cannot be imported: {error}"
        except Exception as error:  # noqa: BLE001 - whatever is called so may fail in any way
            told[name] = f"{running.UNKNOWN}cannot be imported: {type(error).__name__}: {error}"
    torch = modules.get("torch")
    results = running.run(**modules, cuda=torch is not None and _has_cuda(torch))
    results.digests.update(told)
    os.write(out, results.text().encode("ascii") + b"\n")


def _has_cuda(torch: Any) -> bool:
    try:
        if not torch.cuda.is_available():
            return False
        torch.cuda.init()
    except Exception:  # noqa: BLE001 - a driver that fails is a GPU that is not there
        return False
    return True


if __name__ == "__main__":
    main()
