"""Feed the reader of manifests with what libFuzzer, led by the branches that it reaches, comes up with.

    python fuzz/manifest.py                        until Ctrl-C
    python fuzz/manifest.py FOLDER -max_total_time=60  for a minute; any option of libFuzzer will do

FOLDER (default: .fuzz/manifest) holds the inputs that reached something new, and those that failed, from run to run.
Needs atheris, which is there for CPython 3.11 to 3.14 on Linux. Whatever the bytes are, reading them gives the manifest that is written as exactly
these bytes, or an UnreadableError with a line; anything else ends the run with the input that did it.
"""

from __future__ import annotations

import inspect
import os
import sys

import atheris

from envguard.data import lines, manifest
from envguard.data.manifest import Manifest
from envguard.errors import UnreadableError

A, B = "0" * 64, "0123456789abcdef" * 4
SEEDS = (
    b"",
    f"{A}  a\n".encode(),
    f"{A}  a\n{B}  a-b\n{A}  a.c/d\n{B}  e/f/g\n".encode(),
    f"\\{A}  a\\\\b\n\\{B}  a\\nb\n\\{A}  a\\rb\n".encode(),
    f"{A}   a\n{B}  *b\n{A}  ".encode() + b"\xff\xfe\n",
    f"{A}  a\n{A}  a/b\n".encode(),
    f"{A}  ../a\n".encode(),
    f"{A.upper()}  a\r\n".encode(),
)
TOKENS = (f"{A}  ", f"\\\\{B}  ", "\\\\n", "\\\\r", "\\\\\\\\", "\\x0a", "../", "./", "/")


def one_input(data: bytes) -> None:
    """Read *data* and hold what was read against what was written."""
    try:
        found = Manifest.from_bytes(data)
    except UnreadableError as error:
        if error.line is None or not error.hint:
            raise AssertionError("an error without a line or a hint") from error
        return
    entries = list(found)
    paths = [os.fsencode(entry.path) for entry in entries]
    if paths != sorted(set(paths)) or len(paths) != len(found):
        raise AssertionError("paths out of order")
    if any(part in (b"", b".", b"..") for path in paths for part in path.split(b"/")):
        raise AssertionError("a path that leads elsewhere")
    if Manifest.from_entries(entries).to_bytes() != data:
        raise AssertionError("two ways to write one manifest")
    if found.compare(found) or len(found.compare(Manifest.from_bytes(b"")).removed) != len(found):
        raise AssertionError("a comparison that is wrong")


def instrument(holder: object, module: str) -> None:
    """Let libFuzzer see the branches in the functions of *holder*: a hook for imports would miss an editable install."""
    for value in list(vars(holder).values()):
        function = getattr(value, "__func__", value)
        if inspect.isclass(value) and value.__module__ == module:
            instrument(value, module)
        elif inspect.isfunction(function) and function.__module__ == module:
            atheris.instrument_func(function)


def main() -> None:
    """Fuzz, from the inputs of earlier runs and the seeds."""
    for module in (lines, manifest):
        instrument(module, module.__name__)
    folder = next((word for word in sys.argv[1:] if not word.startswith("-")), os.path.join(".fuzz", "manifest"))
    corpus = os.path.join(folder, "corpus")
    os.makedirs(corpus, exist_ok=True)
    for number, seed in enumerate(SEEDS):
        with open(os.path.join(corpus, f"seed-{number}"), "wb") as file:
            file.write(seed)
    tokens = os.path.join(folder, "tokens")
    with open(tokens, "w", encoding="ascii") as file:
        file.write("".join(f'"{token}"\n' for token in TOKENS))
    options = [word for word in sys.argv[1:] if word.startswith("-")]
    ours = [f"-dict={tokens}", f"-artifact_prefix={folder}{os.sep}", "-max_len=2000"]
    atheris.Setup([sys.argv[0], *ours, *options, corpus], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
