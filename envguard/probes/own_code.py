"""Which files this very process has loaded as modules that no installer put there: its own code, and what it was pointed at."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGES = ("site-packages", "dist-packages")
_OWN = __name__.partition(".")[0]
# What a compiler wrote for this process, out of code that is looked at.
_GENERATED = ("torch._inductor.runtime.compile_tasks.",)
MAIN = "__main__"


def modules() -> str:
    """Return ``module<tab>file`` for every loaded module that is neither Python's, nor installed, nor envguard's, a line each.

    Sorted by the file, each file once. The first line is ``__main__`` alone where the main program has no file: a prompt, a
    notebook, ``python -c``. What a module says of itself is not asked of a lazy one, which would import it.
    """
    found: dict[str, str] = {}
    main = ""
    skipped = _installed()
    for name, module in list(sys.modules.items()):
        try:
            values = object.__getattribute__(module, "__dict__")
            path = values.get("__file__")
        except (AttributeError, TypeError):
            continue
        # What came out of an archive may be named from the current folder on; a name that no importer gave ("_ops.py") is none.
        if not isinstance(path, str) or (not os.path.isabs(path) and values.get("__spec__") is None):
            main = f"{MAIN}\n" if name == MAIN else main
            continue
        # Most modules are installed ones: their paths are told apart as they stand, where nothing in them leads elsewhere.
        if path.startswith(skipped) and "/.." not in path:
            continue
        path = os.path.abspath(path)
        if path.startswith(skipped) or name.startswith(_GENERATED):
            continue
        if name.partition(".")[0] == _OWN or any(c in path or c in name for c in "\n\t"):
            continue
        known = found.get(path)
        if known is None or name == MAIN or (known != MAIN and name < known):
            found[path] = name
    return main + "".join(f"{found[path]}\t{path}\n" for path in sorted(found))


def _installed() -> tuple[str, ...]:
    """Return the beginnings of the paths that Python itself and the installers of packages own."""
    return tuple(dict.fromkeys(_folders()))


def _folders() -> Iterator[str]:
    yield os.path.dirname(os.path.abspath(os.__file__)) + os.sep
    site = sys.modules.get("site")
    entries: list[object] = [getattr(site, "USER_SITE", None), *sys.path]
    for entry in entries:
        if isinstance(entry, str) and os.path.basename(entry.rstrip("/\\")) in _PACKAGES:
            yield os.path.join(entry, "")
