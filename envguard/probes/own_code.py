"""Which files this very process has loaded as modules that no installer put there: its own code, and what it was pointed at."""

from __future__ import annotations

import _imp
import os
import sys
from _frozen_importlib_external import MAGIC_NUMBER, SourceFileLoader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGES = ("site-packages", "dist-packages")
_OWN = __name__.partition(".")[0]
# What a compiler wrote for this process, out of code that is looked at.
_GENERATED = ("torch._inductor.runtime.compile_tasks.",)
MAIN = "__main__"
# The head of bytecode, and the two bits of it that say what it is to be compared by (PEP 552).
_HEAD = 16
_BY_HASH, _COMPARED = 0b01, 0b10


def modules() -> str:
    """Return ``module<tab>file`` for every loaded module that is neither Python's, nor installed, nor envguard's, a line each.

    Behind that stand, where there is bytecode that the interpreter may have taken in the place of the file, the hash of its source
    that the bytecode names where nobody asked whether it is that (else nothing), and its path. Sorted by the file, each file once. The
    first line is ``__main__`` alone where the main program has no file: a prompt, a notebook, ``python -c``. What a module says of
    itself is not asked of a lazy one, which would import it.
    """
    found: dict[str, str] = {}
    bytecode: dict[str, str] = {}
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
            bytecode[path] = bytecode.get(path) or _bytecode(values.get("__spec__"), path)
    return main + "".join(f"{found[path]}\t{path}{bytecode[path]}\n" for path in sorted(found))


def _bytecode(spec: object, path: str) -> str:
    """Return hash and path of the bytecode in the place of the source *path*, each behind a tab; empty where none would run.

    A ``.pyc`` of PEP 552 may say that nobody is to compare its hash; one with time and size, or a hash, is compared by the
    interpreter, and has an empty one here. What another loader than Python's own makes of a source is its affair.
    """
    if type(spec) is not type(sys.__spec__):
        return ""  # of a stranger's, nothing is computed
    cached = spec.cached
    if not isinstance(cached, str) or cached == path or any(c in cached for c in "\n\t"):
        return ""
    try:
        fd = os.open(cached, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError):
        return ""
    try:
        head = os.read(fd, _HEAD)
    except OSError:
        return ""
    finally:
        os.close(fd)
    flags = int.from_bytes(head[4:8], "little")
    if len(head) < _HEAD or head[:4] != MAGIC_NUMBER:
        return ""
    mode = _imp.check_hash_based_pycs
    if flags & _BY_HASH and mode != "always" and (mode == "never" or not flags & _COMPARED):
        return f"\t{head[8:].hex()}\t{cached}"
    return f"\t\t{cached}" if type(spec.loader) is SourceFileLoader else ""


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
