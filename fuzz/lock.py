"""Feed the readers of locks with what libFuzzer, led by the branches that it reaches, comes up with.

    python fuzz/lock.py                          until Ctrl-C
    python fuzz/lock.py FOLDER -max_total_time=60  for a minute; any option of libFuzzer will do

FOLDER (default: .fuzz/lock) holds the inputs that reached something new, and those that failed, from run to run. Needs
atheris, which is there for CPython 3.11 to 3.14 on Linux. The first byte of an input chooses the format, the rest is the lock;
the seeds are the small real locks of tests/corpora. Whatever the bytes are, they are read as a lock that can be judged and selected from, or
refused with an error that names the file; anything else ends the run with the input that did it.
"""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import sys
import tempfile
from pathlib import Path

import atheris

import envguard.lockfiles
from envguard import getters, json_text, toml
from envguard.errors import EnvguardError
from envguard.lockfiles import freshness, read_lock
from envguard.lockfiles.consistency import inconsistencies
from envguard.lockfiles.environments import named_environment
from envguard.lockfiles.formats import FORMATS
from envguard.lockfiles.model import Selection
from envguard.lockfiles.select import select
from envguard.reader import Reader

CORPORA = Path(__file__).parents[1] / "tests" / "corpora"
LARGEST_SEED = 120_000
NAMES = tuple(form.files[0] for form in FORMATS)
TOKENS = (
    "[[package]]",
    "version",
    "source",
    "markers",
    "sha256:",
    "../",
    "extra == 'a'",
    "python_version >= '3'",
    "==1.0",
)
_BASE = {
    **dict.fromkeys(("platform_release", "platform_version", "implementation_version"), ""),
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
}
_HERE = {**named_environment(_BASE, python_version="3.12.1", platform="linux"), "conda_subdir": "linux-64"}
_FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-lock-"))


def one_input(data: bytes) -> None:
    """Use the lock in *data* as every command does."""
    if not data:
        return
    path = _FOLDER / NAMES[data[0] % len(NAMES)]
    path.write_bytes(data[1:])
    try:
        lock = read_lock(Reader(), str(path), anew=True)
        inconsistencies(lock)
        select(lock, Selection(), _HERE)
        freshness(Reader(), lock)
    except EnvguardError as error:
        if str(_FOLDER) not in str(error):
            raise AssertionError("an error without the name of the file") from error
    finally:
        path.unlink()


def seeds() -> dict[str, bytes]:
    """Return the small real locks, each behind the byte of its format."""
    found = {}
    for number, form in enumerate(FORMATS):
        for path in sorted(CORPORA.glob("*/*")):
            if form.matches(path.name) and path.stat().st_size <= LARGEST_SEED:
                found[f"seed-{path.parent.name}"] = bytes((number,)) + path.read_bytes()
    return found


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
    found = pkgutil.walk_packages(envguard.lockfiles.__path__, "envguard.lockfiles.")
    for module in (getters, json_text, toml, *(importlib.import_module(item.name) for item in found)):
        instrument(module, module.__name__)
    folder = next((word for word in sys.argv[1:] if not word.startswith("-")), os.path.join(".fuzz", "lock"))
    corpus = os.path.join(folder, "corpus")
    os.makedirs(corpus, exist_ok=True)
    for name, seed in seeds().items():
        with open(os.path.join(corpus, name), "wb") as file:
            file.write(seed)
    tokens = os.path.join(folder, "tokens")
    with open(tokens, "w", encoding="ascii") as file:
        file.write("".join(f'"{token}"\n' for token in TOKENS))
    options = [word for word in sys.argv[1:] if word.startswith("-")]
    ours = [f"-dict={tokens}", f"-artifact_prefix={folder}{os.sep}", f"-max_len={LARGEST_SEED}"]
    atheris.Setup([sys.argv[0], *ours, *options, corpus], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
