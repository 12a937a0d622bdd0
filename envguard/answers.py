"""Answers of earlier checks, kept with the trace of what they were derived from.

An answer is given again only while its trace holds; the store is a hint that may be lost, corrupt or of another version
without harm. A file of the store is text: a header with a checksum of the rest, the key, the inputs, the answer. Nothing in
it is ever executed. This module lies on the path of every clean check: it imports nothing heavy.
"""

from __future__ import annotations

import sys

from .cache import place, read_checked, replace_checked
from .trace import Trace, holds, signature

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_ROOM = "answers"
_MAGIC = "envguard answer 1"
_MAX_BYTES = 16 * 1024 * 1024
_CODE = ("envguard", "packaging", "tomli", "blake3")
_SEEN: dict[str, str] = {}


def recall(
    key: Iterable[str],
    probes: Mapping[str, Callable[..., str]],
    walks: Mapping[str, Callable[[str], str]] | None = None,
) -> str | None:
    """Return the answer kept under *key* if everything that it was derived from is unchanged; None otherwise.

    *probes* and *walks* say what is there now of what no signature can vouch for.
    """
    wanted = _escape(key)
    path = place(_ROOM, wanted)
    body = None if path is None else read_checked(path, _MAGIC, limit=_MAX_BYTES)
    if body is None:
        return None
    text = body.decode("utf-8", "surrogateescape")
    kept, _, rest = text.partition("\n")
    inputs, _, answer = rest.partition("\n\n")
    if kept != wanted:
        return None
    files: dict[str, str] = {}
    values: dict[tuple[str, str], str] = {}
    for line in inputs.split("\n"):
        kind, first, second = line.split("\t", 2)
        if kind == "file":
            files[second] = first
        else:
            values[kind, first] = _unescape(second)
    return answer if holds(files, values, probes, walks) else None


def remember(key: Iterable[str], trace: Trace, answer: str) -> bool:
    """Keep *answer* under *key*; return whether it was kept.

    The code that is loaded is one of its inputs. It is not kept where the trace is unsettled (an input too young to be told
    from a later edit), where there is no folder to keep it in, or where writing fails: an answer less costs time, nothing
    else.
    """
    wanted = _escape(key)
    path = place(_ROOM, wanted)
    if path is None:
        return False
    saw_code(trace)
    if not trace.settled():
        return False
    lines = [wanted]
    lines += [f"{kind}\t{name}\t{_escape((value,))}" for (kind, name), value in trace.values.items()]
    lines += [f"file\t{seen}\t{name}" for name, seen in trace.files.items()]
    body = ("\n".join(lines) + "\n\n" + answer).encode("utf-8", "surrogateescape")
    return replace_checked(path, _MAGIC, body, limit=_MAX_BYTES)


def saw_code(trace: Trace) -> None:
    """Note the code that is loaded, which made an answer, as one of its inputs.

    A file is looked at once: what it is soon after it was loaded is nearer to what runs here than what it is later.
    """
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and name.partition(".")[0] in _CODE:
            seen = _SEEN.get(file)
            if seen is None:
                seen = _SEEN[file] = signature(file)
            trace.saw_file(file, seen)


def _escape(parts: Iterable[str]) -> str:
    return "\x1f".join(
        part.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\x1f", "\\u") for part in parts
    )


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    # A doubled backslash is taken first, so that what follows it is never mistaken for an escape.
    parts = text.split("\\\\")
    return "\\".join(part.replace("\\n", "\n").replace("\\t", "\t").replace("\\u", "\x1f") for part in parts)
