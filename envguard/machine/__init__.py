"""What this machine is: interpreter, platform, processor, threads, accelerators, libraries, environment variables.

A fact is text, ``none`` where there is no such thing here, or an ``Unknown`` with the reason where it cannot be told. Nothing of
the environment is imported, and nothing is loaded into this process.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..facts import EDITION_KEY, table
from .conflicts import conflicts
from .libraries import LIBRARIES, find_libraries
from .model import Observation
from .nvidia import nvidia
from .other_gpus import other_gpus
from .platform import platform
from .processor import processor
from .threads import threads
from .torch_build import torch_build
from .variables import variables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    from ..model import Fact
    from ..reader import Reader

    class Folder(Protocol):
        """A folder of packages."""

        @property
        def path(self) -> str:
            """Its absolute path."""

    class Surroundings(Protocol):
        """What must be known of an environment: its interpreter, its *prefix*, and where packages are looked for, in order."""

        @property
        def implementation(self) -> str:
            """The interpreter's name."""

        @property
        def version(self) -> str:
            """The interpreter's full version."""

        @property
        def build(self) -> Fact:
            """The interpreter's own line about its build."""

        @property
        def prefix(self) -> str:
            """The environment's folder."""

        @property
        def folders(self) -> Sequence[Folder]:
            """The folders of packages."""


def observe(reader: Reader, environment: Surroundings, *, live: bool = False) -> Observation:
    """Return the facts of this machine as the packages of *environment* find it, and where its sources disagree.

    *live* asks this process, too, for what it has loaded and set itself.
    """
    folders = [folder.path for folder in environment.folders]
    facts: dict[str, Fact] = {
        EDITION_KEY: str(table().edition),
        "interpreter.implementation": environment.implementation,
        "interpreter.version": environment.version,
        "interpreter.build": environment.build,
        **platform(reader),
        **torch_build(reader, folders),
        **nvidia(reader),
        **variables(reader, live=live),
    }
    facts |= processor(reader, facts["platform.architecture"])
    facts |= other_gpus(reader, facts["platform.system"], facts["platform.architecture"])
    search_path = [path for path in reader.environ("LD_LIBRARY_PATH").split(os.pathsep) if path]
    found = find_libraries(reader, folders, environment.prefix, search_path)
    facts |= {f"library.{name}": found.fact(name) for name in LIBRARIES}
    loaded = _loaded(reader) if live else {}
    words = (f"{os.path.basename(path)} {version}".rstrip() for path, version in loaded.items())
    facts["library.loaded"] = ", ".join(words) or "none"
    facts |= threads(reader, facts, live=live)
    found_conflicts = conflicts(reader, found, facts, folders, search_path, loaded)
    return Observation(facts=facts, disagreements=tuple(found_conflicts))


def _loaded(reader: Reader) -> dict[str, str]:
    """Return the numeric libraries that this process has loaded, and the version that each gives itself, empty where it is untold."""
    loaded = dict.fromkeys(reader.probe("loaded").splitlines(), "")
    for line in reader.ask("libraries").splitlines():
        path, _, version = line.rpartition(" ")
        loaded[path] = version
    return loaded
