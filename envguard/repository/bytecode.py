"""Is the bytecode that ran in the place of a source what this interpreter makes of that source?

The interpreter asks a ``.pyc`` for the time and size of its source, or for its hash, or for nothing at all (PEP 552): whoever writes
these into it has any code run in the name of a committed file. So the source is compiled, and the two are compared: what runs, its
names and its constants. Lines and columns do not count, which ``-X no_debug_ranges`` leaves out. Nothing of either is run.
"""

from __future__ import annotations

import marshal
import warnings
from types import CodeType

from ..pyc import HEAD

_CODE = (
    "co_name",
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_flags",
    "co_code",
    "co_names",
    "co_varnames",
    "co_freevars",
    "co_cellvars",
    "co_exceptiontable",
)


def is_made_from(bytecode: bytes, source: bytes, path: str) -> bool | None:
    """Return whether *bytecode*, all of its file, is the code of *source*, the content of *path*; None where that cannot be told."""
    try:
        with warnings.catch_warnings():
            # They were for whoever compiled it first.
            warnings.simplefilter("ignore")
            wanted = compile(source, path, "exec", dont_inherit=True)
        # The interpreter has loaded it from there, and run it, before anybody comes here.
        found = marshal.loads(bytecode[HEAD:])  # noqa: S302
        return _key(found) == _key(wanted)
    except (RecursionError, MemoryError):
        return None
    except (SyntaxError, ValueError, TypeError, EOFError):
        return False


def _key(value: object) -> object:
    """Return what is equal for two constants where they are the same to a program: neither 1 and 1.0 nor 0.0 and -0.0 are."""
    kind = type(value).__name__
    if isinstance(value, CodeType):
        return kind, *(getattr(value, name) for name in _CODE), tuple(map(_key, value.co_consts))
    if isinstance(value, tuple):
        return kind, tuple(map(_key, value))
    if isinstance(value, frozenset):
        return kind, frozenset(map(_key, value))
    if isinstance(value, slice):
        return kind, tuple(map(_key, (value.start, value.stop, value.step)))
    return kind, repr(value) if isinstance(value, float | complex) else value
